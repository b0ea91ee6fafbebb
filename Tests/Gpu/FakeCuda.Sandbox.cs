using System.Runtime.InteropServices;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Gpu;

/// <content>
/// The sandbox as the device: a launch is what its parameters say, laid out as the PTX declares them. Addresses are made up, a
/// memory's number in the upper half, so that whatever takes one for the host's does not get far.
/// </content>
internal static unsafe partial class FakeCuda
{
    private const int LaunchFailed = 719;
    private const int OffsetBits = 32;

    private static readonly Dictionary<string, GpuKernel> Loaded = [];
    private static SandboxDriver? sandbox;

    /// <summary>From now on launches and copies happen, when they are waited for, in this sandbox.</summary>
    internal static void RunIn(SandboxDriver device) => sandbox = device;

    private static void CloseSandbox()
    {
        sandbox?.Dispose();
        sandbox = null;
        Loaded.Clear();
    }

    private static nint AllocateInSandbox(long bytes) => sandbox!.Allocate(bytes) << OffsetBits;

    private static void FreeInSandbox(nint memory) => sandbox!.Free(memory >> OffsetBits);

    private static int Wait(int result) => result != Ok || sandbox == null ? result : Try(sandbox.Synchronize);

    private static int DoInSandbox(Node node) => Try(() =>
    {
        if (node.Launch != null)
            Launch(node.Launch);
        else if (node.From == 0)
            sandbox!.Clear(node.To >> OffsetBits, (uint)node.To, (long)node.Bytes);
        else if (Is(node.To >> OffsetBits << OffsetBits, "memory"))
            sandbox!.Upload((void*)node.From, node.To >> OffsetBits, (uint)node.To, (long)node.Bytes);
        else
            sandbox!.Download(node.From >> OffsetBits, (uint)node.From, (void*)node.To, (long)node.Bytes);
    });

    private static void Launch(FakeLaunch launch)
    {
        KernelTarget target = launch.Kernel.Contains(".Tf32.", StringComparison.Ordinal) ? KernelTarget.PtxTensorCores : KernelTarget.Ptx;
        CompiledKernel compiled = CompiledKernel.Find(launch.Kernel, target);
        if ((launch.Function, launch.Threads, launch.Parameters.Length)
            != (compiled.EntryPoint, (uint)compiled.GroupSize, compiled.ElementBytes.Count + 1))
        {
            throw new SandboxException(
                $"{launch.Kernel} is no {launch.Function} of {launch.Threads} threads and {launch.Parameters.Length} parameters");
        }
        if (!Loaded.TryGetValue(launch.Kernel, out GpuKernel? kernel))
            Loaded.Add(launch.Kernel, kernel = sandbox!.Load(compiled));
        GpuView[] views = [.. compiled.ElementBytes.Select((bytes, i) => View(launch.Parameters[i], bytes))];
        (uint x, uint y, uint z) = launch.Groups;
        SandboxDriver.Launch(kernel, new GridSize((int)x, (int)y, (int)z), views, launch.Parameters[^1]);
    }

    // .param .align 8 .b8 view[16]: the first element's address, the number of elements.
    private static GpuView View(byte[] parameter, int elementBytes)
    {
        ReadOnlySpan<long> fields = MemoryMarshal.Cast<byte, long>(parameter);
        (long offset, long odd) = Math.DivRem((uint)fields[0], (long)elementBytes);
        if (fields.Length != 2 || odd != 0)
            throw new SandboxException($"a view of {parameter.Length} bytes, {odd} bytes into an element");
        return new GpuView((nint)(fields[0] >> OffsetBits), offset, fields[1]);
    }

    // No exception may leave a function of the driver.
    private static int Try(Action action)
    {
        try
        {
            action();
            return Ok;
        }
        catch (Exception e)
        {
            TestContext.Out.WriteLine($"the device failed: {e.Message}");
            return LaunchFailed;
        }
    }
}
