using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// Moves the parameters of an arena by their gradients, and keeps the running average of the parameters if the options ask for it. Its
/// state has the layout of the arena: velocities, and for AdamW the average squares of the gradients.
/// </summary>
internal sealed class Optimizer : IDisposable
{
    private const string VelocityPrefix = "velocity.", SquarePrefix = "square.", AveragePrefix = "average.";

    private readonly ParameterArena arena;
    private readonly SgdStep? sgd, averaging;
    private readonly AdamWStep? adamW;
    private readonly Tensor velocities;
    private readonly Tensor? squares, averages;

    internal Optimizer(ComputeDevice device, ParameterArena arena, TrainingOptions options)
    {
        this.arena = arena;
        TensorShape shape = arena.Parameters.Shape;
        velocities = device.Allocate(shape, TensorLayout.Planar);
        if (options.Optimizer == OptimizerKind.AdamW)
        {
            adamW = device.PrepareStep(new AdamWSpec(shape.Count, arena.Segments, options.WeightDecay, Beta1: options.Momentum));
            squares = device.Allocate(shape, TensorLayout.Planar);
        }
        else
        {
            sgd = device.PrepareStep(new SgdSpec(shape.Count, arena.Segments, options.Momentum, options.WeightDecay));
        }
        if (options.AverageDecay > 0)
        {
            // The update of a batch norm's moments is a running average, too: of the "gradients", which here are the parameters.
            var all = new ParameterSegment(0, shape.Count, Rate: 1 - options.AverageDecay, Decay: 0, AverageOf: 1);
            averaging = device.PrepareStep(new SgdSpec(shape.Count, [all], Momentum: 0, WeightDecay: 0));
            averages = device.Allocate(shape, TensorLayout.Planar);
            arena.Write(averages, arena.StartValues);
        }
    }

    /// <summary>Number of steps since the training began.</summary>
    internal long StepsDone { get; set; }

    /// <summary>Moves the parameters.</summary>
    internal void Step(float rate)
    {
        StepsDone++;
        sgd?.Step(arena.Parameters, arena.Gradients, velocities, rate);
        adamW?.Step(arena.Parameters, arena.Gradients, velocities, squares!, rate, StepsDone);
        averaging?.Step(averages!, arena.Parameters, velocities, learningRate: 0);
    }

    /// <summary>The weights to validate and to save: the running average if there is one, otherwise the parameters.</summary>
    internal NetworkWeights Weights(IReadOnlyDictionary<string, string> metadata) =>
        arena.Weights(averages is null ? arena.Parameters : averages, metadata);

    /// <summary>Waits for the device, and copies the state to the host: each tensor under its parameter's name behind a prefix.</summary>
    internal Dictionary<string, WeightTensor> ReadState()
    {
        var state = new Dictionary<string, WeightTensor>();
        foreach ((string prefix, Tensor tensor) in State)
        {
            foreach ((string name, WeightTensor values) in arena.Read(tensor))
                state.Add(prefix + name, values);
        }
        return state;
    }

    /// <summary>Sets the state to values that <see cref="ReadState"/> returned.</summary>
    internal void WriteState(Func<string, string, float[]> valuesOf)
    {
        foreach ((string prefix, Tensor tensor) in State)
            arena.Write(tensor, name => valuesOf(prefix, name));
    }

    /// <summary>Waits for the device, and computes what the last step added to each parameter.</summary>
    /// <param name="rate">The learning rate of the last step.</param>
    internal Func<string, float[]> LastStep(float rate)
    {
        Dictionary<string, WeightTensor> mean = arena.Read(velocities);
        if (squares is null)
            return name => [.. mean[name].Values.Select(v => rate * v)];
        Dictionary<string, WeightTensor> square = arena.Read(squares);
        AdamWSpec spec = adamW!.Spec;
        double first = 1 - Math.Pow(spec.Beta1, StepsDone), second = 1 - Math.Pow(spec.Beta2, StepsDone);
        return name => [.. mean[name].Values.Zip(
            square[name].Values, (m, s) => (float)(-rate * m / first / (Math.Sqrt(s / second) + spec.Epsilon)))];
    }

    public void Dispose()
    {
        sgd?.Dispose();
        adamW?.Dispose();
        averaging?.Dispose();
        velocities.Dispose();
        squares?.Dispose();
        averages?.Dispose();
    }

    private IEnumerable<(string Prefix, Tensor Tensor)> State
    {
        get
        {
            yield return (VelocityPrefix, velocities);
            if (squares is not null)
                yield return (SquarePrefix, squares);
            if (averages is not null)
                yield return (AveragePrefix, averages);
        }
    }
}
