namespace SiamIlgpu.Kernels;

/// <content>What training needs beyond inference.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Prepares the gradients of a convolution with filters of this device.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense, takes other filters, or ends with ReLU or pooling.</exception>
    /// <exception cref="DeviceMismatchException">The filters are another device's.</exception>
    public ConvolutionBackward PrepareBackward(ConvolutionSpec spec, ConvolutionFilters filters)
    {
        CheckFilters(spec, filters);
        if (spec.Relu || spec.Pool is not null)
            throw new KernelShapeException("convolution gradients: ReLU and pooling have operations of their own");
        return PrepareBackwardCore(spec, filters);
    }

    /// <summary>Prepares the gradients of a correlation filter. Window and target are m x m, row by row; both are copied.</summary>
    /// <exception cref="KernelShapeException">The spec or the lengths make no sense.</exception>
    public CorrelationFilterBackward PrepareBackward(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        spec.Validate();
        spec.RequirePlanes(window, target);
        return PrepareBackwardCore(spec, window, target);
    }

    /// <summary>Prepares the gradient of a max pooling.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public MaxPoolBackward PrepareBackward(MaxPoolSpec spec)
    {
        spec.Validate();
        return PrepareBackwardCore(spec);
    }

    /// <summary>Prepares the gradients of a cross-correlation.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public CrossCorrelationBackward PrepareBackward(CrossCorrelationSpec spec)
    {
        spec.Validate();
        if (spec.Gain != 1 || spec.Bias != 0)
            throw new KernelShapeException("cross-correlation gradients: gain and bias have an operation of their own");
        return PrepareBackwardCore(spec);
    }

    /// <summary>Prepares a batch normalisation in training, forward and backward.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public BatchNormTraining Prepare(BatchNormSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the gradient of a ReLU.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public ReluBackward Prepare(ReluSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the map from responses to scores, forward and backward.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public ScoreAdjust Prepare(ScoreAdjustSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the logistic loss with its gradient.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public LogisticLoss Prepare(LogisticLossSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the triplet loss with its gradient.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public TripletLoss Prepare(TripletLossSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the optimiser.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public SgdStep Prepare(SgdSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares from a checked spec.</summary>
    protected abstract ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract CorrelationFilterBackward PrepareBackwardCore(
        CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract BatchNormTraining PrepareCore(BatchNormSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract ReluBackward PrepareCore(ReluSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract ScoreAdjust PrepareCore(ScoreAdjustSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract LogisticLoss PrepareCore(LogisticLossSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract TripletLoss PrepareCore(TripletLossSpec spec);

    /// <inheritdoc cref="PrepareBackwardCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract SgdStep PrepareCore(SgdSpec spec);
}
