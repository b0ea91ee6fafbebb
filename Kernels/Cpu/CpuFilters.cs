namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Filters in the caller's arrays, and each packed form of them once it is asked for.</summary>
internal sealed unsafe class CpuFilters : ConvolutionFilters
{
    private readonly CpuDevice device;
    private float[]? filters;
    private readonly CpuBuffer biases;
    private readonly Dictionary<(Type Form, int Stride, int Groups), IDisposable> packed = [];

    internal CpuFilters(CpuDevice device, TensorShape shape, float[] filters, float[] bias)
        : base(device, shape)
    {
        this.device = device;
        this.filters = filters;
        biases = new CpuBuffer(device, (bias.Length + 15) / 16 * 16);
        bias.CopyTo(new Span<float>(biases.Pointer, bias.Length));
    }

    /// <summary>One a channel, zero up to a whole block of channels.</summary>
    internal float* Biases => biases.Pointer;

    /// <summary>The form in which a convolution reads them. It depends on nothing of the spec but stride and groups.</summary>
    internal TForm Packed<TForm>(ConvolutionSpec spec)
        where TForm : class, IPackedFilters<TForm>
    {
        lock (packed)
        {
            if (!packed.TryGetValue((typeof(TForm), spec.Stride, spec.Groups), out IDisposable? form))
                packed.Add((typeof(TForm), spec.Stride, spec.Groups), form = TForm.Pack(device, spec, filters));
            return (TForm)form;
        }
    }

    protected override void Seal() => filters = null;

    protected override void Free()
    {
        foreach (IDisposable form in packed.Values)
            form.Dispose();
        biases.Dispose();
    }
}

/// <summary>A form of filters that kernels read.</summary>
internal interface IPackedFilters<TSelf> : IDisposable
{
    /// <summary>Brings filters, OIHW, into this form.</summary>
    static abstract TSelf Pack(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters);
}
