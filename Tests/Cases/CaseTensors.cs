using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>
/// Operations and tensors of one device that live as long as this. Tensors that are written start as NaN, so that nothing relies
/// on cleared memory.
/// </summary>
internal sealed class CaseTensors(ComputeDevice device) : IDisposable
{
    private readonly Stack<IDisposable> owned = [];
    private readonly List<(TensorView View, float[] Planar)> inputs = [];
    private readonly List<(TensorView View, float[] Planar)> inOuts = [];
    private readonly List<CaseOutput> outputs = [];
    private readonly List<byte[]> lent = [];

    internal ComputeDevice Device => device;

    /// <summary>What a pass writes, in the order of declaration.</summary>
    internal IReadOnlyList<CaseOutput> Outputs => outputs;

    /// <summary>How the next passes write gradients of parameters.</summary>
    internal GradientWrite Write { get; set; } = GradientWrite.Overwrite;

    /// <summary>Disposes a resource together with this.</summary>
    internal T Own<T>(T resource)
        where T : IDisposable
    {
        owned.Push(resource);
        return resource;
    }

    /// <summary>A tensor that is only read, from values in planar order; features unless another layout is given.</summary>
    internal TensorView Input(float[] planar, TensorShape shape, TensorLayout? layout = null)
    {
        TensorView view = Allocate(shape, layout);
        device.Upload(planar, view);
        inputs.Add((view, planar));
        return view;
    }

    /// <summary>A tensor that is written.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="layout">Its layout; null for features.</param>
    /// <param name="accumulates">Whether a pass adds to it when gradients accumulate.</param>
    /// <param name="padded">Whether its unused lanes must be zero.</param>
    internal TensorView Output(TensorShape shape, TensorLayout? layout = null, bool accumulates = false, bool padded = true)
    {
        TensorView view = Allocate(shape, layout);
        var garbage = new float[view.Length];
        garbage.AsSpan().Fill(float.NaN);
        device.Upload(garbage, view.Raw());
        outputs.Add(new CaseOutput(() => device.DownloadRaw(view), () => device.Download(view), accumulates, padded));
        return view;
    }

    /// <summary>A tensor that is read and written, from values in planar order; features unless another layout is given.</summary>
    internal TensorView InOut(float[] planar, TensorShape shape, TensorLayout? layout = null)
    {
        TensorView view = Output(shape, layout);
        device.Upload(planar, view);
        inOuts.Add((view, planar));
        return view;
    }

    /// <summary>An output's gradient, and where its input's goes: into memory of its own or, in place, into the same.</summary>
    internal (TensorView Output, TensorView Input) Gradients(float[] planar, TensorShape shape, TensorLayout layout, bool inPlace)
    {
        if (!inPlace)
            return (Input(planar, shape, layout), Output(shape, layout));
        TensorView both = InOut(planar, shape, layout);
        return (both, both);
    }

    /// <summary>Bytes of the host that a pass reads, and that are the caller's again when it returns.</summary>
    internal byte[] Lent(byte[] bytes)
    {
        lent.Add(bytes);
        return bytes;
    }

    /// <summary>Runs a first pass, then writes over what was lent to it.</summary>
    internal void Run(Action pass)
    {
        pass();
        foreach (byte[] bytes in lent)
            bytes.AsSpan().Fill(77);
    }

    /// <summary>Gives the tensors that are read and written the values that they had at first.</summary>
    internal void Restore() => inOuts.ForEach(tensor => device.Upload(tensor.Planar, tensor.View));

    /// <summary>A number that a pass brings to the host.</summary>
    internal void Result(Func<float> read) => outputs.Add(new CaseOutput(() => [read()], () => [read()]));

    /// <summary>Whether all inputs hold what they held at first.</summary>
    internal bool InputsAreUnchanged() => inputs.TrueForAll(input => device.Download(input.View).AsSpan().SequenceEqual(input.Planar));

    public void Dispose()
    {
        while (owned.TryPop(out IDisposable? resource))
            resource.Dispose();
    }

    private TensorView Allocate(TensorShape shape, TensorLayout? layout) => Own(device.Allocate(shape, layout ?? device.FeatureLayout));
}

/// <summary>What a pass writes into one tensor, or brings to the host.</summary>
/// <param name="Raw">Reads it as it lies in memory, padding lanes included.</param>
/// <param name="Planar">Reads it in planar order.</param>
/// <param name="Accumulates">Whether a pass adds to it when gradients accumulate.</param>
/// <param name="Padded">Whether its unused lanes must be zero.</param>
internal sealed record CaseOutput(Func<float[]> Raw, Func<float[]> Planar, bool Accumulates = false, bool Padded = true)
{
    /// <summary>Whether lanes that belong to no channel hold something: no value of the tensor accounts for it.</summary>
    internal bool HasDirtyLanes() => Padded && Raw().Count(value => value != 0) != Planar().Count(value => value != 0);
}

/// <summary>Brings tensors to the host.</summary>
internal static class Downloads
{
    /// <summary>Waits, and copies a tensor out in planar order.</summary>
    internal static float[] Download(this ComputeDevice device, TensorView view)
    {
        var planar = new float[view.Shape.Count];
        device.Download(view, planar);
        return planar;
    }

    /// <summary>Waits, and copies all floats of a tensor out as they lie in memory, padding lanes included.</summary>
    internal static float[] DownloadRaw(this ComputeDevice device, TensorView view) => device.Download(view.Raw());

    /// <summary>All floats of a tensor as they lie in memory.</summary>
    internal static TensorView Raw(this TensorView view) =>
        view.Slice(0, new TensorShape(1, 1, 1, checked((int)view.Length)), TensorLayout.Planar);
}
