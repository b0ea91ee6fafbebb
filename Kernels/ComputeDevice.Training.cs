namespace SiamIlgpu.Kernels;

/// <content>The operations that training needs in addition to those of inference.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Prepares the gradients of a convolution with filters that this device has loaded.</summary>
    /// <exception cref="KernelShapeException">
    /// The spec is invalid, its filters have another shape, or it ends with ReLU or pooling.
    /// </exception>
    /// <exception cref="DeviceMismatchException">The filters are of another device.</exception>
    public ConvolutionBackward PrepareBackward(ConvolutionSpec spec, ConvolutionFilters filters)
    {
        CheckFilters(spec, filters);
        if (spec.Relu || spec.Pool is not null)
            throw new KernelShapeException("convolution gradients: ReLU and pooling have operations of their own");
        return PrepareBackwardCore(spec, filters);
    }

    /// <summary>
    /// Prepares the gradients of a correlation filter with a window and a target of m x m values, row by row. Both are copied.
    /// </summary>
    /// <exception cref="KernelShapeException">The spec is invalid, or a length is wrong.</exception>
    public CorrelationFilterBackward PrepareBackward(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        spec.Validate();
        spec.RequirePlanes(window, target);
        return PrepareBackwardCore(spec, window, target);
    }

    /// <summary>Prepares the gradient of a max pooling.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public MaxPoolBackward PrepareBackward(MaxPoolSpec spec)
    {
        spec.Validate();
        return PrepareBackwardCore(spec);
    }

    /// <summary>Prepares the gradients of a cross-correlation.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public CrossCorrelationBackward PrepareBackward(CrossCorrelationSpec spec)
    {
        spec.Validate();
        if (spec.Gain != 1 || spec.Bias != 0)
            throw new KernelShapeException("cross-correlation gradients: gain and bias have an operation of their own");
        return PrepareBackwardCore(spec);
    }

    /// <summary>Prepares both passes of a batch normalization in training.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public BatchNormTraining PrepareTraining(BatchNormSpec spec)
    {
        spec.Validate();
        return PrepareTrainingCore(spec);
    }

    /// <summary>Prepares the gradient of a ReLU.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public ReluBackward PrepareBackward(ReluSpec spec)
    {
        spec.Validate();
        return PrepareBackwardCore(spec);
    }

    /// <summary>Prepares both passes of the map from responses to scores.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public ScoreAdjust PrepareTraining(ScoreAdjustSpec spec)
    {
        spec.Validate();
        return PrepareTrainingCore(spec);
    }

    /// <summary>Prepares the logistic loss and its gradient.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public LogisticLoss PrepareLoss(LogisticLossSpec spec)
    {
        spec.Validate();
        return PrepareLossCore(spec);
    }

    /// <summary>Prepares the triplet loss and its gradient.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public TripletLoss PrepareLoss(TripletLossSpec spec)
    {
        spec.Validate();
        return PrepareLossCore(spec);
    }

    /// <summary>Prepares a step of stochastic gradient descent.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public SgdStep PrepareStep(SgdSpec spec)
    {
        spec.Validate();
        return PrepareStepCore(spec);
    }

    /// <summary>Prepares a step of AdamW.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public AdamWStep PrepareStep(AdamWSpec spec)
    {
        spec.Validate();
        return PrepareStepCore(spec);
    }

    /// <summary>Prepares an operation; its spec has been checked.</summary>
    private protected abstract ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract CorrelationFilterBackward PrepareBackwardCore(
        CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract BatchNormTraining PrepareTrainingCore(BatchNormSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract ReluBackward PrepareBackwardCore(ReluSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract ScoreAdjust PrepareTrainingCore(ScoreAdjustSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract LogisticLoss PrepareLossCore(LogisticLossSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract TripletLoss PrepareLossCore(TripletLossSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract SgdStep PrepareStepCore(SgdSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract AdamWStep PrepareStepCore(AdamWSpec spec);
}
