using System.Runtime.InteropServices;
using unsafe OnHandle = delegate* unmanaged<nint, int>;
using unsafe OnTwoHandles = delegate* unmanaged<nint, nint, int>;
using unsafe Create = delegate* unmanaged<nint*, uint, int>;
using unsafe TextOfError = delegate* unmanaged<int, byte**, int>;

namespace SiamIlgpu.Kernels.Gpu.Cuda;

/// <summary>
/// The functions of the CUDA driver that are used, by their newest binary names, all of CUDA 11.4. Each returns a CUresult.
/// </summary>
/// <remarks>
/// They are pointers, not imports: a driver that lacks one says so at once and by name, not in the middle of a frame, and tests
/// put functions of their own in their place. The library is never unloaded; the driver does not take that well.
/// </remarks>
/// <param name="resolve">From an exported name to its address; 0 for what is not exported.</param>
/// <exception cref="DeviceUnavailableException">A function is missing.</exception>
internal sealed unsafe class CudaApi(Func<string, nint> resolve)
{
    internal const int OutOfMemory = 2;
    internal const int NoDevice = 100;

    // cuModuleLoadDataEx: CU_JIT_ERROR_LOG_BUFFER and its size.
    internal const int JitErrorLog = 5;
    internal const int JitErrorLogBytes = 6;

    // cuDeviceGetAttribute and cuFuncGetAttribute.
    internal const int MultiprocessorCount = 16;
    internal const int ComputeCapabilityMajor = 75;
    internal const int ComputeCapabilityMinor = 76;
    internal const int MaxThreadsPerBlock = 0;

    // Flags of streams, events and captures.
    internal const uint StreamNonBlocking = 1;
    internal const uint EventDisableTiming = 2;
    internal const int CaptureThreadLocal = 1;

    private static readonly string[] LibraryNames = OperatingSystem.IsWindows()
        ? [Path.Combine(Environment.SystemDirectory, "nvcuda.dll")]
        : ["libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"];

    // The driver and its devices.
    internal readonly delegate* unmanaged<uint, int> Init = (delegate* unmanaged<uint, int>)Find(resolve, "cuInit");
    internal readonly delegate* unmanaged<int*, int> DriverGetVersion = (delegate* unmanaged<int*, int>)Find(resolve, "cuDriverGetVersion");
    internal readonly delegate* unmanaged<int*, int> DeviceGetCount = (delegate* unmanaged<int*, int>)Find(resolve, "cuDeviceGetCount");
    internal readonly delegate* unmanaged<int*, int, int> DeviceGet = (delegate* unmanaged<int*, int, int>)Find(resolve, "cuDeviceGet");
    internal readonly delegate* unmanaged<byte*, int, int, int> DeviceGetName =
        (delegate* unmanaged<byte*, int, int, int>)Find(resolve, "cuDeviceGetName");
    internal readonly delegate* unmanaged<nuint*, int, int> DeviceTotalMem =
        (delegate* unmanaged<nuint*, int, int>)Find(resolve, "cuDeviceTotalMem_v2");
    internal readonly delegate* unmanaged<int*, int, int, int> DeviceGetAttribute =
        (delegate* unmanaged<int*, int, int, int>)Find(resolve, "cuDeviceGetAttribute");
    private readonly TextOfError getErrorName = (TextOfError)Find(resolve, "cuGetErrorName");
    private readonly TextOfError getErrorString = (TextOfError)Find(resolve, "cuGetErrorString");

    // The context and the queue.
    internal readonly delegate* unmanaged<nint*, int, int> PrimaryCtxRetain =
        (delegate* unmanaged<nint*, int, int>)Find(resolve, "cuDevicePrimaryCtxRetain");
    internal readonly delegate* unmanaged<int, int> PrimaryCtxRelease =
        (delegate* unmanaged<int, int>)Find(resolve, "cuDevicePrimaryCtxRelease_v2");
    internal readonly OnHandle CtxSetCurrent = (OnHandle)Find(resolve, "cuCtxSetCurrent");
    internal readonly Create StreamCreate = (Create)Find(resolve, "cuStreamCreate");
    internal readonly OnHandle StreamSynchronize = (OnHandle)Find(resolve, "cuStreamSynchronize");
    internal readonly OnHandle StreamDestroy = (OnHandle)Find(resolve, "cuStreamDestroy_v2");
    internal readonly Create EventCreate = (Create)Find(resolve, "cuEventCreate");
    internal readonly OnTwoHandles EventRecord = (OnTwoHandles)Find(resolve, "cuEventRecord");
    internal readonly OnHandle EventSynchronize = (OnHandle)Find(resolve, "cuEventSynchronize");
    internal readonly OnHandle EventDestroy = (OnHandle)Find(resolve, "cuEventDestroy_v2");

