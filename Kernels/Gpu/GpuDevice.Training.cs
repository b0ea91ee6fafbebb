namespace SiamIlgpu.Kernels.Gpu;

/// <content>What training needs beyond inference.</content>
public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    protected override ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        throw new NotSupportedException("ConvolutionBackward");

    /// <inheritdoc/>
    protected override CorrelationFilterBackward PrepareBackwardCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        throw new NotSupportedException("CorrelationFilterBackward");

    /// <inheritdoc/>
    protected override MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec) =>
        throw new NotSupportedException("MaxPoolBackward");

    /// <inheritdoc/>
    protected override CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec) =>
        throw new NotSupportedException("CrossCorrelationBackward");

    /// <inheritdoc/>
    protected override BatchNormTraining PrepareCore(BatchNormSpec spec) =>
        throw new NotSupportedException("BatchNormTraining");

    /// <inheritdoc/>
    protected override ReluBackward PrepareCore(ReluSpec spec) =>
        throw new NotSupportedException("ReluBackward");

    /// <inheritdoc/>
    protected override ScoreAdjust PrepareCore(ScoreAdjustSpec spec) =>
        throw new NotSupportedException("ScoreAdjust");

    /// <inheritdoc/>
    protected override LogisticLoss PrepareCore(LogisticLossSpec spec) =>
        throw new NotSupportedException("LogisticLoss");

    /// <inheritdoc/>
    protected override TripletLoss PrepareCore(TripletLossSpec spec) =>
        throw new NotSupportedException("TripletLoss");

    /// <inheritdoc/>
    protected override SgdStep PrepareCore(SgdSpec spec) =>
        throw new NotSupportedException("SgdStep");
}
