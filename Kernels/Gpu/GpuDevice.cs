using System.Runtime.InteropServices;
using SiamIlgpu.Kernels.Gpu.Cuda;
using SiamIlgpu.Kernels.Gpu.OpenCl;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// A GPU, by the CUDA driver or an OpenCL driver. Operations are enqueued on one in-order queue and run while the host goes on;
/// <see cref="ResponsePeak.Read"/>, downloads and <see cref="Synchronize"/> wait. Several threads may launch at once. A call that
/// fails throws a <see cref="DeviceException"/> that names the driver's function and error.
/// </summary>
public sealed partial class GpuDevice : ComputeDevice
{
    internal GpuDevice(GpuDriver driver, MathMode math = MathMode.Float32)
    {
        Driver = driver;
        Math = math;
        LikeProcessor = driver.IsProcessor;
        ComputeUnits = driver.ComputeUnits;
    }

    /// <inheritdoc/>
    public override DeviceKind Kind => Driver.Kind;

    /// <inheritdoc/>
    public override string Name => Driver.Name;

    /// <inheritdoc/>
    public override TensorLayout FeatureLayout => TensorLayout.Blocked16;

    /// <summary>How products of convolutions are rounded.</summary>
    public MathMode Math { get; }

    /// <summary>Whether the device is a processor: slower than the CPU device, and chosen on request alone.</summary>
    public bool IsProcessor => Driver.IsProcessor;

    internal GpuDriver Driver { get; }

    /// <summary>Whether convolutions take the kernel for processors, and how many units they are cut for. Tests and benchmarks differ.</summary>
    internal bool LikeProcessor { get; init; }

    /// <inheritdoc cref="LikeProcessor"/>
    internal int ComputeUnits { get; init; }

    /// <summary>Whether repeated work is taken down and replayed, where the driver can.</summary>
    internal bool Records { get; init; } = true;

    /// <summary>Opens a CUDA device.</summary>
    /// <param name="index">Its number in <see cref="ComputeDevice.List"/>.</param>
    /// <param name="math">How products of convolutions are rounded.</param>
    /// <exception cref="DeviceUnavailableException">There is none, or it cannot be used; the message says why.</exception>
    public static GpuDevice OpenCuda(int index = 0, MathMode math = MathMode.Float32) => Open(CudaDriver.Open(index), math);

    /// <summary>Opens an OpenCL device, be it a GPU or a processor.</summary>
    /// <param name="index">Its number in <see cref="ComputeDevice.List"/>.</param>
    /// <exception cref="DeviceUnavailableException">There is none, or it cannot be used; the message says why.</exception>
    public static GpuDevice OpenOpenCl(int index = 0) => new(OpenClDriver.Open(index));

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long length)
    {
        var buffer = new GpuBuffer(this, length);
        Driver.Clear(buffer.Memory, 0, buffer.Bytes);
        return buffer;
    }

    /// <inheritdoc/>
    public override void Synchronize() => Driver.Synchronize();

    /// <inheritdoc/>
    public override RecordedWork Record(Action enqueue) => Records ? new GpuRecordedWork(Driver, enqueue) : base.Record(enqueue);

    /// <summary>Loads a kernel for this device.</summary>
    internal GpuKernel Load(string name, bool tensorCores = false)
    {
        KernelTarget target = Kind == DeviceKind.OpenCl ? KernelTarget.OpenClC
            : tensorCores ? KernelTarget.PtxTensorCores
            : KernelTarget.Ptx;
        return Driver.Load(CompiledKernel.Find(name, target));
    }

    /// <summary>Puts values of four bytes into a buffer of their own.</summary>
    internal GpuBuffer Store<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var buffer = new GpuBuffer(this, values.Length);
        Replace(buffer, values);
        return buffer;
    }

    /// <summary>Puts values of four bytes into a buffer, behind what is enqueued, and waits.</summary>
    internal unsafe void Replace<T>(GpuBuffer buffer, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* from = values)
        {
            Driver.Upload(from, buffer.Memory, 0, (long)values.Length * sizeof(T));
            Driver.Synchronize();
        }
    }

    /// <inheritdoc/>
    protected override unsafe void UploadCore(ReadOnlySpan<float> planar, TensorView destination)
    {
        var ordered = new float[checked((int)destination.Length)];
        TensorOrder.FromPlanar(planar, ordered, destination.Shape, destination.Layout);
        fixed (float* from = ordered)
        {
            Driver.Upload(from, ((GpuBuffer)destination.Buffer).Memory, destination.Offset * sizeof(float), (long)ordered.Length * sizeof(float));
            Driver.Synchronize();
        }
    }

    /// <inheritdoc/>
    protected override unsafe void DownloadCore(TensorView source, Span<float> planar)
    {
        var ordered = new float[checked((int)source.Length)];
        fixed (float* to = ordered)
        {
            Driver.Download(((GpuBuffer)source.Buffer).Memory, source.Offset * sizeof(float), to, (long)ordered.Length * sizeof(float));
            Driver.Synchronize();
        }
        TensorOrder.ToPlanar(ordered, planar, source.Shape, source.Layout);
    }

    /// <inheritdoc/>
    protected override ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias) => new GpuFilters(this, shape, filters, bias);

    /// <inheritdoc/>
    protected override Convolution PrepareCore(ConvolutionSpec spec, ConvolutionFilters filters) => spec.Pool is null
        ? new ConvolutionGpu(this, spec, (GpuFilters)filters)
        : new ConvolutionThenPool(filters, spec);

    /// <inheritdoc/>
    protected override MaxPool PrepareCore(MaxPoolSpec spec) => new MaxPoolGpu(this, spec);

    /// <inheritdoc/>
    protected override CrossCorrelation PrepareCore(CrossCorrelationSpec spec) => new CrossCorrelationGpu(this, spec);

    /// <inheritdoc/>
    protected override Fourier2D PrepareCore(Fourier2DSpec spec) => new Fourier2DGpu(this, spec);

    /// <inheritdoc/>
    protected override CorrelationFilter PrepareCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterGpu(this, spec, window, target);

    /// <inheritdoc/>
    protected override Blend PrepareCore(BlendSpec spec) => new BlendGpu(this, spec);

    /// <inheritdoc/>
    protected override CropResize PrepareCore(CropResizeSpec spec) => new CropResizeGpu(this, spec);

    /// <inheritdoc/>
    protected override ResponsePeak PrepareCore(ResponsePeakSpec spec) => new ResponsePeakGpu(this, spec);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Driver.Dispose();
    }

    private static GpuDevice Open(GpuDriver driver, MathMode math)
    {
        if (math == MathMode.Float32 || driver.HasTensorCores)
            return new GpuDevice(driver, math);
        using (driver)
            throw new DeviceUnavailableException($"{driver.Name} has no tensor cores for {math}: compute capability 8.0 or above is needed");
    }
}

/// <summary>How products of convolutions are rounded on a GPU. Sums are always in 32-bit floats.</summary>
public enum MathMode
{
    /// <summary>Not at all: 32-bit floats.</summary>
    Float32,

    /// <summary>To eleven bits, on the tensor cores of NVIDIA GPUs; faster, and boxes may differ.</summary>
    Tf32,
}
