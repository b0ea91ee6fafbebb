namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Filters as the kernels read them, packed on the device when the first convolution or gradient asks for them.</summary>
internal sealed class GpuFilters : ConvolutionFilters
{
    private readonly GpuDevice device;
    private readonly Dictionary<(bool Image, bool Flipped, int Groups), PackedFilters> packed = [];

    // The latest planar values, for forms that will be made later. They are freed when no more forms can be asked for.
    private readonly GpuBuffer filters, bias;
    private readonly ConvolutionFilterArguments arguments;

    // Only training changes filters.
    private GpuKernel? keep;

    internal GpuFilters(GpuDevice device, TensorShape shape, float[] filters, float[] bias)
        : base(device, shape)
    {
        this.device = device;
        this.filters = device.Store<float>(filters);
        this.bias = device.Store<float>(bias);
        arguments = new ConvolutionFilterArguments { Order = new FilterOrder { Values = filters.Length }, Biases = bias.Length };
    }

    /// <summary>Number of packed forms, for tests.</summary>
    internal int Forms => packed.Count;

    /// <summary>The packed filters for a convolution. They depend only on its input layout and its groups.</summary>
    internal PackedFilters For(in ConvolutionSpec spec) => Form(spec, spec.InputLayout(device) == TensorLayout.Interleaved, flipped: false);

    /// <summary>The packed filters for the gradient of its input, which is another convolution. They depend only on the groups.</summary>
    internal PackedFilters Flipped(in ConvolutionSpec spec) => Form(spec, image: false, flipped: true);

    protected override void UpdateCore(TensorView filters, TensorView bias)
    {
        lock (packed)
        {
            keep ??= device.Load("ConvolutionFilters.Keep");
            keep.LaunchOver(arguments.Order.Values, [filters.OnGpu(), bias.OnGpu(), this.filters.All, this.bias.All], arguments);
            foreach ((_, PackedFilters form) in packed)
                form.Pack(this.filters.All, this.bias.All);
        }
    }

    protected override void Seal()
    {
        filters.Dispose();
        bias.Dispose();
    }

    protected override void Free()
    {
        foreach ((_, PackedFilters form) in packed)
            form.Dispose();
    }

    private PackedFilters Form(in ConvolutionSpec spec, bool image, bool flipped)
    {
        lock (packed)
        {
            if (!packed.TryGetValue((image, flipped, spec.Groups), out PackedFilters? form))
            {
                packed.Add((image, flipped, spec.Groups), form = new PackedFilters(device, spec, image, flipped));
                form.Pack(filters.All, bias.All);
            }
            return form;
        }
    }
}

/// <summary>One packed form of the filters, with the bias in the same columns. The bias of flipped filters is zero.</summary>
internal sealed class PackedFilters : IDisposable
{
    // Whole tiles of channels are read, so the rows are padded to the widest tile.
    private const int Pitch = 128;

    private readonly GpuKernel pack;
    private readonly ConvolutionFilterArguments arguments;

    internal PackedFilters(GpuDevice device, in ConvolutionSpec spec, bool image, bool flipped)
    {
        pack = device.Load("ConvolutionFilters.Pack");
        Layout = FilterLayout.Of(spec, image, flipped, Pitch);
        // Cleared, because packing writes only the values.
        Filters = device.AllocateBuffer(Layout.Length);
        Bias = device.AllocateBuffer(Layout.Groups * Layout.GroupPitch);
        arguments = new ConvolutionFilterArguments { Order = Layout.Order, Biases = flipped ? 0 : spec.OutChannels };
    }

    internal FilterLayout Layout { get; }

    internal GpuBuffer Filters { get; }

    internal GpuBuffer Bias { get; }

    /// <summary>Takes planar values.</summary>
    internal void Pack(GpuView filters, GpuView bias) =>
        pack.LaunchOver(arguments.Order.Values, [filters, bias, Filters.All, Bias.All], arguments);

    public void Dispose()
    {
        Filters.Dispose();
        Bias.Dispose();
    }
}
