using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The devices of this machine: GPUs by ILGPU, and the CPU.</summary>
public static class Devices
{
    /// <summary>
    /// The fastest device of this machine: a CUDA GPU, an OpenCL GPU, or else the CPU. One that cannot be opened is passed over.
    /// </summary>
    /// <param name="cpu">How the CPU computes, if it comes to that.</param>
    public static ComputeDevice OpenBest(CpuDeviceOptions? cpu = null)
    {
        foreach (DeviceInfo gpu in List().Where(d => d.Unusable is null && !d.IsProcessor))
        {
            try
            {
                return Open(gpu.Kind, gpu.Index);
            }
            catch (DeviceException)
            {
                // Taken by someone else, or out of memory: the next one may do.
            }
        }
        return new CpuDevice(cpu ?? new CpuDeviceOptions());
    }

    /// <summary>Opens a device of this machine.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="index">Its number among the devices of its kind.</param>
    /// <exception cref="DeviceUnavailableException">There is none, or it cannot be used; the message says why.</exception>
    public static ComputeDevice Open(DeviceKind kind, int index = 0) => kind switch
    {
        DeviceKind.Cuda => GpuDevice.OpenCuda(index),
        DeviceKind.OpenCl => GpuDevice.OpenOpenCl(index),
        _ => index == 0 ? new CpuDevice() : throw new DeviceUnavailableException($"no CPU device {index}: there is 1"),
    };

    /// <summary>
    /// All devices of this machine, those that cannot be used too: GPUs first, then the CPU, then what OpenCL makes of it.
    /// A machine without a GPU's driver has no GPU.
    /// </summary>
    public static IReadOnlyList<DeviceInfo> List()
    {
        IReadOnlyList<DeviceInfo> openCl = OpenClDevices.List();
        var cpu = new DeviceInfo(
            DeviceKind.Cpu, 0, CpuDevice.Describe(CpuDevice.DefaultThreads), "", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, IsProcessor: true);
        return [.. CudaDevices.List(), .. openCl.Where(d => !d.IsProcessor), cpu, .. openCl.Where(d => d.IsProcessor)];
    }
}
