using System.Runtime.InteropServices;
using System.Text;
using unsafe Info = delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>;
using unsafe InfoOnDevice = delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>;
using unsafe Copy = delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>;
using unsafe OnHandle = delegate* unmanaged<nint, int>;
using unsafe Fill = delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int>;
using unsafe EnqueueKernel = delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>;
using unsafe Map = delegate* unmanaged<nint, nint, uint, ulong, nuint, nuint, uint, nint*, nint*, int*, void*>;

namespace SiamIlgpu.Kernels.Gpu.OpenCl;

/// <summary>
/// The functions of OpenCL 1.2 that the driver calls, under their names without "cl". They are pointers that are looked up, not
/// LibraryImports: so a function that the library lacks is one clear message before anything runs, and tests can put functions
/// of their own in their place.
/// </summary>
internal sealed unsafe class OpenClApi
{
    internal const ulong AllDevices = 0xFFFFFFFF, Processor = 2, Gpu = 4;
    internal const ulong ReadWrite = 1, AllocateHostMemory = 1 << 4, MapRead = 1, MapWrite = 2;
    internal const uint PlatformName = 0x0902, ContextPlatform = 0x1084, BuildLog = 0x1183, KernelGroupSize = 0x11B0;
    internal const uint DeviceType = 0x1000, DeviceComputeUnits = 0x1002, DeviceGroupSize = 0x1004, DeviceLargestBuffer = 0x1010,
        DeviceMemory = 0x101F, DeviceAvailable = 0x1027, DeviceHasCompiler = 0x1028, DeviceName = 0x102B, DeviceDriver = 0x102D,
        DeviceVersion = 0x102F;
    internal const int NotAvailable = -2, AllocationFailed = -4, OutOfResources = -5, OutOfHostMemory = -6, MapFailed = -12,
        WaitedForFailure = -14, InvalidContext = -34, InvalidQueue = -36, InvalidBufferSize = -61, NvidiaFault = -9999;

    // From -1 and from -30 downwards.
    private static readonly string[] RuntimeErrors = (
        "DEVICE_NOT_FOUND DEVICE_NOT_AVAILABLE COMPILER_NOT_AVAILABLE MEM_OBJECT_ALLOCATION_FAILURE OUT_OF_RESOURCES OUT_OF_HOST_MEMORY " +
        "PROFILING_INFO_NOT_AVAILABLE MEM_COPY_OVERLAP IMAGE_FORMAT_MISMATCH IMAGE_FORMAT_NOT_SUPPORTED BUILD_PROGRAM_FAILURE " +
        "MAP_FAILURE MISALIGNED_SUB_BUFFER_OFFSET EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST COMPILE_PROGRAM_FAILURE LINKER_NOT_AVAILABLE " +
        "LINK_PROGRAM_FAILURE DEVICE_PARTITION_FAILED KERNEL_ARG_INFO_NOT_AVAILABLE").Split(' ');

    private static readonly string[] InvalidErrors = (
        "VALUE DEVICE_TYPE PLATFORM DEVICE CONTEXT QUEUE_PROPERTIES COMMAND_QUEUE HOST_PTR MEM_OBJECT IMAGE_FORMAT_DESCRIPTOR IMAGE_SIZE " +
        "SAMPLER BINARY BUILD_OPTIONS PROGRAM PROGRAM_EXECUTABLE KERNEL_NAME KERNEL_DEFINITION KERNEL ARG_INDEX ARG_VALUE ARG_SIZE " +
        "KERNEL_ARGS WORK_DIMENSION WORK_GROUP_SIZE WORK_ITEM_SIZE GLOBAL_OFFSET EVENT_WAIT_LIST EVENT OPERATION GL_OBJECT BUFFER_SIZE " +
        "MIP_LEVEL GLOBAL_WORK_SIZE PROPERTY IMAGE_DESCRIPTOR COMPILER_OPTIONS LINKER_OPTIONS DEVICE_PARTITION_COUNT PIPE_SIZE " +
        "DEVICE_QUEUE SPEC_ID").Split(' ');

    // A distribution's library without its development package has only the name with the version.
    private static readonly string[] Libraries =
        OperatingSystem.IsWindows() ? ["OpenCL.dll"]
        : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"]
        : ["libOpenCL.so.1", "libOpenCL.so"];

