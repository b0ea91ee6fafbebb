namespace SiamIlgpu.Kernels.Gpu;

/// <summary>What a correlation filter keeps on its device: the window, and of the target the half spectrum (1/n) F(y).</summary>
internal sealed class FilterPlanes : IDisposable
{
    private readonly GpuDevice device;
    private readonly CorrelationFilterSpec spec;
    private readonly GpuBuffer window, targetReal, targetImaginary;

    internal FilterPlanes(GpuDevice device, CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        this.device = device;
        this.spec = spec;
        this.window = device.Store(window);
        (float[] real, float[] imaginary) = spec.SpectrumOf(target);
        targetReal = device.Store<float>(real);
        targetImaginary = device.Store<float>(imaginary);
    }

    internal GpuView Window => window.All;

    internal GpuView TargetReal => targetReal.All;

    internal GpuView TargetImaginary => targetImaginary.All;

    /// <summary>Takes others, where the old ones were, so that recorded work sees them too; waits for what is enqueued.</summary>
    internal void Replace(ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        (float[] real, float[] imaginary) = spec.SpectrumOf(target);
        device.Replace(this.window, window);
        device.Replace<float>(targetReal, real);
        device.Replace<float>(targetImaginary, imaginary);
    }

    public void Dispose()
    {
        window.Dispose();
        targetReal.Dispose();
        targetImaginary.Dispose();
    }
}
