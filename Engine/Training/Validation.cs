using SiamIlgpu.Kernels;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>How well a network does on pairs that it was not trained with.</summary>
/// <param name="Loss">Mean loss of a pair. It is always the balanced logistic loss, whichever loss the training minimizes.</param>
/// <param name="DistancePixels">
/// Mean distance of the response's peak from the target over all positive pairs, in pixels of the search crop.
/// </param>
/// <param name="OverlapError">Mean of 1 - IoU over all positive pairs, between the true box and the same box at the peak.</param>
public readonly record struct ValidationReport(double Loss, double DistancePixels, double OverlapError)
{
    /// <summary>Runs the network over all pairs of a source, as a tracker would: batch norms use their stored moments.</summary>
    /// <param name="device">The device to run on.</param>
    /// <param name="weights">The network.</param>
    /// <param name="options">The search size, and the radii of the labels.</param>
    /// <param name="pairs">The source; the pairs of its epoch 0 are used.</param>
    /// <param name="cancel">Cancels the validation.</param>
    /// <exception cref="OperationCanceledException">The validation was canceled.</exception>
    public static ValidationReport Of(
        ComputeDevice device, NetworkWeights weights, TrainingOptions options, IPairSource pairs, CancellationToken cancel = default)
    {
        NetworkDefinition definition = weights.RequireDefinition() with { SearchSize = options.SearchSize };
        using var network = SiameseNetwork.Create(device, new NetworkWeights(weights.Source, definition, weights.Tensors), scales: 1);
        int size = network.ResponseSize;
        var labels = new LabelMaps(size, definition.Stride, options);
        var exemplar = new float[network.ExemplarCrops.Shape.Count];
        var search = new float[network.SearchCrops.Shape.Count];
        var responses = new float[size * size];
        double loss = 0, distance = 0, overlapError = 0;
        int positives = 0;
        for (int i = 0; i < pairs.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            PairLabel pair = pairs.Read(0, i, exemplar, search);
            device.UploadInterleaved(exemplar, network.ExemplarCrops);
            device.UploadInterleaved(search, network.SearchCrops);
            network.UpdateTemplates(1);
            network.Respond();
            device.Download(network.Responses, responses);
            loss += LossOf(responses, labels, pair.Kind, network);
            if (pair.Kind != PairKind.Positive)
                continue;
            positives++;
            (double x, double y) = PeakPixels(responses, size, definition.Stride);
            distance += double.Hypot(x, y);
            var target = new BoundingBox(0, 0, pair.TargetWidth, pair.TargetHeight);
            overlapError += 1 - target.IntersectionOverUnion(target with { X = x, Y = y });
        }
        return new ValidationReport(loss / pairs.Count, distance / positives, overlapError / positives);
    }

    private static double LossOf(float[] responses, LabelMaps labels, PairKind kind, SiameseNetwork network)
    {
        ReadOnlySpan<float> y = labels.Labels(kind), weights = labels.Weights(kind);
        double loss = 0;
        for (int i = 0; i < responses.Length; i++)
        {
            double margin = y[i] * ((double)network.ScoreGain * responses[i] + network.ScoreBias);
            loss += weights[i] * (Math.Max(-margin, 0) + Math.Log(1 + Math.Exp(-Math.Abs(margin))));
        }
        return loss;
    }

    /// <summary>The position of the first maximum relative to the center, in pixels of the search crop.</summary>
    private static (double X, double Y) PeakPixels(float[] responses, int size, int stride)
    {
        int peak = 0;
        for (int i = 1; i < responses.Length; i++)
        {
            if (responses[i] > responses[peak])
                peak = i;
        }
        double center = (size - 1) / 2.0;
        return (stride * (peak % size - center), stride * (peak / size - center));
    }
}
