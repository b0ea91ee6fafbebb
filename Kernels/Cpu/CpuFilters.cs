namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Filters in the caller's array, or after an update in an array of their own, with the packed forms that operations have asked for so
/// far.
/// </summary>
internal sealed unsafe class CpuFilters : ConvolutionFilters
{
    private readonly CpuDevice device;
    private float[]? filters;
    private bool updated;
    private readonly CpuBuffer biases;
    private readonly Dictionary<(Type Form, int Stride, int Groups), IPackedFilters> packed = [];

    internal CpuFilters(CpuDevice device, TensorShape shape, float[] filters, float[] bias)
        : base(device, shape)
    {
        this.device = device;
        this.filters = filters;
        biases = new CpuBuffer(device, bias.Length.RoundUp(Block.Lanes));
        bias.CopyTo(new Span<float>(biases.Pointer, bias.Length));
    }

    /// <summary>One a channel, zero up to a whole block of channels.</summary>
    internal float* Biases => biases.Pointer;

    /// <summary>The forms that have been asked for.</summary>
    internal IEnumerable<Type> PackedForms => packed.Keys.Select(key => key.Form);

    /// <summary>The form in which a convolution reads them. It depends on nothing of the spec but stride and groups.</summary>
    internal TForm Packed<TForm>(ConvolutionSpec spec)
        where TForm : class, IPackedFilters<TForm>
    {
        lock (packed)
        {
            if (!packed.TryGetValue((typeof(TForm), spec.Stride, spec.Groups), out IPackedFilters? form))
                packed.Add((typeof(TForm), spec.Stride, spec.Groups), form = TForm.Pack(device, spec, filters));
            return (TForm)form;
        }
    }

    /// <summary>Brings all packed forms up to date, after the array that the filters came in has changed.</summary>
    internal void Repack()
    {
        lock (packed)
        {
            foreach (IPackedFilters form in packed.Values)
                form.Repack(filters);
        }
    }

    protected override void UpdateCore(TensorView values, TensorView bias)
    {
        // The first array is the caller's.
        if (!updated)
            (filters, updated) = (new float[Shape.Count], true);
        values.Floats().CopyTo(filters);
        bias.Floats().CopyTo(new Span<float>(biases.Pointer, Shape.Batch));
        Repack();
    }

    protected override void Seal() => filters = null;

    protected override void Free()
    {
        foreach (IPackedFilters form in packed.Values)
            form.Dispose();
        biases.Dispose();
    }
}

/// <summary>A form of filters that kernels read.</summary>
internal interface IPackedFilters : IDisposable
{
    /// <summary>Takes other filters, OIHW, in place of those that it was made from.</summary>
    void Repack(ReadOnlySpan<float> filters);
}

/// <inheritdoc/>
internal interface IPackedFilters<TSelf> : IPackedFilters
{
    /// <summary>Brings filters, OIHW, into this form.</summary>
    static abstract TSelf Pack(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters);
}
