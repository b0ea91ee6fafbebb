namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The data of a correlation filter on its device: the window, and the half spectrum (1/n) F(y) of the target.</summary>
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

    /// <summary>Replaces them in the same memory, so that recorded work uses the new ones. Waits for the work that is enqueued.</summary>
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
