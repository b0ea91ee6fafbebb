namespace SiamIlgpu.Weights;

/// <summary>Finds out which of the papers' networks weights belong to, from the names and shapes of their tensors alone.</summary>
public static class NetworkRecognition
{
    /// <summary>
    /// Returns the network of <see cref="NetworkDefinition.Known"/> that the tensors fit, or null if they fit none. If the tensors of a
    /// batch norm or of the score's adjustment are missing, the returned network does not have it either. Strides and pools leave no trace
    /// in the weights, so they are those of the known network.
    /// </summary>
    /// <param name="tensors">Tensors by name.</param>
    /// <param name="missing">If null is returned: why the nearest network does not fit. Otherwise empty.</param>
    public static NetworkDefinition? Recognize(IReadOnlyDictionary<string, WeightTensor> tensors, out string missing)
    {
        missing = "";
        int best = -1;
        foreach (NetworkDefinition known in NetworkDefinition.Known)
        {
            NetworkDefinition candidate = Fit(known, tensors);
            (int fitting, string? misfit) = Compare(candidate, tensors);
            if (misfit is null)
                return candidate;
            if (fitting > best)
                (best, missing) = (fitting, $"the nearest is {known.Name}, but {misfit}");
        }
        return null;
    }

    // A batch norm without tensors has been folded into its convolution.
    private static NetworkDefinition Fit(NetworkDefinition known, IReadOnlyDictionary<string, WeightTensor> tensors) => known with
    {
        Layers = [.. known.Layers.Select(layer => layer is ConvolutionLayer { BatchNorm: true } conv
            ? conv with { BatchNorm = tensors.ContainsKey($"{conv.BatchNormName}.gain") }
            : layer)],
        Join = known.Join with
        {
            Adjust = tensors.ContainsKey("adjust.weight") ? AdjustKind.Affine
                : tensors.ContainsKey("adjust.gain") ? AdjustKind.BatchNorm
                : AdjustKind.None,
        },
    };

    private static (int Fitting, string? Misfit) Compare(NetworkDefinition candidate, IReadOnlyDictionary<string, WeightTensor> tensors)
    {
        int fitting = 0;
        string? misfit = null;
        foreach ((string name, int[] shape) in candidate.TensorShapes())
        {
            if (!tensors.TryGetValue(name, out WeightTensor? tensor))
                misfit ??= $"{name} is missing";
            else if (!tensor.Shape.SequenceEqual(shape))
                misfit ??= $"{name} is {tensor}, not [{string.Join(',', shape)}]";
            else
                fitting++;
        }
        // This is the only difference between Baseline-conv5 and CFNet-conv5.
        if (candidate.Join.Kind == JoinKind.CrossCorrelation && tensors.ContainsKey("join.window"))
            misfit ??= "it has no join.window";
        return (fitting, misfit);
    }
}
