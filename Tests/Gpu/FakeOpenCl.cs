using System.Runtime.InteropServices;
using System.Text;
using SiamIlgpu.Kernels.Gpu.OpenCl;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>
/// An OpenCL library with one GPU that does nothing, and fails as it is told. All arguments are integers or pointers, so by
/// every 64-bit calling convention a function may leave out the last ones.
/// </summary>
internal static unsafe class FakeOpenCl
{
    internal static string Version { get; set; } = "";

    internal static int FinishCode { get; set; }

    internal static int LaunchCode { get; set; }

    internal static int PlatformsCode { get; set; }

    /// <summary>Functions that created something, less those that released it.</summary>
    internal static int Alive { get; private set; }

    /// <summary>The library in good health, but for the functions that <paramref name="missing"/> names.</summary>
    internal static OpenClApi Create(string missing = "")
    {
        Version = "OpenCL 1.2 FAKE";
        FinishCode = LaunchCode = PlatformsCode = Alive = 0;
        return new OpenClApi(name => name == missing ? 0 : Resolve(name));
    }

    private static nint Resolve(string name) => name switch
    {
        "clGetPlatformIDs" => (nint)(delegate* unmanaged<uint, nint*, uint*, int>)&Platforms,
        "clGetDeviceIDs" => (nint)(delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)&Devices,
        "clGetPlatformInfo" or "clGetDeviceInfo" => (nint)(delegate* unmanaged<nint, uint, nuint, byte*, nuint*, int>)&Info,
        "clGetKernelWorkGroupInfo" => (nint)(delegate* unmanaged<nint, nint, uint, nuint, nuint*, int>)&GroupInfo,
        "clCreateKernel" => (nint)(delegate* unmanaged<nint, nint, int*, nint>)&Create3,
        "clCreateCommandQueue" => (nint)(delegate* unmanaged<nint, nint, nint, int*, nint>)&Create4,
        "clCreateBuffer" or "clCreateProgramWithSource" => (nint)(delegate* unmanaged<nint, nint, nint, nint, int*, nint>)&Create5,
        "clCreateContext" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int*, nint>)&Create6,
        "clFinish" => (nint)(delegate* unmanaged<int>)&Finish,
        "clEnqueueNDRangeKernel" => (nint)(delegate* unmanaged<int>)&Launch,
        _ when name.StartsWith("clRelease", StringComparison.Ordinal) => (nint)(delegate* unmanaged<int>)&Release,
        _ => (nint)(delegate* unmanaged<int>)&Succeed,
    };

    [UnmanagedCallersOnly]
    private static int Platforms(uint room, nint* platforms, uint* count) => PlatformsCode < 0 ? PlatformsCode : One(platforms, count);

    [UnmanagedCallersOnly]
    private static int Devices(nint platform, ulong type, uint room, nint* devices, uint* count) => One(devices, count);

    [UnmanagedCallersOnly]
    private static int Info(nint handle, uint property, nuint room, byte* value, nuint* length)
    {
        byte[] answer = property switch
        {
            OpenClApi.DeviceVersion => Encoding.UTF8.GetBytes(Version + '\0'),
            OpenClApi.DeviceName or OpenClApi.DeviceDriver or OpenClApi.PlatformName => "fake\0"u8.ToArray(),
            OpenClApi.DeviceType => BitConverter.GetBytes(OpenClApi.Gpu),
            _ => BitConverter.GetBytes(1024UL),
        };
        if (length != null)
            *length = (nuint)answer.Length;
        if (value != null)
            answer.AsSpan(0, Math.Min(answer.Length, (int)room)).CopyTo(new Span<byte>(value, (int)room));
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GroupInfo(nint kernel, nint device, uint property, nuint room, nuint* value)
    {
        *value = 256;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static nint Create3(nint a, nint b, int* code) => Created(code);

    [UnmanagedCallersOnly]
    private static nint Create4(nint a, nint b, nint c, int* code) => Created(code);

    [UnmanagedCallersOnly]
    private static nint Create5(nint a, nint b, nint c, nint d, int* code) => Created(code);

    [UnmanagedCallersOnly]
    private static nint Create6(nint a, nint b, nint c, nint d, nint e, int* code) => Created(code);

    [UnmanagedCallersOnly]
    private static int Finish() => FinishCode;

    [UnmanagedCallersOnly]
    private static int Launch() => LaunchCode;

    [UnmanagedCallersOnly]
    private static int Release()
    {
        Alive--;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Succeed() => 0;

    private static nint Created(int* code)
    {
        *code = 0;
        return ++Alive;
    }

    private static int One(nint* handles, uint* count)
    {
        if (handles != null)
            *handles = 1;
        if (count != null)
            *count = 1;
        return 0;
    }
}
