namespace SiamIlgpu.Kernels.Gpu;

/// <summary>What drives a device.</summary>
public enum DeviceKind
{
    /// <summary>The processor, driven by managed SIMD code.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU, driven by CUDA.</summary>
    Cuda,

    /// <summary>A GPU or a processor, driven by OpenCL.</summary>
    OpenCl,
}

/// <summary>A device of this machine, for people to choose from.</summary>
/// <param name="Kind">What drives it.</param>
/// <param name="Index">Its number among the devices of its kind, from 0.</param>
/// <param name="Name">Its name, with what matters for speed.</param>
/// <param name="Driver">The driver and its version; empty for the CPU.</param>
/// <param name="MemoryBytes">The size of its memory.</param>
/// <param name="Unusable">Why it cannot be opened; null when it can.</param>
/// <param name="IsProcessor">Whether it is a processor: the CPU device, or a processor that OpenCL drives.</param>
public sealed record DeviceInfo(
    DeviceKind Kind, int Index, string Name, string Driver, long MemoryBytes, string? Unusable = null, bool IsProcessor = false);
