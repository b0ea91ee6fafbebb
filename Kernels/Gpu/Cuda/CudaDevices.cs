using System.Runtime.InteropServices;

namespace SiamIlgpu.Kernels.Gpu.Cuda;

/// <summary>The GPUs of a CUDA driver.</summary>
internal static unsafe class CudaDevices
{
    // What the PTX of the kernels is made for; the driver of a newer device compiles it on.
    private const int LowestCapability = 50;

    /// <summary>
    /// The GPUs of the driver that exports <paramref name="exports"/> (null: there is none), in its order: fastest first, unless
    /// CUDA_DEVICE_ORDER says otherwise. A driver that does not work counts as one that cannot be used.
    /// </summary>
    internal static IReadOnlyList<DeviceInfo> List(Func<string, nint>? exports)
    {
        if (exports == null)
            return [];
        try
        {
            return Describe(new CudaApi(exports));
        }
        catch (DeviceException e)
        {
            return [Unusable(0, "CUDA driver", e)];
        }
    }

    /// <summary>Compute capability, 90 for 9.0.</summary>
    internal static int Capability(CudaApi api, int device) =>
        10 * Attribute(api, device, CudaApi.ComputeCapabilityMajor) + Attribute(api, device, CudaApi.ComputeCapabilityMinor);

    /// <summary>An attribute of a device.</summary>
    internal static int Attribute(CudaApi api, int device, int attribute)
    {
        int value = 0;
        api.Check(api.DeviceGetAttribute(&value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }

    private static DeviceInfo[] Describe(CudaApi api)
    {
        int result = api.Init(0);
        if (result == CudaApi.NoDevice)
            return [];
        api.Check(result, "cuInit");
        int version = 0, count = 0;
        api.Check(api.DriverGetVersion(&version), "cuDriverGetVersion");
        api.Check(api.DeviceGetCount(&count), "cuDeviceGetCount");
        string driver = $"CUDA driver {version / 1000}.{version % 1000 / 10}";
        var devices = new DeviceInfo[count];
        for (int i = 0; i < count; i++)
        {
            try
            {
                devices[i] = Describe(api, i, driver);
            }
            catch (DeviceException e)
            {
                devices[i] = Unusable(i, driver, e);
            }
        }
        return devices;
    }

    private static DeviceInfo Describe(CudaApi api, int index, string driver)
    {
        const int NameBytes = 256;
        byte* name = stackalloc byte[NameBytes];
        int device = 0;
        nuint memory = 0;
        api.Check(api.DeviceGet(&device, index), "cuDeviceGet");
        api.Check(api.DeviceGetName(name, NameBytes, device), "cuDeviceGetName");
        api.Check(api.DeviceTotalMem(&memory, device), "cuDeviceTotalMem");
        int capability = Capability(api, device);
        string described = $"{Marshal.PtrToStringUTF8((nint)name)}, compute capability {capability / 10}.{capability % 10}, "
            + $"{Attribute(api, device, CudaApi.MultiprocessorCount)} multiprocessors";
        string? unusable = capability < LowestCapability ? "compute capability 5.0 or later is needed" : null;
        return new DeviceInfo(DeviceKind.Cuda, index, described, driver, (long)memory, unusable);
    }

    private static DeviceInfo Unusable(int index, string driver, DeviceException why) =>
        new(DeviceKind.Cuda, index, "NVIDIA GPU", driver, 0, why.Message);
}
