using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>The way from the responses to the losses: the adjustment of responses to scores, and the loss with its gradient.</summary>
internal sealed class TrainingScore : IDisposable
{
    private readonly TensorView responses;
    private readonly TensorView responseGradients;
    private readonly TensorView scoreGradients;
    private readonly Tensor labels, labelWeights;
    private readonly Tensor? ownScores, ownScoreGradients;
    private readonly ScoreAdjust? adjust;
    private readonly TensorView gain, bias, gainGradient, biasGradient;
    private readonly TrainedNorm? norm;
    private readonly LogisticLoss? logistic;
    private readonly TripletLoss? triplet;

    internal TrainingScore(
        ComputeDevice device, ParameterArena arena, AdjustKind kind, TrainingOptions options, TensorView responses, TensorView responseGradients)
    {
        this.responses = responses;
        this.responseGradients = responseGradients;
        TensorShape maps = responses.Shape;
        // Without an adjustment, the responses are the scores.
        (Scores, scoreGradients) = (responses, responseGradients);
        if (kind is AdjustKind.Affine or AdjustKind.BatchNorm)
        {
            Scores = ownScores = device.Allocate(maps, TensorLayout.Planar);
            scoreGradients = ownScoreGradients = device.Allocate(maps, TensorLayout.Planar);
        }
        labels = device.Allocate(maps, TensorLayout.Planar);
        labelWeights = device.Allocate(maps, TensorLayout.Planar);
        switch (kind)
        {
            case AdjustKind.Affine:
                adjust = device.PrepareTraining(new ScoreAdjustSpec(maps.Batch, maps.Height));
                gain = arena.Value("adjust.weight");
                bias = arena.Value("adjust.bias");
                gainGradient = arena.Gradient("adjust.weight");
                biasGradient = arena.Gradient("adjust.bias");
                break;
            case AdjustKind.BatchNorm:
                norm = new TrainedNorm(device, maps, relu: false, arena, "adjust");
                break;
        }
        if (options.Loss == LossKind.Logistic)
            logistic = device.PrepareLoss(new LogisticLossSpec(maps.Batch, maps.Height));
        else
            triplet = device.PrepareLoss(new TripletLossSpec(maps.Batch, maps.Height, options.HardNegatives));
    }

    internal TensorView Scores { get; }

    internal TensorView Labels => labels;

    internal TensorView LabelWeights => labelWeights;

    internal void Forward(TensorView losses)
    {
        adjust?.Forward(responses, gain, bias, Scores);
        norm?.Forward(responses, Scores);
        logistic?.Run(Scores, Labels, LabelWeights, losses, scoreGradients);
        triplet?.Run(Scores, Labels, losses, scoreGradients);
    }

    internal void Backward()
    {
        adjust?.Backward(responses, gain, scoreGradients, responseGradients, gainGradient, biasGradient, GradientWrite.Overwrite);
        norm?.Backward(responses, Scores, scoreGradients, responseGradients, GradientWrite.Overwrite);
    }

    public void Dispose()
    {
        logistic?.Dispose();
        triplet?.Dispose();
        adjust?.Dispose();
        norm?.Dispose();
        labels.Dispose();
        labelWeights.Dispose();
        ownScores?.Dispose();
        ownScoreGradients?.Dispose();
    }
}
