using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The processor: managed SIMD on all cores, nothing but the BCL. Work is done when a call returns, so
/// <see cref="Synchronize"/> has nothing to wait for. Results do not depend on the number of threads.
/// </summary>
public sealed class CpuDevice : ComputeDevice
{
    /// <summary>Opens the processor.</summary>
    /// <param name="threads">Threads that share the work, the caller's included; 0 for <see cref="DefaultThreads"/>.</param>
    public CpuDevice(int threads = 0)
        : this(new CpuDeviceOptions { Threads = threads })
    {
    }

    /// <summary>Opens the processor.</summary>
    public CpuDevice(CpuDeviceOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        Threads = options.Threads == 0 ? DefaultThreads : options.Threads;
        Convolution = options.Convolution;
        Workers = new WorkerPool(Threads, () => WarmUp.Once(options.Convolution));
        Scratch = new SharedScratch(this);
    }

    /// <summary>Threads used when none are asked for: the processors that this process may use.</summary>
    public static int DefaultThreads => Environment.ProcessorCount;

    /// <summary>Threads that share the work, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>How it computes convolutions.</summary>
    public ConvolutionAlgorithm Convolution { get; }

    /// <inheritdoc/>
    public override DeviceKind Kind => DeviceKind.Cpu;

    /// <inheritdoc/>
    public override string Name => Describe(Threads);

    /// <inheritdoc/>
    public override TensorLayout FeatureLayout => TensorLayout.Blocked16;

    internal WorkerPool Workers { get; }

    internal SharedScratch Scratch { get; }

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long length) => new CpuBuffer(this, length);

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<float> planar, TensorView destination)
    {
        CheckTransfer(planar.Length, destination);
        Span<float> target = destination.Floats();
        TensorShape s = destination.Shape;
        // The general order: only transfers of weights, references and tests come this way, never a frame.
        target.Clear();
        int source = 0;
        for (int n = 0; n < s.Batch; n++)
            for (int c = 0; c < s.Channels; c++)
                for (int y = 0; y < s.Height; y++)
                    for (int x = 0; x < s.Width; x++)
                        target[IndexOf(destination, n, c, y, x)] = planar[source++];
    }

    /// <inheritdoc/>
    public override void Download(TensorView source, Span<float> planar)
    {
        CheckTransfer(planar.Length, source);
        ReadOnlySpan<float> from = source.Floats();
        TensorShape s = source.Shape;
        int target = 0;
        for (int n = 0; n < s.Batch; n++)
            for (int c = 0; c < s.Channels; c++)
                for (int y = 0; y < s.Height; y++)
                    for (int x = 0; x < s.Width; x++)
                        planar[target++] = from[IndexOf(source, n, c, y, x)];
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    internal static string Describe(int threads)
    {
        string vectors = Vector512.IsHardwareAccelerated ? "512-bit vectors"
            : Vector256.IsHardwareAccelerated ? "256-bit vectors"
            : Vector128.IsHardwareAccelerated ? "128-bit vectors"
            : "no vectors";
        return $"CPU, {vectors}, {threads} thread{(threads == 1 ? "" : "s")}";
    }

    /// <inheritdoc/>
    protected override ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias) => new CpuFilters(this, shape, filters, bias);

    /// <inheritdoc/>
    protected override Convolution PrepareCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        ConvolutionCpu.Create(this, spec, (CpuFilters)filters);

    /// <inheritdoc/>
    protected override MaxPool PrepareCore(MaxPoolSpec spec) => new MaxPoolCpu(this, spec);

    /// <inheritdoc/>
    protected override CrossCorrelation PrepareCore(CrossCorrelationSpec spec) => new CrossCorrelationCpu(this, spec);

    /// <inheritdoc/>
    protected override Fourier2D PrepareCore(Fourier2DSpec spec) => new Fourier2DCpu(this, spec);

    /// <inheritdoc/>
    protected override CorrelationFilter PrepareCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterCpu(this, spec, window, target);

    /// <inheritdoc/>
    protected override Blend PrepareCore(BlendSpec spec) => new BlendCpu(this, spec);

    /// <inheritdoc/>
    protected override CropResize PrepareCore(CropResizeSpec spec) => new CropResizeCpu(this, spec);

    /// <inheritdoc/>
    protected override ResponsePeak PrepareCore(ResponsePeakSpec spec) => new ResponsePeakCpu(this, spec);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Workers.Dispose();
            Scratch.Dispose();
        }
    }

    private static int IndexOf(in TensorView view, int n, int c, int y, int x)
    {
        TensorShape s = view.Shape;
        long index = view.Layout switch
        {
            TensorLayout.Planar => (((long)n * s.Channels + c) * s.Height + y) * s.Width + x,
            TensorLayout.Interleaved => (((long)n * s.Height + y) * s.Width + x) * s.Channels + c,
            _ => n * s.ImageLength(view.Layout) + (((long)(c / 16) * s.Height + y) * s.Width + x) * 16 + c % 16,
        };
        return (int)index;
    }

    private void CheckTransfer(int length, in TensorView view)
    {
        if (!ReferenceEquals(view.Buffer.Device, this))
            throw new DeviceMismatchException(this, view.Buffer.Device);
        if (length != view.Shape.Count)
            throw new KernelShapeException($"transfer: {view.Shape} has {view.Shape.Count} values, got {length}");
    }
}
