using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>A launch as the driver got it: of each parameter as many bytes as the PTX declares. Kernel: what a comment calls it.</summary>
internal sealed record FakeLaunch(string Kernel, string Function, (uint X, uint Y, uint Z) Groups, uint Threads, byte[][] Parameters);

/// <summary>
/// A CUDA driver without a device. Device memory is host memory, copies happen at once, launches are written down; or it has a
/// sandbox as its device, which see. It knows what is alive and which context a thread has, and any function can be made to fail.
/// </summary>
internal static unsafe partial class FakeCuda
{
    internal const long Gigabyte = 1L << 30;
    internal const long FreeBytes = Gigabyte + Gigabyte / 5;
    internal static readonly long TotalBytes = 80 * Gigabyte;

    private const int Ok = 0, InvalidValue = 1, OutOfMemory = 2, InvalidPtx = 218;
    private const int InvalidContext = 201, InvalidHandle = 400, NotFound = 500;
    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, string> Living = [];
    private static readonly Dictionary<string, int> Failures = [];
    private static readonly Dictionary<nint, (string Kernel, Dictionary<string, int[]> Entries)> Modules = [];
    private static readonly Dictionary<nint, (string Kernel, string Name, int[] ParameterBytes)> Entries = [];
    private static readonly Dictionary<nint, List<Node>> Captures = [];
    private static readonly Dictionary<nint, List<Node>> Graphs = [];
    private static readonly List<FakeLaunch> Written = [];
    private static nint context;
    private static nint next;
    [ThreadStatic]
    private static nint current;

    /// <summary>Names of all functions, as a driver exports them.</summary>
    internal static IEnumerable<string> Functions => Methods.Select(m => m.Name);

    /// <summary>A function that this driver lacks.</summary>
    internal static string? Missing { get; set; }

    /// <summary>When not 0, what every call returns.</summary>
    internal static int Broken { get; set; }

    internal static int Devices { get; set; }

    internal static int Capability { get; set; }

    internal static int MaxThreads { get; set; }

    /// <summary>Whether launches are written down; writing allocates.</summary>
    internal static bool Writes { get; set; }

    /// <summary>Number of calls so far.</summary>
    internal static int Calls { get; private set; }

    internal static IReadOnlyList<FakeLaunch> Launches
    {
        get
        {
            lock (Gate)
                return [.. Written];
        }
    }

    /// <summary>What was made and not yet destroyed, such as "event".</summary>
    internal static IReadOnlyCollection<string> Alive => Living.Values;

    private static IEnumerable<MethodInfo> Methods =>
        typeof(FakeCuda).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(m => m.IsDefined(typeof(UnmanagedCallersOnlyAttribute)));

    internal static void Reset()
    {
        foreach ((nint handle, string kind) in Living)
            FreeMemory(handle, kind);
        CloseSandbox();
        Living.Clear();
        Failures.Clear();
        Modules.Clear();
        Entries.Clear();
        Captures.Clear();
        Graphs.Clear();
        Written.Clear();
        (Missing, Broken, Devices, Capability, MaxThreads, Writes, Calls) = (null, 0, 1, 90, 1024, true, 0);
        (context, next, current) = (0, 1000, 0);
    }

    /// <summary>What a library's exports are to the driver.</summary>
    internal static nint Export(string name) =>
        name == Missing ? 0 : Methods.SingleOrDefault(m => m.Name == name)?.MethodHandle.GetFunctionPointer() ?? 0;

    /// <summary>Makes the next call of a function fail.</summary>
    internal static void FailNext(string function, int result) => Failures[function] = result;

    private static int Enter(bool needsContext = true, [CallerMemberName] string name = "")
    {
        Calls++;
        if (Failures.Remove(name, out int failure))
            return failure;
        return Broken != 0 ? Broken : needsContext && (context == 0 || current != context) ? InvalidContext : Ok;
    }

    private static int Make(nint* handle, string kind, [CallerMemberName] string name = "")
    {
        lock (Gate)
        {
            int result = Enter(name: name);
            if (result == Ok)
                Living.Add(*handle = next++, kind);
            return result;
        }
    }

