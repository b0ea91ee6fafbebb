namespace SiamIlgpu.Kernels.Cpu;

/// <content>What training needs beyond inference.</content>
public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    protected override ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        new ConvolutionBackwardCpu((CpuFilters)filters, spec);

    /// <inheritdoc/>
    protected override CorrelationFilterBackward PrepareBackwardCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterBackwardCpu(this, spec, window, target);

    /// <inheritdoc/>
    protected override MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec) =>
        new MaxPoolBackwardCpu(this, spec);

    /// <inheritdoc/>
    protected override CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec) =>
        new CrossCorrelationBackwardCpu(this, spec);

    /// <inheritdoc/>
    protected override BatchNormTraining PrepareCore(BatchNormSpec spec) =>
        spec.Channels == 1 ? new ScoreBatchNormCpu(this, spec) : new BatchNormTrainingCpu(this, spec);

    /// <inheritdoc/>
    protected override ReluBackward PrepareCore(ReluSpec spec) =>
        new ReluBackwardCpu(this, spec);

    /// <inheritdoc/>
    protected override ScoreAdjust PrepareCore(ScoreAdjustSpec spec) =>
        new ScoreAdjustCpu(this, spec);

    /// <inheritdoc/>
    protected override LogisticLoss PrepareCore(LogisticLossSpec spec) =>
        new LogisticLossCpu(this, spec);

    /// <inheritdoc/>
    protected override TripletLoss PrepareCore(TripletLossSpec spec) =>
        new TripletLossCpu(this, spec);

    /// <inheritdoc/>
    protected override SgdStep PrepareCore(SgdSpec spec) =>
        new SgdStepCpu(this, spec);
}
