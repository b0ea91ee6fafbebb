using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The processor, used by managed SIMD code on all cores. Work is done when a call returns, so <see cref="Synchronize"/> has nothing to
/// wait for. Results do not depend on the number of threads.
/// </summary>
/// <example>
/// <code>
/// using var device = new CpuDevice(threads: 2);
/// Console.WriteLine(device.Name);                             // CPU, 512-bit vectors, 2 threads
/// </code>
/// </example>
public sealed partial class CpuDevice : ComputeDevice
{
    /// <summary>Opens the processor with <see cref="DefaultThreads"/>.</summary>
    public CpuDevice()
        : this(new CpuDeviceOptions())
    {
    }

    /// <summary>Opens the processor with a number of threads.</summary>
    /// <param name="threads">Number of threads that share the work, including the caller's; 0 for <see cref="DefaultThreads"/>.</param>
    public CpuDevice(int threads)
        : this(new CpuDeviceOptions { Threads = threads })
    {
    }

    /// <summary>Opens the processor with options.</summary>
    public CpuDevice(CpuDeviceOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        Threads = options.Threads == 0 ? DefaultThreads : options.Threads;
        Convolution = options.Convolution;
        Workers = new WorkerPool(Threads, () => WarmUp.Once(options.Convolution));
        Scratch = new SharedScratch(this);
    }

    /// <summary>The number of threads when none is asked for: the processors that this process may use.</summary>
    public static int DefaultThreads => Environment.ProcessorCount;

    /// <summary>Number of threads that share the work, including the caller's.</summary>
    public int Threads { get; }

    /// <summary>How it computes convolutions.</summary>
    public ConvolutionAlgorithm Convolution { get; }

    /// <inheritdoc/>
    public override string Name => Describe(Threads);

    /// <inheritdoc/>
    public override TensorLayout FeatureLayout => TensorLayout.Blocked16;

    internal WorkerPool Workers { get; }

    internal SharedScratch Scratch { get; }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    internal override CpuBuffer AllocateBuffer(long length) => new(this, length);

    internal static string Describe(int threads)
    {
        string vectors = Registers.Has512Bits ? "512-bit vectors"
            : Vector256.IsHardwareAccelerated ? "256-bit vectors"
            : Vector128.IsHardwareAccelerated ? "128-bit vectors"
            : "no vectors";
        return $"CPU, {vectors}, {threads} thread{(threads == 1 ? "" : "s")}";
    }

    private protected override void UploadCore(ReadOnlySpan<float> planar, TensorView destination) =>
        TensorOrder.FromPlanar(planar, destination.Floats(), destination.Shape, destination.Layout);

    private protected override void DownloadCore(TensorView source, Span<float> planar) =>
        TensorOrder.ToPlanar(source.Floats(), planar, source.Shape, source.Layout);

    private protected override ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias) => new CpuFilters(this, shape, filters, bias);

    private protected override Convolution PrepareCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        ConvolutionCpu.Create(this, spec, (CpuFilters)filters);

    private protected override MaxPool PrepareCore(MaxPoolSpec spec) => new MaxPoolCpu(this, spec);

    private protected override CrossCorrelation PrepareCore(CrossCorrelationSpec spec) => new CrossCorrelationCpu(this, spec);

    private protected override Fourier2D PrepareCore(Fourier2DSpec spec) => new Fourier2DCpu(this, spec);

    private protected override CorrelationFilter PrepareCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterCpu(this, spec, window, target);

    private protected override Blend PrepareCore(BlendSpec spec) => new BlendCpu(this, spec);

    private protected override CropResize PrepareCore(CropResizeSpec spec) => new CropResizeCpu(this, spec);

    private protected override ResponsePeak PrepareCore(ResponsePeakSpec spec) => new ResponsePeakCpu(this, spec);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Workers.Dispose();
            Scratch.Dispose();
        }
    }
}
