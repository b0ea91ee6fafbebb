namespace SiamIlgpu.Kernels.Cpu;

/// <content>The operations that training needs in addition to those of inference.</content>
public sealed partial class CpuDevice
{
    private protected override ConvolutionBackward PrepareBackwardCore(ConvolutionSpec spec, ConvolutionFilters filters) =>
        new ConvolutionBackwardCpu((CpuFilters)filters, spec);

    private protected override CorrelationFilterBackward PrepareBackwardCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target) =>
        new CorrelationFilterBackwardCpu(this, spec, window, target);

    private protected override MaxPoolBackward PrepareBackwardCore(MaxPoolSpec spec) =>
        new MaxPoolBackwardCpu(this, spec);

    private protected override CrossCorrelationBackward PrepareBackwardCore(CrossCorrelationSpec spec) =>
        SpectralCorrelationBackwardCpu.Pays(spec) ? new SpectralCorrelationBackwardCpu(this, spec) : new CrossCorrelationBackwardCpu(this, spec);

    private protected override BatchNormTraining PrepareTrainingCore(BatchNormSpec spec) =>
        spec.Channels == 1 ? new ScoreBatchNormCpu(this, spec) : new BatchNormTrainingCpu(this, spec);

    private protected override ReluBackward PrepareBackwardCore(ReluSpec spec) =>
        new ReluBackwardCpu(this, spec);

    private protected override ScoreAdjust PrepareTrainingCore(ScoreAdjustSpec spec) =>
        new ScoreAdjustCpu(this, spec);

    private protected override LogisticLoss PrepareLossCore(LogisticLossSpec spec) =>
        new LogisticLossCpu(this, spec);

    private protected override TripletLoss PrepareLossCore(TripletLossSpec spec) =>
        new TripletLossCpu(this, spec);

    private protected override SgdStep PrepareStepCore(SgdSpec spec) =>
        new SgdStepCpu(this, spec);

    private protected override AdamWStep PrepareStepCore(AdamWSpec spec) =>
        new AdamWStepCpu(this, spec);
}
