using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>The GPUs of the CUDA driver.</summary>
internal static class CudaDevices
{
    // The oldest compute capability that CUDA 12 supports.
    private static readonly CudaArchitecture Oldest = CudaArchitecture.SM_50;

    /// <summary>All of them, in the driver's order: fastest first, unless CUDA_DEVICE_ORDER says otherwise.</summary>
    internal static IReadOnlyList<DeviceInfo> List()
    {
        if (!LibraryNames.HasCuda)
            return [];
        // ILGPU lists no device if anything goes wrong. A driver that does not work is listed here as a device that cannot be used.
        CudaError counted = CudaAPI.CurrentAPI.GetDeviceCount(out int count);
        if (counted is not (CudaError.CUDA_SUCCESS or CudaError.CUDA_ERROR_NO_DEVICE))
            return [new DeviceInfo(DeviceKind.Cuda, 0, "NVIDIA GPU", "CUDA driver", 0, $"its driver does not work: {counted}")];
        DeviceInfo[] found = [.. All().Select(Describe)];
        return found.Length == count || counted != CudaError.CUDA_SUCCESS ? found
            : [.. found, new DeviceInfo(DeviceKind.Cuda, found.Length, "NVIDIA GPU", "CUDA driver", 0, "its driver does not describe it")];
    }

    /// <summary>Opens a GPU by its number in <see cref="List"/>.</summary>
    /// <exception cref="DeviceUnavailableException">There is none, or it cannot be used; the message says why.</exception>
    internal static CudaDriver Open(int index)
    {
        IReadOnlyList<DeviceInfo> devices = List();
        if (!LibraryNames.HasCuda)
            throw new DeviceUnavailableException("no CUDA device: the library of its driver was not found");
        if ((uint)index >= (uint)devices.Count)
            throw new DeviceUnavailableException($"no CUDA device {index}: the driver lists {devices.Count}");
        string name = $"CUDA device {index} ({devices[index].Name})";
        if (devices[index].Unusable is string reason)
            throw new DeviceUnavailableException($"{name}: {reason}");
        Context? context = null;
        try
        {
            int id = All()[index].DeviceId;
            context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Cuda(device => device.DeviceId == id));
            return new CudaDriver(context.CreateCudaAccelerator(0), owned: context);
        }
        catch (Exception e) when (e is AcceleratorException or NotSupportedException)
        {
            context?.Dispose();
            throw new DeviceUnavailableException($"{name}: {(e is CudaException cuda ? $"{cuda.Error}, " : "")}{e.Message}");
        }
    }

    /// <summary>A GPU's name with what matters for speed.</summary>
    internal static string NameOf(CudaDevice device) =>
        $"{device.Name}, compute capability {device.Architecture?.Major}.{device.Architecture?.Minor}, {device.NumMultiprocessors} multiprocessors";

    /// <summary>The driver and its version.</summary>
    internal static string DriverOf(CudaDevice device) => $"CUDA driver {device.DriverVersion.Major}.{device.DriverVersion.Minor}";

    private static CudaDevice[] All() => [.. CudaDevice.GetDevices(_ => true).Cast<CudaDevice>()];

    private static DeviceInfo Describe(CudaDevice device, int index) =>
        new(DeviceKind.Cuda, index, NameOf(device), DriverOf(device), device.MemorySize, WhyUnusable(device));

    private static string? WhyUnusable(CudaDevice device)
    {
        if (device.Architecture is not CudaArchitecture architecture || architecture < Oldest)
            return $"compute capability {Oldest.Major}.{Oldest.Minor} or later is needed";
        if (device.InstructionSet is not null)
            return null;
        CudaAccelerator.TryGetInstructionSet(architecture, device.DriverVersion, out CudaDriverVersion needed, out _);
        return $"its driver is too old: CUDA {needed.Major}.{needed.Minor} or later is needed";
    }
}
