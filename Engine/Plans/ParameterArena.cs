using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// All parameters of a network in one buffer. Their gradients are in another buffer of the same layout, so that one step of the optimizer
/// moves all parameters. The two moments of a batch norm are neighbors: {name}.mean, then {name}.sigma.
/// </summary>
internal sealed class ParameterArena : IDisposable
{
    // In floats. Tensors start where a cache line starts, so that vectors are aligned.
    private const int Alignment = 16;

    // Rates of the moments' running averages, as in MatConvNet and in the authors' code.
    private const float MomentsRate = 0.05f, ScoreMomentsRate = 0.3f;

    // Both branches compute moments for the same batch norm, so each gradient is the sum of two. The score is normalized only once.
    private const int BranchCalls = 2;

    private readonly ComputeDevice device;
    private readonly NetworkWeights start;
    private readonly NetworkDefinition definition;
    private readonly Dictionary<string, Slot> slots = [];
    private readonly List<ParameterSegment> segments = [];
    private readonly float[] staging;
    private readonly Tensor parameters, gradients;

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
        staging = new float[length];
        var all = new TensorShape(1, 1, 1, checked((int)length));
        parameters = device.Allocate(all, TensorLayout.Planar);
        gradients = device.Allocate(all, TensorLayout.Planar);
        Write(Parameters, StartValues);
    }

    /// <summary>The parts of the arena, each with its learning rate and weight decay.</summary>
    internal IReadOnlyList<ParameterSegment> Segments => segments;

    internal TensorView Parameters => parameters;

    internal TensorView Gradients => gradients;

    /// <summary>The value of a parameter.</summary>
    internal TensorView Value(string name) => View(Parameters, name);

    /// <summary>The gradient of a parameter.</summary>
    internal TensorView Gradient(string name) => View(Gradients, name);

    /// <summary>Where the batch norm writes the moments of a batch: mean and sigma as one view [2,channels,1,1].</summary>
    internal TensorView MomentsGradient(string norm)
    {
        Slot mean = slots[$"{norm}.mean"];
        return Gradients.Slice(mean.Offset, mean.Shape with { Batch = 2 }, TensorLayout.Planar);
    }

    /// <summary>The value that a parameter starts with.</summary>
    internal float[] StartValues(string name) => start.Values(name, [.. ShapeIn(name)]);

    /// <summary>Waits for the device, and copies weights with the layout of the arena to the host.</summary>
    internal NetworkWeights Weights(in TensorView values, IReadOnlyDictionary<string, string> metadata) =>
        new(start.Source, definition, Read(values), metadata);

    /// <summary>The shape that a parameter has in files.</summary>
    internal int[] ShapeIn(string name) => definition.TensorShapes().First(t => t.Name == name).Shape;

    public void Dispose()
    {
        parameters.Dispose();
        gradients.Dispose();
    }

    // Vectors become [1,n,1,1]; the window and the target become [1,1,m,m].
    private static TensorShape ShapeOf(int[] shape) => shape.Length switch
    {
        1 => new TensorShape(1, shape[0], 1, 1),
        2 => new TensorShape(1, 1, shape[0], shape[1]),
        _ => new TensorShape(shape[0], shape[1], shape[2], shape[3]),
    };

    /// <summary>Adds a parameter to the optimizer, with the authors' multipliers for the learning rate and the weight decay.</summary>
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
        // A parameter that does not learn is in no segment, so that weight decay does not move it either.
        if (rate != 0)
            segments.Add(new ParameterSegment(offset, count, rate, decay, averageOf));
    }

    private TensorView View(in TensorView arena, string name)
    {
        Slot slot = slots[name];
        return arena.Slice(slot.Offset, slot.Shape, TensorLayout.Planar);
    }

    /// <summary>Waits for the device, and copies a buffer with the layout of the arena to the host, each tensor under its parameter's name.</summary>
    internal Dictionary<string, WeightTensor> Read(in TensorView arena)
    {
        device.Download(arena, staging);
        var tensors = new Dictionary<string, WeightTensor>();
        foreach ((string name, Slot slot) in slots)
            tensors.Add(name, new WeightTensor(ShapeIn(name), staging.AsSpan((int)slot.Offset, (int)slot.Shape.Count).ToArray()));
        return tensors;
    }

    /// <summary>Fills a buffer with the layout of the arena.</summary>
    internal void Write(in TensorView arena, Func<string, float[]> valuesOf)
    {
        Array.Clear(staging);
        foreach ((string name, Slot slot) in slots)
            valuesOf(name).CopyTo(staging, slot.Offset);
        device.Upload(staging, arena);
    }

    private readonly record struct Slot(long Offset, TensorShape Shape);
}