    private static int Destroy(nint handle, string kind, [CallerMemberName] string name = "")
    {
        lock (Gate)
        {
            int result = Enter(name: name);
            if (result != Ok)
                return result;
            if (!Is(handle, kind))
                return InvalidHandle;
            FreeMemory(handle, kind);
            Living.Remove(handle);
            return Ok;
        }
    }

    private static int Use(nint handle, string kind, [CallerMemberName] string name = "")
    {
        lock (Gate)
        {
            int result = Enter(name: name);
            return result != Ok ? result : Is(handle, kind) ? Ok : InvalidHandle;
        }
    }

    private static bool Is(nint handle, string kind) => Living.TryGetValue(handle, out string? living) && living == kind;

    private static int MakeMemory(nint* memory, nuint bytes, string kind, [CallerMemberName] string name = "")
    {
        lock (Gate)
        {
            int result = Enter(name: name);
            if (result != Ok || bytes == 0)
                return result != Ok ? result : InvalidValue;
            if (bytes > (nuint)FreeBytes)
                return OutOfMemory;
            *memory = kind == "memory" && sandbox != null ? AllocateInSandbox((long)bytes) : (nint)NativeMemory.Alloc(bytes);
            Living.Add(*memory, kind);
            return Ok;
        }
    }

    private static void FreeMemory(nint memory, string kind)
    {
        if (kind == "memory" && sandbox != null)
            FreeInSandbox(memory);
        else if (kind is "memory" or "host memory")
            NativeMemory.Free((void*)memory);
    }

    private static int Enqueue(nint stream, in Node node, [CallerMemberName] string name = "")
    {
        lock (Gate)
        {
            int result = Enter(name: name);
            if (result != Ok || !Is(stream, "stream"))
                return result != Ok ? result : InvalidHandle;
            if (Captures.TryGetValue(stream, out List<Node>? nodes))
                nodes.Add(node);
            else
                return node.Do();
            return Ok;
        }
    }

    // The functions that follow are the driver's, by its names.
    [UnmanagedCallersOnly]
    private static int cuInit(uint flags) => Enter(needsContext: false);

    [UnmanagedCallersOnly]
    private static int cuDriverGetVersion(int* version) => (*version = 12080) == 0 ? InvalidValue : Enter(needsContext: false);

    [UnmanagedCallersOnly]
    private static int cuDeviceGetCount(int* count) => (*count = Devices) < 0 ? InvalidValue : Enter(needsContext: false);

    [UnmanagedCallersOnly]
    private static int cuDeviceGet(int* device, int index) => (*device = index) >= Devices ? InvalidValue : Enter(needsContext: false);

    [UnmanagedCallersOnly]
    private static int cuDeviceGetName(byte* name, int bytes, int device)
    {
        "Fake GPU\0"u8.CopyTo(new Span<byte>(name, bytes));
        return Enter(needsContext: false);
    }

    [UnmanagedCallersOnly]
    private static int cuDeviceTotalMem_v2(nuint* bytes, int device)
    {
        *bytes = (nuint)TotalBytes;
        return Enter(needsContext: false);
    }

    [UnmanagedCallersOnly]
    private static int cuDeviceGetAttribute(int* value, int attribute, int device)
    {
        *value = attribute switch { 16 => 132, 75 => Capability / 10, 76 => Capability % 10, _ => -1 };
        return Enter(needsContext: false);
    }

