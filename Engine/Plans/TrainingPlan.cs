using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// A Siamese network in training, prepared for one batch size. A step runs forward through both branches, the join, the score and the loss,
/// then backward through the same in reverse. Then the optimizer moves all parameters. The search branch overwrites the gradients of the
/// shared weights, and the exemplar branch adds to them. A step only enqueues work: it allocates nothing and waits for nothing, unless the
/// correlation filter's window or target learns. For one thread at a time.
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
    private readonly Optimizer optimizer;

    /// <summary>Prepares the plan.</summary>
    /// <param name="device">The device to run on; it must outlive the plan.</param>
    /// <param name="start">The weights to start from.</param>
    /// <param name="options">How to train.</param>
    /// <exception cref="WeightFormatException">The weights are not a complete Siamese network; the message says why.</exception>
    /// <exception cref="KernelShapeException">The network does not fit its crops.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
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
        optimizer = new Optimizer(device, arena, options);
    }

    /// <summary>The network.</summary>
    public NetworkDefinition Definition { get; }

    /// <summary>The exemplar crops [batch,3,e,e], RGB 0..255, interleaved. Fill them before a step.</summary>
    public TensorView Exemplars => exemplar.Input;

    /// <summary>The search crops [batch,3,s,s], RGB 0..255, interleaved. Fill them before a step.</summary>
    public TensorView Searches => search.Input;

    /// <summary>The label of each place of each score map [batch,1,r,r]: +1, -1 or 0. Fill the labels before a step.</summary>
    public TensorView Labels => score.Labels;

    /// <summary>The weight of each place in the logistic loss. Fill the weights before a step.</summary>
    public TensorView LabelWeights => score.LabelWeights;

    /// <summary>Rows and columns of a score map.</summary>
    public int ResponseSize => join.Responses.Shape.Height;

    internal ParameterArena Arena => arena;

    internal Optimizer Optimizer => optimizer;

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

    /// <summary>Moves the parameters by one step of the optimizer.</summary>
    public void Step(float learningRate)
    {
        optimizer.Step(learningRate);
        if (options.WindowRate > 0 || options.TargetRate > 0)
            join.UpdateFilter();
    }

    /// <summary>Waits for the device, and copies the weights to the host: their running average if the options ask for it.</summary>
    /// <param name="metadata">Free text to store with the weights.</param>
    public NetworkWeights Weights(IReadOnlyDictionary<string, string> metadata) => optimizer.Weights(metadata);

    /// <summary>Frees the operations and buffers.</summary>
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
