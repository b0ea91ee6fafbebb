using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The devices of this machine: the GPUs that ILGPU finds, and the CPU.</summary>
/// <example>
/// <code>
/// using ComputeDevice device = Devices.OpenBest();
/// foreach (DeviceInfo info in Devices.List())
///     Console.WriteLine($"{info.Kind} {info.Index}: {info.Name} {info.Unusable}");
/// </code>
/// </example>
public static class Devices
{
    /// <summary>
    /// Opens the device that should be the fastest: a CUDA GPU, else an OpenCL GPU, else the CPU. A GPU that cannot be opened is skipped.
    /// </summary>
    /// <param name="cpu">How to use the CPU, if it is the one to be opened.</param>
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
                // Another process may own it, or its memory may be full. The next device may work.
            }
        }
        return new CpuDevice(cpu ?? new CpuDeviceOptions());
    }

    /// <summary>Opens a device of this machine.</summary>
    /// <param name="kind">What drives the device.</param>
    /// <param name="index">Its number among the devices of its kind.</param>
    /// <param name="cpu">How to use the CPU, if it is the CPU.</param>
    /// <param name="math">The precision of the products in convolutions, if it is a CUDA device.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; the message says why.</exception>
    public static ComputeDevice Open(
        DeviceKind kind, int index = 0, CpuDeviceOptions? cpu = null, ConvolutionMath math = ConvolutionMath.Float32) => kind switch
        {
            DeviceKind.Cuda => GpuDevice.OpenCuda(index, math),
            DeviceKind.OpenCl => GpuDevice.OpenOpenCl(index),
            _ => index == 0 ? new CpuDevice(cpu ?? new CpuDeviceOptions()) : throw new DeviceUnavailableException($"no CPU device {index}: there is 1"),
        };

    /// <summary>
    /// Lists all devices of this machine, also those that cannot be used: GPUs first, then the CPU, then processors that OpenCL drives.
    /// A GPU without a driver is not listed.
    /// </summary>
    public static IReadOnlyList<DeviceInfo> List()
    {
        IReadOnlyList<DeviceInfo> openCl = OpenClDevices.List();
        var cpu = new DeviceInfo(
            DeviceKind.Cpu, 0, CpuDevice.Describe(CpuDevice.DefaultThreads), "", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, IsProcessor: true);
        return [.. CudaDevices.List(), .. openCl.Where(d => !d.IsProcessor), cpu, .. openCl.Where(d => d.IsProcessor)];
    }
}
