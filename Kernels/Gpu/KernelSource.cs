namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Where a kernel runs.</summary>
internal enum KernelUse
{
    /// <summary>CUDA and OpenCL.</summary>
    Everywhere,

    /// <summary>OpenCL alone: it is for processors.</summary>
    Processor,

    /// <summary>CUDA alone, from compute capability 8.0.</summary>
    TensorCores,
}

/// <summary>A kernel to be compiled.</summary>
/// <param name="Name">What launches call it.</param>
/// <param name="Method">The method, its type parameters filled in: it takes views, then one argument struct.</param>
/// <param name="GroupSize">Threads of a group.</param>
/// <param name="Use">Where it runs.</param>
internal sealed record KernelSource(string Name, Delegate Method, int GroupSize, KernelUse Use = KernelUse.Everywhere);
