namespace SiamIlgpu.Kernels.Gpu;

/// <content>What training needs beyond inference.</content>
public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    protected override ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        new ConvolutionBackwardGpu(this, spec, (GpuFilters)filters);

    /// <inheritdoc/>
    protected override CorrelationFilterBackward PrepareBackwardCore(
        CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterBackwardGpu(this, spec, window, target);

    /// <inheritdoc/>
    protected override MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec) => new MaxPoolBackwardGpu(this, spec);

    /// <inheritdoc/>
    protected override CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec) =>
        new CrossCorrelationBackwardGpu(this, spec);

    /// <inheritdoc/>
    protected override BatchNormTraining PrepareCore(BatchNormSpec spec) => new BatchNormTrainingGpu(this, spec);

    /// <inheritdoc/>
    protected override ReluBackward PrepareCore(ReluSpec spec) => new ReluBackwardGpu(this, spec);

    /// <inheritdoc/>
    protected override ScoreAdjust PrepareCore(ScoreAdjustSpec spec) => new ScoreAdjustGpu(this, spec);

    /// <inheritdoc/>
    protected override LogisticLoss PrepareCore(LogisticLossSpec spec) => new LogisticLossGpu(this, spec);

    /// <inheritdoc/>
    protected override TripletLoss PrepareCore(TripletLossSpec spec) => new TripletLossGpu(this, spec);

    /// <inheritdoc/>
    protected override SgdStep PrepareCore(SgdSpec spec) => new SgdStepGpu(this, spec);
}
