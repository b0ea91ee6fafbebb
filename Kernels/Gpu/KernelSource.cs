namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Where a kernel runs.</summary>
internal enum KernelUse
{
    /// <summary>CUDA and OpenCL.</summary>
    Everywhere,

    /// <summary>Only OpenCL; the kernel is for processors.</summary>
    Processor,

    /// <summary>Only CUDA, from compute capability 8.0.</summary>
    TensorCores,
}

/// <summary>A kernel to be compiled.</summary>
/// <param name="Name">The name that launches use.</param>
/// <param name="Method">The method, with its type arguments. Its parameters are views and, last, one argument struct.</param>
/// <param name="GroupSize">Threads of a group.</param>
/// <param name="Use">Where it runs.</param>
internal sealed record KernelSource(string Name, Delegate Method, int GroupSize, KernelUse Use = KernelUse.Everywhere);
