namespace SiamIlgpu.Kernels.Gpu;

/// <content>The operations that training needs in addition to those of inference.</content>
public sealed partial class GpuDevice
{
    private protected override ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        new ConvolutionBackwardGpu(this, spec, (GpuFilters)filters);

    private protected override CorrelationFilterBackward PrepareBackwardCore(
        CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterBackwardGpu(this, spec, window, target);

    private protected override MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec) => new MaxPoolBackwardGpu(this, spec);

    private protected override CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec) =>
        new CrossCorrelationBackwardGpu(this, spec);

    private protected override BatchNormTraining PrepareTrainingCore(BatchNormSpec spec) => new BatchNormTrainingGpu(this, spec);

    private protected override ReluBackward PrepareBackwardCore(ReluSpec spec) => new ReluBackwardGpu(this, spec);

    private protected override ScoreAdjust PrepareTrainingCore(ScoreAdjustSpec spec) => new ScoreAdjustGpu(this, spec);

    private protected override LogisticLoss PrepareLossCore(LogisticLossSpec spec) => new LogisticLossGpu(this, spec);

    private protected override TripletLoss PrepareLossCore(TripletLossSpec spec) => new TripletLossGpu(this, spec);

    private protected override SgdStep PrepareStepCore(SgdSpec spec) => new SgdStepGpu(this, spec);

    private protected override AdamWStep PrepareStepCore(AdamWSpec spec) => new AdamWStepGpu(this, spec);
}
