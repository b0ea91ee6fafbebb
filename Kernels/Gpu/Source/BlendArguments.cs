namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the blend kernel is told.</summary>
internal readonly record struct BlendArguments
{
    /// <summary>Groups of four floats.</summary>
    internal int Quads { get; init; }

    /// <summary>Share of the update.</summary>
    internal float Rate { get; init; }
}
