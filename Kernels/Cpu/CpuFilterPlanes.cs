namespace SiamIlgpu.Kernels.Cpu;

/// <summary>What a correlation filter and its gradients read beside the features, in memory that is theirs.</summary>
internal readonly unsafe struct CpuFilterPlanes
{
    private readonly CorrelationFilterSpec spec;

    /// <summary>Takes room for <see cref="Length"/> floats.</summary>
    internal CpuFilterPlanes(CorrelationFilterSpec spec, float* memory)
    {
        this.spec = spec;
        long n = (long)spec.Size * spec.Size;
        Window = memory;
        TargetReal = Window + n;
        TargetImaginary = TargetReal + n;
    }

    /// <summary>The window [m][m].</summary>
    internal float* Window { get; }

    /// <summary>(1/n) F(y), its real part, columns 0..m/2.</summary>
    internal float* TargetReal { get; }

    /// <summary>(1/n) F(y), its imaginary part.</summary>
    internal float* TargetImaginary { get; }

    /// <summary>Floats that they take.</summary>
    internal static long Length(in CorrelationFilterSpec spec) => 3L * spec.Size * spec.Size;

    internal void Update(ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        window.CopyTo(new Span<float>(Window, window.Length));
        (float[] real, float[] imaginary) = spec.SpectrumOf(target);
        real.CopyTo(new Span<float>(TargetReal, real.Length));
        imaginary.CopyTo(new Span<float>(TargetImaginary, imaginary.Length));
    }
}
