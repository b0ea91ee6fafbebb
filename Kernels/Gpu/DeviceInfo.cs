namespace SiamIlgpu.Kernels.Gpu;

/// <summary>How a device is driven.</summary>
public enum DeviceKind
{
    /// <summary>The processor, by managed SIMD.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU, by the CUDA driver.</summary>
    Cuda,

    /// <summary>A GPU or a processor, by an OpenCL driver.</summary>
    OpenCl,
}

/// <summary>A device of this machine, for people to choose from.</summary>
/// <param name="Kind">How it is driven.</param>
/// <param name="Index">Its number among the devices of its kind, from 0.</param>
/// <param name="Name">Its name, with what matters for speed.</param>
/// <param name="Driver">The driver and its version; empty for the CPU.</param>
/// <param name="MemoryBytes">The size of its memory.</param>
/// <param name="Unusable">Why it cannot be opened; null when it can.</param>
/// <param name="IsProcessor">Whether it is a processor: the CPU device, or a processor that OpenCL drives.</param>
public sealed record DeviceInfo(
    DeviceKind Kind, int Index, string Name, string Driver, long MemoryBytes, string? Unusable = null, bool IsProcessor = false);