    // Memory.
    internal readonly delegate* unmanaged<nint*, nuint, int> MemAlloc =
        (delegate* unmanaged<nint*, nuint, int>)Find(resolve, "cuMemAlloc_v2");
    internal readonly OnHandle MemFree = (OnHandle)Find(resolve, "cuMemFree_v2");
    internal readonly delegate* unmanaged<nint*, nuint, uint, int> MemHostAlloc =
        (delegate* unmanaged<nint*, nuint, uint, int>)Find(resolve, "cuMemHostAlloc");
    internal readonly OnHandle MemFreeHost = (OnHandle)Find(resolve, "cuMemFreeHost");
    internal readonly delegate* unmanaged<nuint*, nuint*, int> MemGetInfo =
        (delegate* unmanaged<nuint*, nuint*, int>)Find(resolve, "cuMemGetInfo_v2");
    internal readonly delegate* unmanaged<nint, byte, nuint, nint, int> MemsetD8Async =
        (delegate* unmanaged<nint, byte, nuint, nint, int>)Find(resolve, "cuMemsetD8Async");
    internal readonly delegate* unmanaged<nint, void*, nuint, nint, int> MemcpyHtoDAsync =
        (delegate* unmanaged<nint, void*, nuint, nint, int>)Find(resolve, "cuMemcpyHtoDAsync_v2");
    internal readonly delegate* unmanaged<void*, nint, nuint, nint, int> MemcpyDtoHAsync =
        (delegate* unmanaged<void*, nint, nuint, nint, int>)Find(resolve, "cuMemcpyDtoHAsync_v2");

    // Kernels.
    internal readonly delegate* unmanaged<nint*, byte*, uint, int*, void**, int> ModuleLoadDataEx =
        (delegate* unmanaged<nint*, byte*, uint, int*, void**, int>)Find(resolve, "cuModuleLoadDataEx");
    internal readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction =
        (delegate* unmanaged<nint*, nint, byte*, int>)Find(resolve, "cuModuleGetFunction");
    internal readonly OnHandle ModuleUnload = (OnHandle)Find(resolve, "cuModuleUnload");
    internal readonly delegate* unmanaged<int*, int, nint, int> FuncGetAttribute =
        (delegate* unmanaged<int*, int, nint, int>)Find(resolve, "cuFuncGetAttribute");
    // Function, groups (x, y, z), threads (x, y, z), bytes of dynamic shared memory, stream, parameters, extra.
    internal readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> LaunchKernel =
        (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Find(resolve, "cuLaunchKernel");

    // Graphs.
    internal readonly delegate* unmanaged<nint, int, int> StreamBeginCapture =
        (delegate* unmanaged<nint, int, int>)Find(resolve, "cuStreamBeginCapture_v2");
    internal readonly delegate* unmanaged<nint, nint*, int> StreamEndCapture =
        (delegate* unmanaged<nint, nint*, int>)Find(resolve, "cuStreamEndCapture");
    internal readonly delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiate =
        (delegate* unmanaged<nint*, nint, ulong, int>)Find(resolve, "cuGraphInstantiateWithFlags");
    internal readonly OnTwoHandles GraphLaunch = (OnTwoHandles)Find(resolve, "cuGraphLaunch");
    internal readonly OnHandle GraphExecDestroy = (OnHandle)Find(resolve, "cuGraphExecDestroy");
    internal readonly OnHandle GraphDestroy = (OnHandle)Find(resolve, "cuGraphDestroy");

    /// <summary>What stands for the library in messages.</summary>
    internal static string LibraryName => Path.GetFileName(LibraryNames[0]);

    /// <summary>The exports of this machine's CUDA driver; null when there is none.</summary>
    internal static Func<string, nint>? FindLibrary()
    {
        foreach (string name in LibraryNames)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
                return function => NativeLibrary.TryGetExport(library, function, out nint address) ? address : 0;
        }
        return null;
    }

    /// <summary>Fails when a call failed.</summary>
    /// <exception cref="DeviceException">It did.</exception>
    internal void Check(int result, string function)
    {
        if (result != 0)
            throw Failure(result, function, "");
    }

    /// <summary>The exception for a call that failed; its type tells what the caller can do about it.</summary>
    internal DeviceException Failure(int result, string function, string detail)
    {
        string message = $"CUDA: {function} failed: {Text(getErrorName, result)} ({result}), {Text(getErrorString, result)}{detail}";
        return result == OutOfMemory ? new DeviceMemoryException(message)
            : IsFatal(result) ? new DeviceLostException(message)
            : new DeviceException(message);
    }

    // After these the context answers every call with an error, as the driver's documentation has it: deinitialized, device
    // unavailable, invalid context, ECC, NVLink, contained error, illegal address, launch timeout, context destroyed, assert,
    // five kinds of faulty instruction or address, launch failed, tensor memory leak, MPS (connection, server, client ended),
    // external device, unknown.
    private static bool IsFatal(int result) =>
        result is 4 or 46 or 201 or 214 or 220 or 226 or 700 or 702 or 709 or 710 or (>= 714 and <= 719) or 721
            or 805 or 806 or 810 or 911 or 999;

    private static string Text(TextOfError get, int result)
    {
        byte* text = null;
        return get(result, &text) == 0 && text != null ? Marshal.PtrToStringUTF8((nint)text)! : "an error that this driver has no text for";
    }

    private static void* Find(Func<string, nint> resolve, string function) => resolve(function) is nint address and not 0
        ? (void*)address
        : throw new DeviceUnavailableException($"the CUDA driver is too old: it has no {function}; CUDA 11.4 or later is needed");
}