    private static readonly Lazy<OpenClApi> InstalledApi = new(() => Load(Libraries));

    internal readonly delegate* unmanaged<uint, nint*, uint*, int> GetPlatformIDs;
    internal readonly Info GetPlatformInfo;
    internal readonly delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> GetDeviceIDs;
    internal readonly Info GetDeviceInfo;
    internal readonly delegate* unmanaged<nint*, uint, nint*, void*, void*, int*, nint> CreateContext;
    internal readonly delegate* unmanaged<nint, nint, ulong, int*, nint> CreateCommandQueue;
    internal readonly delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> CreateBuffer;
    internal readonly delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> CreateProgramWithSource;
    internal readonly delegate* unmanaged<nint, uint, nint*, byte*, void*, void*, int> BuildProgram;
    internal readonly InfoOnDevice GetProgramBuildInfo;
    internal readonly delegate* unmanaged<nint, byte*, int*, nint> CreateKernel;
    internal readonly InfoOnDevice GetKernelWorkGroupInfo;
    internal readonly delegate* unmanaged<nint, uint, nuint, void*, int> SetKernelArg;
    internal readonly EnqueueKernel EnqueueNDRangeKernel;
    internal readonly Copy EnqueueWriteBuffer;
    internal readonly Copy EnqueueReadBuffer;
    internal readonly Fill EnqueueFillBuffer;
    internal readonly Map EnqueueMapBuffer;
    internal readonly delegate* unmanaged<nint, nint, void*, uint, nint*, nint*, int> EnqueueUnmapMemObject;
    internal readonly delegate* unmanaged<nint, uint, nint*, nint*, int> EnqueueMarkerWithWaitList;
    internal readonly delegate* unmanaged<uint, nint*, int> WaitForEvents;
    internal readonly OnHandle Flush, Finish, ReleaseEvent, ReleaseKernel, ReleaseProgram, ReleaseMemObject,
        ReleaseCommandQueue, ReleaseContext;

