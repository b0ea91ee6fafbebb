using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// A device that ILGPU drives by CUDA or OpenCL. Operations are enqueued on one queue, which runs them in order while the host goes on.
/// <see cref="ResponsePeak.Read"/>, downloads and <see cref="Synchronize"/> wait for them. Several threads may enqueue at once. A call
/// that fails throws a <see cref="DeviceException"/> that says what failed and names the driver's error.
/// </summary>
/// <example>
/// <code>
/// using GpuDevice device = GpuDevice.OpenCuda();              // or: new GpuDevice(accelerator, stream) of a host that uses ILGPU
/// using Tracker tracker = Tracker.Load("cfnet-conv2.safetensors", device);
/// </code>
/// </example>
public sealed partial class GpuDevice : ComputeDevice
{
    /// <summary>
    /// Uses an accelerator of CUDA or OpenCL that the host has opened, and one of its streams. The host stays their owner: the device does
    /// not dispose them, and they must outlive it.
    /// </summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="stream">The stream that the device enqueues on; null to make a new one.</param>
    /// <param name="math">The precision of the products in convolutions.</param>
    /// <exception cref="ArgumentException">
    /// The accelerator is neither CUDA's nor OpenCL's, or the stream is of another accelerator.
    /// </exception>
    /// <exception cref="DeviceUnavailableException"><paramref name="math"/> needs tensor cores, which the accelerator lacks.</exception>
    public GpuDevice(Accelerator accelerator, AcceleratorStream? stream = null, ConvolutionMath math = ConvolutionMath.Float32)
        : this(DriverOf(accelerator, stream), math)
    {
    }

    internal GpuDevice(GpuDriver driver, ConvolutionMath math = ConvolutionMath.Float32)
    {
        if (math != ConvolutionMath.Float32 && !driver.HasTensorCores)
        {
            using (driver)
                throw new DeviceUnavailableException($"{driver.Name} has no tensor cores for {math}: compute capability 8.0 or above is needed");
        }
        Driver = driver;
        Math = math;
        LikeProcessor = driver.IsProcessor;
        ComputeUnits = driver.ComputeUnits;
    }

    /// <summary>Which driver runs it.</summary>
    public DeviceKind Kind => Driver.Kind;

    /// <inheritdoc/>
    public override string Name => Driver.Name;

    /// <inheritdoc/>
    public override TensorLayout FeatureLayout => TensorLayout.Blocked16;

    /// <summary>The precision of the products in convolutions.</summary>
    public ConvolutionMath Math { get; }

    /// <summary>Whether the device is a processor. It is slower than the CPU device, so it is used only on request.</summary>
    public bool IsProcessor => Driver.IsProcessor;

    internal GpuDriver Driver { get; }

    /// <summary>
    /// Whether convolutions use the kernel for processors, and for how many compute units they divide their work. Tests and benchmarks
    /// set both.
    /// </summary>
    internal bool LikeProcessor { get; init; }

    /// <inheritdoc cref="LikeProcessor"/>
    internal int ComputeUnits { get; init; }

    /// <summary>Whether repeated work is recorded and replayed, if the driver is able to.</summary>
    internal bool Records { get; init; } = true;

    /// <summary>Opens a CUDA device.</summary>
    /// <param name="index">The number of the device in <see cref="Devices.List"/>.</param>
    /// <param name="math">The precision of the products in convolutions.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; the message says why.</exception>
    public static GpuDevice OpenCuda(int index = 0, ConvolutionMath math = ConvolutionMath.Float32) => new(CudaDevices.Open(index), math);

    /// <summary>Opens an OpenCL device, which is a GPU or a processor.</summary>
    /// <param name="index">The number of the device in <see cref="Devices.List"/>.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; the message says why.</exception>
    public static GpuDevice OpenOpenCl(int index = 0) => new(OpenClDevices.Open(index));

    /// <inheritdoc/>
    public override void Synchronize() => Driver.Synchronize();

    /// <inheritdoc/>
    public override RecordedWork Record(Action enqueue) => Records ? new GpuRecordedWork(Driver, enqueue) : base.Record(enqueue);

