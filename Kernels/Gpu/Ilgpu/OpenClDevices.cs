using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>The devices of all OpenCL drivers.</summary>
internal static class OpenClDevices
{
    // The largest group of threads of the portable kernels.
    private const int GroupSize = 256;

    /// <summary>All of them, GPUs first. There are none without OpenCL.</summary>
    internal static IReadOnlyList<DeviceInfo> List() => [.. All().Select(Describe)];

    /// <summary>Opens a device by its number in <see cref="List"/>.</summary>
    /// <exception cref="DeviceUnavailableException">There is none of that number, or it cannot run the kernels.</exception>
    internal static OpenClDriver Open(int index)
    {
        CLDevice[] devices = All();
        if (devices.Length == 0)
            throw new DeviceUnavailableException("no OpenCL device: no driver of the OpenCL library has one");
        if ((uint)index >= (uint)devices.Length)
            throw new DeviceUnavailableException($"no OpenCL device {index}: there are {devices.Length}");
        DeviceInfo info = Describe(devices[index], index);
        string name = $"OpenCL device {index} ({info.Name})";
        if (info.Unusable is string reason)
            throw new DeviceUnavailableException($"{name}: {reason}");
        Context? context = null;
        try
        {
            context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).OpenCL(device => Wanted(device, devices[index].DeviceId)));
            return new OpenClDriver(context.CreateCLAccelerator(0), owned: context);
        }
        catch (AcceleratorException e)
        {
            context?.Dispose();
            throw new DeviceUnavailableException($"{name}: its driver failed: {(e as CLException)?.Error}");
        }
    }

    /// <summary>Whether a device is a processor.</summary>
    internal static bool IsProcessor(CLDevice device) => KindOf(device) == "processor";

    /// <summary>All that is known of a device in one line.</summary>
    internal static string LongNameOf(CLDevice device) =>
        $"{device.Name.Trim()}, {DriverOf(device)}, {KindOf(device)}, {device.NumMultiprocessors} compute units";

    /// <summary>How much memory a device has, for messages.</summary>
    internal static string MemoryTextOf(CLDevice device)
    {
        long most = CLAPI.CurrentAPI.GetDeviceInfo<long>(device.DeviceId, CLDeviceInfoType.CL_DEVICE_MAX_MEM_ALLOC_SIZE);
        return $"{device.Name.Trim()} has {device.MemorySize:N0} bytes in all and gives {most:N0} at most in one piece";
    }

    private static CLDevice[] All() => LibraryNames.HasOpenCl
        ? [.. CLDevice.GetDevices(_ => true).Cast<CLDevice>().OrderBy(device => !device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU))]
        : [];

    // ILGPU takes no device without a generic address space. Code of ours has no pointers that would need one.
    private static bool Wanted(CLDevice device, nint handle)
    {
        if (device.DeviceId != handle)
            return false;
        SetGenericAddressSpace(device.Capabilities, true);
        return true;
    }

    private static DeviceInfo Describe(CLDevice device, int index)
    {
        string kind = KindOf(device);
        string name = device.Name.Trim();
        return new DeviceInfo(
            DeviceKind.OpenCl, index, kind == "GPU" ? name : $"{name} ({kind})", DriverOf(device), device.MemorySize,
            WhyUnusable(device), kind == "processor");
    }

    private static string KindOf(CLDevice device) =>
        device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU) ? "GPU"
        : device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU) ? "processor"
        : "accelerator";

    private static string DriverOf(CLDevice device) =>
        $"OpenCL {device.DeviceVersion.Major}.{device.DeviceVersion.Minor} {device.PlatformName.Trim()} "
        + CLAPI.CurrentAPI.GetDeviceInfo(device.DeviceId, CLDeviceInfoType.CL_DRIVER_VERSION);

    private static string? WhyUnusable(CLDevice device)
    {
        CLDeviceVersion version = device.DeviceVersion;
        if (version.Major < 1 || (version.Major == 1 && version.Minor < 2))
            return $"OpenCL 1.2 is needed, its driver has {version.Major}.{version.Minor}";
        if (CLAPI.CurrentAPI.GetDeviceInfo<int>(device.DeviceId, CLDeviceInfoType.CL_DEVICE_COMPILER_AVAILABLE) == 0)
            return "its driver has no compiler";
        return device.MaxNumThreadsPerGroup < GroupSize
            ? $"groups of {GroupSize} threads are needed, it has {device.MaxNumThreadsPerGroup} at most" : null;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_GenericAddressSpace")]
    private static extern void SetGenericAddressSpace(CLCapabilityContext capabilities, bool value);
}
