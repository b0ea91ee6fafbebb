using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// All parameters of a network in one buffer, their gradients and velocities in two of the same layout, so that one step moves
/// all. The moments of a batch norm lie together: {name}.mean, then {name}.sigma.
/// </summary>
internal sealed class ParameterArena : IDisposable
{
    // Whole vectors: a tensor begins where a cache line does.
    private const int Alignment = 16;

    // Rates of the running averages of moments, as MatConvNet and the authors have them.
    private const float MomentsRate = 0.05f, ScoreMomentsRate = 0.3f;

    // Both branches of the network normalize, the score does so once.
    private const int BranchCalls = 2;

    private readonly ComputeDevice device;
    private readonly NetworkWeights start;
    private readonly NetworkDefinition definition;
    private readonly Dictionary<string, Slot> slots = [];
    private readonly List<SgdSegment> segments = [];
    private readonly float[] staging;
    private readonly Tensor parameters, gradients, velocities;

    internal ParameterArena(ComputeDevice device, NetworkWeights start, TrainingOptions options)
    {
        this.device = device;
        this.start = start;
        definition = start.RequireDefinition();
        long length = 0;
        foreach ((string name, int[] shape) in definition.TensorShapes())
        {
            long count = shape.Aggregate(1L, (product, side) => product * side);
            bool behindMean = name.EndsWith(".sigma", StringComparison.Ordinal);
            long offset = behindMean ? length : (length + Alignment - 1) / Alignment * Alignment;
            slots.Add(name, new Slot(offset, ShapeOf(shape)));
            AddSegment(name, offset, count, options);
            length = offset + count;
        }
        length = (length + Alignment - 1) / Alignment * Alignment;
        Spec = new SgdSpec(length, segments, options.Momentum, options.WeightDecay);
        staging = new float[length];
        parameters = device.Allocate(Spec.Arena, TensorLayout.Planar);
        gradients = device.Allocate(Spec.Arena, TensorLayout.Planar);
        velocities = device.Allocate(Spec.Arena, TensorLayout.Planar);
        Write(Parameters, name => start.Values(name, [.. ShapeIn(name)]));
    }

    /// <summary>The optimizer that moves the arena.</summary>
    internal SgdSpec Spec { get; }

    internal TensorView Parameters => parameters;

    internal TensorView Gradients => gradients;

    internal TensorView Velocities => velocities;

    /// <summary>The values of a tensor.</summary>
    internal TensorView Value(string name) => View(Parameters, name);

    /// <summary>The gradient of a tensor.</summary>
    internal TensorView Gradient(string name) => View(Gradients, name);

    /// <summary>Mean and sigma of a batch norm as one view [2,channels,1,1].</summary>
    internal TensorView MomentsGradient(string norm)
    {
        Slot mean = slots[$"{norm}.mean"];
        return Gradients.Slice(mean.Offset, mean.Shape with { Batch = 2 }, TensorLayout.Planar);
    }

    /// <summary>Waits, and copies the parameters out.</summary>
    internal NetworkWeights Weights(IReadOnlyDictionary<string, string> metadata) =>
        new(start.Source, definition, Read(Parameters), metadata);

    /// <summary>Waits, and copies the velocities out, each under its parameter's name.</summary>
    internal Dictionary<string, WeightTensor> ReadVelocities() => Read(Velocities);

    /// <summary>Takes velocities that <see cref="ReadVelocities"/> gave.</summary>
    internal void WriteVelocities(Func<string, float[]> valuesOf) => Write(Velocities, valuesOf);

    /// <summary>The shape of a tensor as files have it.</summary>
    internal int[] ShapeIn(string name) => definition.TensorShapes().First(t => t.Name == name).Shape;

    public void Dispose()
    {
        parameters.Dispose();
        gradients.Dispose();
        velocities.Dispose();
    }

    // Vectors are [1,n,1,1]; window and target [1,1,m,m].
    private static TensorShape ShapeOf(int[] shape) => shape.Length switch
    {
        1 => new TensorShape(1, shape[0], 1, 1),
        2 => new TensorShape(1, 1, shape[0], shape[1]),
        _ => new TensorShape(shape[0], shape[1], shape[2], shape[3]),
    };

    /// <summary>The multipliers of SYSTEM's section on training, as the authors have them: learning rate, then decay.</summary>
    private void AddSegment(string name, long offset, long count, TrainingOptions options)
    {
        string part = name[(name.LastIndexOf('.') + 1)..];
        bool score = name.StartsWith("adjust.", StringComparison.Ordinal);
        (float rate, float decay, int averageOf) = (part, score) switch
        {
            ("mean" or "sigma", true) => (ScoreMomentsRate, 0, 1),
            ("mean" or "sigma", false) => (MomentsRate, 0, BranchCalls),
            ("weight", true) => (options.AdjustGainRate, 1, 0),
            ("bias", true) => (options.AdjustBiasRate, 0, 0),
            ("weight", false) => (1, 1, 0),
            ("bias" or "gain", _) => (2, 0, 0),
            ("offset", _) => (1, 0, 0),
            ("window", _) => (options.WindowRate, 0, 0),
            ("target", _) => (options.TargetRate, 0, 0),
            _ => throw new InvalidOperationException($"no learning rate for {name}"),
        };
        // What does not learn is in no segment: not even weight decay moves it.
        if (rate != 0)
            segments.Add(new SgdSegment(offset, count, rate, decay, averageOf));
    }

    private TensorView View(in TensorView arena, string name)
    {
        Slot slot = slots[name];
        return arena.Slice(slot.Offset, slot.Shape, TensorLayout.Planar);
    }

    private Dictionary<string, WeightTensor> Read(in TensorView arena)
    {
        device.Download(arena, staging);
        var tensors = new Dictionary<string, WeightTensor>();
        foreach ((string name, Slot slot) in slots)
            tensors.Add(name, new WeightTensor(ShapeIn(name), staging.AsSpan((int)slot.Offset, (int)slot.Shape.Count).ToArray()));
        return tensors;
    }

    private void Write(in TensorView arena, Func<string, float[]> valuesOf)
    {
        Array.Clear(staging);
        foreach ((string name, Slot slot) in slots)
            valuesOf(name).CopyTo(staging, slot.Offset);
        device.Upload(staging, arena);
    }

    private readonly record struct Slot(long Offset, TensorShape Shape);
}