    [UnmanagedCallersOnly]
    private static int cuGetErrorName(int error, byte** text)
    {
        ReadOnlySpan<byte> name = error switch
        {
            OutOfMemory => "CUDA_ERROR_OUT_OF_MEMORY\0"u8,
            InvalidPtx => "CUDA_ERROR_INVALID_PTX\0"u8,
            700 => "CUDA_ERROR_ILLEGAL_ADDRESS\0"u8,
            _ => default,
        };
        // Literals of bytes lie in the assembly: they do not move.
        *text = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name));
        return name.IsEmpty ? InvalidValue : Ok;
    }

    [UnmanagedCallersOnly]
    private static int cuGetErrorString(int error, byte** text)
    {
        ReadOnlySpan<byte> description = error == OutOfMemory ? "out of memory\0"u8 : "something else\0"u8;
        *text = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(description));
        return Ok;
    }

    [UnmanagedCallersOnly]
    private static int cuDevicePrimaryCtxRetain(nint* retained, int device)
    {
        lock (Gate)
        {
            int result = Enter(needsContext: false);
            if (result == Ok)
                Living.Add(*retained = context = next++, "context");
            return result;
        }
    }

    [UnmanagedCallersOnly]
    private static int cuDevicePrimaryCtxRelease_v2(int device)
    {
        lock (Gate)
        {
            if (Broken == 0)
                Living.Remove(context);
            context = 0;
            return Enter(needsContext: false);
        }
    }

    [UnmanagedCallersOnly]
    private static int cuCtxSetCurrent(nint value)
    {
        lock (Gate)
        {
            current = value;
            return Enter(needsContext: false);
        }
    }

    [UnmanagedCallersOnly]
    private static int cuStreamCreate(nint* stream, uint flags) => Make(stream, "stream");

    [UnmanagedCallersOnly]
    private static int cuStreamSynchronize(nint stream)
    {
        lock (Gate)
            return Captures.ContainsKey(stream) ? InvalidHandle : Wait(Use(stream, "stream"));
    }

    [UnmanagedCallersOnly]
    private static int cuStreamDestroy_v2(nint stream) => Destroy(stream, "stream");

    [UnmanagedCallersOnly]
    private static int cuEventCreate(nint* made, uint flags) => Make(made, "event");

    [UnmanagedCallersOnly]
    private static int cuEventRecord(nint mark, nint stream) => Use(mark, "event");

    [UnmanagedCallersOnly]
    private static int cuEventSynchronize(nint mark) => Wait(Use(mark, "event"));

    [UnmanagedCallersOnly]
    private static int cuEventDestroy_v2(nint mark) => Destroy(mark, "event");

    [UnmanagedCallersOnly]
    private static int cuMemAlloc_v2(nint* memory, nuint bytes) => MakeMemory(memory, bytes, "memory");

    [UnmanagedCallersOnly]
    private static int cuMemFree_v2(nint memory) => Destroy(memory, "memory");

    [UnmanagedCallersOnly]
    private static int cuMemHostAlloc(nint* memory, nuint bytes, uint flags) => MakeMemory(memory, bytes, "host memory");

    [UnmanagedCallersOnly]
    private static int cuMemFreeHost(nint memory) => Destroy(memory, "host memory");

    [UnmanagedCallersOnly]
    private static int cuMemGetInfo_v2(nuint* free, nuint* total)
    {
        (*free, *total) = ((nuint)FreeBytes, (nuint)TotalBytes);
        return Enter();
    }

    [UnmanagedCallersOnly]
    private static int cuMemsetD8Async(nint memory, byte value, nuint bytes, nint stream) =>
        Enqueue(stream, new Node(memory, 0, bytes, null));

    [UnmanagedCallersOnly]
    private static int cuMemcpyHtoDAsync_v2(nint to, nint from, nuint bytes, nint stream) =>
        Enqueue(stream, new Node(to, from, bytes, null));

    [UnmanagedCallersOnly]
    private static int cuMemcpyDtoHAsync_v2(nint to, nint from, nuint bytes, nint stream) =>
        Enqueue(stream, new Node(to, from, bytes, null));

    [UnmanagedCallersOnly]
    private static int cuModuleLoadDataEx(nint* module, byte* code, uint options, int* names, nint* values)
    {
        var entries = new Dictionary<string, int[]>();
        string ptx = Marshal.PtrToStringUTF8((nint)code)!;
        foreach (Match entry in Entry().Matches(ptx))
            entries.Add(entry.Groups["name"].Value, [.. Parameter().Matches(entry.Groups["parameters"].Value).Select(Bytes)]);
        if (entries.Count == 0)
        {
            "ptxas fatal: no entry\0"u8.CopyTo(new Span<byte>((byte*)values[names[0] == 5 ? 0 : 1], 100));
            return InvalidPtx;
        }
        int result = Make(module, "module");
        if (result == Ok)
            Modules.Add(*module, (Kernel().Match(ptx).Groups["name"].Value, entries));
        return result;
    }

    [UnmanagedCallersOnly]
    private static int cuModuleGetFunction(nint* function, nint module, byte* name)
    {
        string entry = Marshal.PtrToStringUTF8((nint)name)!;
        (string kernel, Dictionary<string, int[]> entries) = Modules[module];
        if (!entries.TryGetValue(entry, out int[]? parameterBytes))
            return NotFound;
        Entries.Add(*function = next++, (kernel, entry, parameterBytes));
        return Enter();
    }

    [UnmanagedCallersOnly]
    private static int cuModuleUnload(nint module) => Destroy(module, "module");

    [UnmanagedCallersOnly]
    private static int cuFuncGetAttribute(int* value, int attribute, nint function) => (*value = MaxThreads) == 0 ? InvalidValue : Enter();

    [UnmanagedCallersOnly]
    private static int cuLaunchKernel(
        nint function, uint x, uint y, uint z, uint threads, uint threadsY, uint threadsZ, uint shared,
        nint stream, byte** parameters, void** extra)
    {
        if (threadsY != 1 || threadsZ != 1 || shared != 0 || extra != null)
            return InvalidValue;
        if (!Writes)
            return Enqueue(stream, default);
        (string kernel, string name, int[] sizes) = Entries[function];
        var bytes = new byte[sizes.Length][];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = new ReadOnlySpan<byte>(parameters[i], sizes[i]).ToArray();
        return Enqueue(stream, new Node(0, 0, 0, new FakeLaunch(kernel, name, (x, y, z), threads, bytes)));
    }

    [UnmanagedCallersOnly]
    private static int cuStreamBeginCapture_v2(nint stream, int mode)
    {
        lock (Gate)
        {
            int result = mode != 1 ? InvalidValue : Enter();
            if (result == Ok)
                Captures.Add(stream, []);
            return result;
        }
    }

    [UnmanagedCallersOnly]
    private static int cuStreamEndCapture(nint stream, nint* graph)
    {
        lock (Gate)
        {
            Captures.Remove(stream, out List<Node>? nodes);
            int result = Make(graph, "graph");
            if (result == Ok)
                Graphs.Add(*graph, nodes!);
            return result;
        }
    }

    [UnmanagedCallersOnly]
    private static int cuGraphInstantiateWithFlags(nint* executable, nint graph, ulong flags)
    {
        lock (Gate)
        {
            int result = Make(executable, "executable graph");
            if (result == Ok)
                Graphs.Add(*executable, Graphs[graph]);
            return result;
        }
    }

    [UnmanagedCallersOnly]
    private static int cuGraphLaunch(nint executable, nint stream)
    {
        lock (Gate)
        {
            int result = Use(executable, "executable graph");
            for (int i = 0; result == Ok && i < Graphs[executable].Count; i++)
                result = Graphs[executable][i].Do();
            return result;
        }
    }

    [UnmanagedCallersOnly]
    private static int cuGraphExecDestroy(nint executable) => Destroy(executable, "executable graph");

    [UnmanagedCallersOnly]
    private static int cuGraphDestroy(nint graph) => Destroy(graph, "graph");

    private static int Bytes(Match parameter)
    {
        Group count = parameter.Groups["count"];
        return int.Parse(parameter.Groups["bits"].Value) / 8 * (count.Success ? int.Parse(count.Value) : 1);
    }

    [GeneratedRegex(@"^// kernel (?<name>\S+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Kernel();

    [GeneratedRegex(@"\.entry\s+(?<name>\w+)\((?<parameters>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param\s+(\.align\s+\d+\s+)?\.[a-z](?<bits>\d+)\s+\w+(\[(?<count>\d+)\])?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();

    // A copy, or zeros (From is 0), or a launch.
    private readonly record struct Node(nint To, nint From, nuint Bytes, FakeLaunch? Launch)
    {
        internal int Do()
        {
            if (Launch != null)
                Written.Add(Launch);
            if (sandbox != null)
                return DoInSandbox(this);
            if (Launch == null && From == 0)
                NativeMemory.Clear((void*)To, Bytes);
            else if (Launch == null)
                NativeMemory.Copy((void*)From, (void*)To, Bytes);
            return Ok;
        }
    }
}