    internal override GpuBuffer AllocateBuffer(long length)
    {
        var buffer = new GpuBuffer(this, length);
        Driver.Clear(buffer.Memory, 0, buffer.Bytes);
        return buffer;
    }

    /// <summary>Loads a kernel for this device.</summary>
    internal GpuKernel Load(string name) => Driver.Load(KernelSources.Find(name));

    /// <summary>Uploads values of four bytes into a new buffer.</summary>
    internal GpuBuffer Store<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var buffer = new GpuBuffer(this, values.Length);
        Replace(buffer, values);
        return buffer;
    }

    /// <summary>Uploads values of four bytes into a buffer after the work that is enqueued, and waits.</summary>
    internal unsafe void Replace<T>(GpuBuffer buffer, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* from = values)
        {
            Driver.Upload(from, buffer.Memory, 0, (long)values.Length * sizeof(T));
            Driver.Synchronize();
        }
    }

    private protected override unsafe void UploadCore(ReadOnlySpan<float> planar, TensorView destination)
    {
        var ordered = new float[checked((int)destination.Length)];
        TensorOrder.FromPlanar(planar, ordered, destination.Shape, destination.Layout);
        fixed (float* from = ordered)
        {
            Driver.Upload(from, ((GpuBuffer)destination.Buffer).Memory, destination.Offset * sizeof(float), (long)ordered.Length * sizeof(float));
            Driver.Synchronize();
        }
    }

    private protected override unsafe void DownloadCore(TensorView source, Span<float> planar)
    {
        var ordered = new float[checked((int)source.Length)];
        fixed (float* to = ordered)
        {
            Driver.Download(((GpuBuffer)source.Buffer).Memory, source.Offset * sizeof(float), to, (long)ordered.Length * sizeof(float));
            Driver.Synchronize();
        }
        TensorOrder.ToPlanar(ordered, planar, source.Shape, source.Layout);
    }

    private protected override ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias) => new GpuFilters(this, shape, filters, bias);

    private protected override Convolution PrepareCore(ConvolutionSpec spec, ConvolutionFilters filters) => spec.Pool is null
        ? new ConvolutionGpu(this, spec, (GpuFilters)filters)
        : new ConvolutionThenPool(filters, spec);

    private protected override MaxPool PrepareCore(MaxPoolSpec spec) => new MaxPoolGpu(this, spec);

    private protected override CrossCorrelation PrepareCore(CrossCorrelationSpec spec) => new CrossCorrelationGpu(this, spec);

    private protected override Fourier2D PrepareCore(Fourier2DSpec spec) => new Fourier2DGpu(this, spec);

    private protected override CorrelationFilter PrepareCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterGpu(this, spec, window, target);

    private protected override Blend PrepareCore(BlendSpec spec) => new BlendGpu(this, spec);

    private protected override CropResize PrepareCore(CropResizeSpec spec) => new CropResizeGpu(this, spec);

    private protected override ResponsePeak PrepareCore(ResponsePeakSpec spec) => new ResponsePeakGpu(this, spec);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Driver.Dispose();
    }

    private static IlgpuDriver DriverOf(Accelerator accelerator, AcceleratorStream? stream)
    {
        if (stream is not null && stream.Accelerator != accelerator)
            throw new ArgumentException("the stream is another accelerator's", nameof(stream));
        return accelerator switch
        {
            CudaAccelerator cuda => new CudaDriver(cuda, stream),
            CLAccelerator openCl => new OpenClDriver(openCl, stream),
            _ => throw new ArgumentException(
                $"{accelerator.Name}: CUDA and OpenCL accelerators alone run the kernels; for the processor there is the CPU device", nameof(accelerator)),
        };
    }
}

/// <summary>The precision of the products in convolutions on a GPU. Sums are always 32-bit floats.</summary>
public enum ConvolutionMath
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>Factors are rounded to eleven bits, for the tensor cores of NVIDIA GPUs. This is faster, and boxes may differ.</summary>
    Tf32,
}
