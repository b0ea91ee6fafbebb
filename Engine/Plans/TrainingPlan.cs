using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// A Siamese network in training, prepared for one batch size: forward through both branches, join, score and loss; backward
/// through the same in reverse; one step of the optimizer over all parameters. The search branch overwrites the gradients of the
/// shared weights, the exemplar branch accumulates. A step enqueues, allocates nothing and waits for nothing.
/// For one thread at a time.
/// </summary>
public sealed class TrainingPlan : IDisposable
{
    private readonly ComputeDevice device;
    private readonly TrainingOptions options;
    private readonly ParameterArena arena;
    private readonly (ConvolutionFilters Filters, TensorView Weights, TensorView Biases)[] filters;
    private readonly TrainingBranch exemplar;
    private readonly TrainingBranch search;
    private readonly TrainingJoin join;
    private readonly TrainingScore score;
    private readonly SgdStep optimizer;

    /// <summary>Prepares the plan.</summary>
    /// <param name="device">Where it runs; must outlive the plan.</param>
    /// <param name="start">The weights to start from, with their definition.</param>
    /// <param name="options">How to train.</param>
    /// <exception cref="WeightFormatException">The weights are no complete Siamese network.</exception>
    /// <exception cref="KernelShapeException">The network does not fit its crops.</exception>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public TrainingPlan(ComputeDevice device, NetworkWeights start, TrainingOptions options)
    {
        options.Validate();
        this.device = device;
        this.options = options;
        Definition = start.RequireDefinition();
        if (Definition.Join.Kind == JoinKind.None)
            throw new WeightFormatException(start.Source, $"{Definition.Name} has no join of two branches, so it cannot be trained");
        arena = new ParameterArena(device, start, options);
        filters = [.. Definition.Convolutions.Select(layer => Load(layer, start))];
        ConvolutionFilters[] shared = [.. filters.Select(f => f.Filters)];
        search = new TrainingBranch(device, arena, shared, Definition, options.Batch, options.SearchSize, GradientWrite.Overwrite);
        exemplar = new TrainingBranch(device, arena, shared, Definition, options.Batch, Definition.ExemplarSize, GradientWrite.Accumulate);
        join = new TrainingJoin(device, arena, Definition.Join, exemplar, search);
        score = new TrainingScore(device, arena, Definition.Join.Adjust, options, join.Responses, join.ResponseGradients);
        optimizer = device.PrepareStep(arena.Spec);
    }

    /// <summary>The network.</summary>
    public NetworkDefinition Definition { get; }

    /// <summary>The exemplar crops [batch,3,e,e], RGB 0..255, interleaved; filled before a step.</summary>
    public TensorView Exemplars => exemplar.Input;

    /// <summary>The search crops [batch,3,s,s], RGB 0..255, interleaved; filled before a step.</summary>
    public TensorView Searches => search.Input;

    /// <summary>+1, -1 or 0 for each place of each score map [batch,1,r,r]; filled before a step.</summary>
    public TensorView Labels => score.Labels;

    /// <summary>The weight of each place in the logistic loss; filled before a step.</summary>
    public TensorView LabelWeights => score.LabelWeights;

    /// <summary>Rows and columns of a score map.</summary>
    public int ResponseSize => join.Responses.Shape.Height;

    internal ParameterArena Arena => arena;

    internal TensorView Scores => score.Scores;

    /// <summary>Computes the loss of each pair, and all gradients.</summary>
    /// <param name="losses">Receives the losses [batch,1,1,1], planar.</param>
    public void ComputeGradients(TensorView losses)
    {
        foreach ((ConvolutionFilters convolution, TensorView weights, TensorView biases) in filters)
            convolution.Update(weights, biases);
        search.Forward();
        exemplar.Forward();
        join.Forward();
        score.Forward(losses);
        score.Backward();
        join.Backward();
        search.Backward();
        exemplar.Backward();
    }

    /// <summary>Moves the parameters along the gradients.</summary>
    public void Step(float learningRate)
    {
        optimizer.Step(arena.Parameters, arena.Gradients, arena.Velocities, learningRate);
        if (options.WindowRate > 0 || options.TargetRate > 0)
            join.UpdateFilter();
    }

    /// <summary>Waits, and copies the weights out.</summary>
    /// <param name="metadata">Free text to go with them.</param>
    public NetworkWeights Weights(IReadOnlyDictionary<string, string> metadata) => arena.Weights(metadata);

    /// <summary>Frees operations and buffers.</summary>
    public void Dispose()
    {
        optimizer.Dispose();
        score.Dispose();
        join.Dispose();
        exemplar.Dispose();
        search.Dispose();
        foreach ((ConvolutionFilters convolution, _, _) in filters)
            convolution.Dispose();
        arena.Dispose();
    }

    private (ConvolutionFilters Filters, TensorView Weights, TensorView Biases) Load(ConvolutionLayer layer, NetworkWeights start)
    {
        TensorView weights = arena.Value($"{layer.Name}.weight");
        TensorView biases = arena.Value($"{layer.Name}.bias");
        float[] values = start.Tensors[$"{layer.Name}.weight"].Values;
        return (device.Load(weights.Shape, values, start.Tensors[$"{layer.Name}.bias"].Values), weights, biases);
    }
}