    /// <summary>Takes each function from where <paramref name="resolve"/> says; 0 means that there is none.</summary>
    /// <exception cref="DeviceUnavailableException">A function is missing.</exception>
    internal OpenClApi(Func<string, nint> resolve)
    {
        nint Find(string name) => resolve(name) is nint address and not 0
            ? address : throw new DeviceUnavailableException($"OpenCL: its library has no {name}; OpenCL 1.2 or later is needed");

        GetPlatformIDs = (delegate* unmanaged<uint, nint*, uint*, int>)Find("clGetPlatformIDs");
        GetPlatformInfo = (Info)Find("clGetPlatformInfo");
        GetDeviceIDs = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)Find("clGetDeviceIDs");
        GetDeviceInfo = (Info)Find("clGetDeviceInfo");
        CreateContext = (delegate* unmanaged<nint*, uint, nint*, void*, void*, int*, nint>)Find("clCreateContext");
        // Deprecated since 2.0, but the only one that every version has.
        CreateCommandQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)Find("clCreateCommandQueue");
        CreateBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Find("clCreateBuffer");
        CreateProgramWithSource = (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)Find("clCreateProgramWithSource");
        BuildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, void*, void*, int>)Find("clBuildProgram");
        GetProgramBuildInfo = (InfoOnDevice)Find("clGetProgramBuildInfo");
        CreateKernel = (delegate* unmanaged<nint, byte*, int*, nint>)Find("clCreateKernel");
        GetKernelWorkGroupInfo = (InfoOnDevice)Find("clGetKernelWorkGroupInfo");
        SetKernelArg = (delegate* unmanaged<nint, uint, nuint, void*, int>)Find("clSetKernelArg");
        EnqueueNDRangeKernel = (EnqueueKernel)Find("clEnqueueNDRangeKernel");
        EnqueueWriteBuffer = (Copy)Find("clEnqueueWriteBuffer");
        EnqueueReadBuffer = (Copy)Find("clEnqueueReadBuffer");
        EnqueueFillBuffer = (Fill)Find("clEnqueueFillBuffer");
        EnqueueMapBuffer = (Map)Find("clEnqueueMapBuffer");
        EnqueueUnmapMemObject = (delegate* unmanaged<nint, nint, void*, uint, nint*, nint*, int>)Find("clEnqueueUnmapMemObject");
        EnqueueMarkerWithWaitList = (delegate* unmanaged<nint, uint, nint*, nint*, int>)Find("clEnqueueMarkerWithWaitList");
        WaitForEvents = (delegate* unmanaged<uint, nint*, int>)Find("clWaitForEvents");
        Flush = (OnHandle)Find("clFlush");
        Finish = (OnHandle)Find("clFinish");
        ReleaseEvent = (OnHandle)Find("clReleaseEvent");
        ReleaseKernel = (OnHandle)Find("clReleaseKernel");
        ReleaseProgram = (OnHandle)Find("clReleaseProgram");
        ReleaseMemObject = (OnHandle)Find("clReleaseMemObject");
        ReleaseCommandQueue = (OnHandle)Find("clReleaseCommandQueue");
        ReleaseContext = (OnHandle)Find("clReleaseContext");
    }

    /// <summary>The library of this machine, loaded once.</summary>
    /// <exception cref="DeviceUnavailableException">There is none, or it is too old.</exception>
    internal static OpenClApi Installed => InstalledApi.Value;

    /// <summary>Loads the first of these libraries that is there.</summary>
    /// <exception cref="DeviceUnavailableException">There is none, or it is too old.</exception>
    internal static OpenClApi Load(params IReadOnlyList<string> libraries)
    {
        foreach (string library in libraries)
        {
            if (NativeLibrary.TryLoad(library, out nint handle))
                return new OpenClApi(name => NativeLibrary.TryGetExport(handle, name, out nint address) ? address : 0);
        }
        throw new DeviceUnavailableException($"no OpenCL device: {libraries[0]} was not found");
    }

    /// <summary>"CL_OUT_OF_RESOURCES (-5)".</summary>
    internal static string NameOf(int code) => code switch
    {
        < 0 when -code <= RuntimeErrors.Length => $"CL_{RuntimeErrors[-code - 1]} ({code})",
        <= -30 when -code - 30 < InvalidErrors.Length => $"CL_INVALID_{InvalidErrors[-code - 30]} ({code})",
        -72 => "CL_MAX_SIZE_RESTRICTION_EXCEEDED (-72)",
        -1001 => "CL_PLATFORM_NOT_FOUND_KHR (-1001)",
        NvidiaFault => "NVIDIA: a kernel read or wrote where it must not (-9999)",
        _ => $"unknown error ({code})",
    };

    /// <summary>Throws unless the call succeeded. For calls before there is a device that could be lost.</summary>
    internal static void Check(int code, string function)
    {
        if (code < 0)
            throw new DeviceException($"OpenCL: {function} failed: {NameOf(code)}");
    }

    /// <summary>A property of a platform that is text.</summary>
    internal string PlatformText(nint platform, uint property) => Text(GetPlatformInfo, "clGetPlatformInfo", platform, property);

    /// <summary>A property of a device that is text.</summary>
    internal string DeviceText(nint device, uint property) => Text(GetDeviceInfo, "clGetDeviceInfo", device, property);

    /// <summary>A property of a device that is a number.</summary>
    internal T DeviceValue<T>(nint device, uint property)
        where T : unmanaged
    {
        T value;
        Check(GetDeviceInfo(device, property, (nuint)sizeof(T), &value, null), "clGetDeviceInfo");
        return value;
    }

    /// <summary>What the compiler said about a program.</summary>
    internal string BuildLogOf(nint program, nint device)
    {
        nuint length = 0;
        // No log is no reason to hide the failure that it is about.
        if (GetProgramBuildInfo(program, device, BuildLog, 0, null, &length) < 0 || length == 0)
            return "(no log)";
        byte[] text = new byte[length];
        fixed (byte* bytes = text)
            return GetProgramBuildInfo(program, device, BuildLog, length, bytes, null) < 0 ? "(no log)" : Decode(text);
    }

    private static string Text(Info function, string name, nint handle, uint property)
    {
        nuint length;
        Check(function(handle, property, 0, null, &length), name);
        byte[] text = new byte[length];
        fixed (byte* bytes = text)
            Check(function(handle, property, length, bytes, null), name);
        return Decode(text);
    }

    private static string Decode(byte[] text) => Encoding.UTF8.GetString(text).TrimEnd('\0').Trim();
}
