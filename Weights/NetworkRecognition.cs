namespace SiamIlgpu.Weights;

/// <summary>Tells which of the papers' networks weights belong to, from the names and shapes of their tensors alone.</summary>
public static class NetworkRecognition
{
    /// <summary>
    /// The one of <see cref="NetworkDefinition.Known"/> that the tensors fit, less the batch norms and the adjustment of the
    /// score that they do not have; null when they fit none. Strides and pools leave no trace in the weights: they are the
    /// known network's.
    /// </summary>
    /// <param name="tensors">Tensors by name.</param>
    /// <param name="missing">When null is returned, what keeps the nearest network from fitting.</param>
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

    // A batch norm that is absent has been folded into its convolution.
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
        // Baseline-conv5 and CFNet-conv5 differ in nothing else.
        if (candidate.Join.Kind == JoinKind.CrossCorrelation && tensors.ContainsKey("join.window"))
            misfit ??= "it has no join.window";
        return (fitting, misfit);
    }
}
