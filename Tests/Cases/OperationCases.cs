using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The cases of all operations: the one place that lists the operations.</summary>
internal static class OperationCases
{
    /// <summary>What every device must get right.</summary>
    internal static IEnumerable<OperationCase> All =>
    [
        .. ConvolutionCases.All, .. ConvolutionBackwardCases.All, .. MaxPoolCases.All, .. MaxPoolBackwardCases.All, .. ReluBackwardCases.All,
        .. BatchNormTrainingCases.All, .. BatchNormTrainingCases.Backward, .. CrossCorrelationCases.All, .. CrossCorrelationBackwardCases.All,
        .. Fourier2DCases.All, .. CorrelationFilterCases.All, .. CorrelationFilterBackwardCases.All, .. BlendCases.All, .. CropResizeCases.All,
        .. ResponsePeakCases.All, .. ScoreAdjustCases.All, .. ScoreAdjustCases.Backward, .. LogisticLossCases.All, .. TripletLossCases.All,
        .. SgdStepCases.All,
        .. AdamWStepCases.All,
    ];

    /// <summary>Those of them whose references are compared with finite differences.</summary>
    internal static IEnumerable<OperationCase> Smooth =>
    [
        .. ConvolutionBackwardCases.Smooth, .. MaxPoolBackwardCases.Smooth, .. ReluBackwardCases.Smooth, .. BatchNormTrainingCases.Smooth,
        .. CrossCorrelationBackwardCases.Smooth, .. CorrelationFilterBackwardCases.Smooth, .. ScoreAdjustCases.Smooth,
        .. LogisticLossCases.Smooth, .. TripletLossCases.Smooth,
    ];

    /// <summary>What is worth timing: the operations at their real sizes.</summary>
    internal static IEnumerable<OperationCase> Timed => [.. TimedConvolutions, .. TimedOthers];

    /// <summary>The convolutions of SiamFC, and the last ones of two CFNets, for three search crops.</summary>
    private static IEnumerable<OperationCase> TimedConvolutions =>
    [
        .. PaperNetworks.Convolutions("siamfc", batch: 3, crop: 255), .. PaperNetworks.PooledConvolutions("siamfc", batch: 3, crop: 255),
        PaperNetworks.Convolutions("cfnet-conv1", batch: 3, crop: 255).Last(),
        PaperNetworks.Convolutions("cfnet-conv2", batch: 3, crop: 255).Last(),
    ];

    /// <summary>
    /// The rest of a frame, as SiamFC and CFNet-conv2 use it on three search crops; then operations of a training step of eight pairs.
    /// </summary>
    internal static IEnumerable<OperationCase> TimedOthers =>
    [
        .. PaperNetworks.MaxPools("siamfc", batch: 3, crop: 255),
        new CrossCorrelationCase(new(3, 256, 6, 22), "siamfc join"),
        new CrossCorrelationCase(new(3, 32, 25, 57), "cfnet-conv2 join"),
        new Fourier2DCase(new(32, 57, 57), inverse: false, "DFT 32x57x57"),
        new CorrelationFilterCase(new(32, 57, 16, 10), "correlation filter 32x57x57"),
        CropResizeCases.All.Single(c => c.Name == "siamfc search crops"),
        .. ResponsePeakCases.All.Where(c => c.Name is "SiamFC-3s peak" or "CFNet-conv2 peak"),
        new BlendCase(new(new TensorShape(1, 32, 25, 25)), 0.01f, "cfnet-conv2 template update"),
        new ConvolutionBackwardCase(new(8, 256, 28, 28, 384, 3, 1, 1, Relu: false), "siamfc conv3 gradients"),
        new MaxPoolBackwardCase(new(8, 96, 123, 123, 3, 2), "siamfc pool1 gradient"),
        new BatchNormTrainingCase(new(new BatchNormSpec(8, 96, 123, 123, Relu: true)), "siamfc bn1"),
        new BatchNormTrainingBackwardCase(new(new BatchNormSpec(8, 96, 123, 123, Relu: true)), inPlace: true, "siamfc bn1 gradients"),
        new CrossCorrelationBackwardCase(new(1, 256, 6, 22), "siamfc join gradients"),
        new CorrelationFilterBackwardCase(new(32, 57, 16, 10), "correlation filter 32x57x57 gradients"),
        new LogisticLossCase(new(8, 33), "logistic loss 8x33x33"),
        new TripletLossCase(new(8, 33, 0), "triplet loss 8x33x33"),
        new SgdStepCase(new(4_000_000, [new(0, 4_000_000, 1, 1)], 0.9f, 5e-4f), "three SGD steps of 4 million parameters"),
    ];
}
