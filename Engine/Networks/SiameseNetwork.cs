using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Networks;

/// <summary>
/// A whole Siamese network on a device: exemplar branch, search branch and join. The exemplar crop becomes a template, the
/// search crops (one per scale) become responses.
/// </summary>
public sealed class SiameseNetwork : IDisposable
{
    private readonly InferencePlan exemplar;
    private readonly InferencePlan search;
    private readonly CorrelationFilter? filter;
    private readonly Blend blend;
    private readonly CrossCorrelation join;
    private readonly TensorView filtered;
    private readonly TensorView template;

    /// <summary>Prepares the network.</summary>
    /// <param name="device">Where it runs; must outlive the network.</param>
    /// <param name="weights">The weights, with their definition.</param>
    /// <param name="scales">Search crops of one pass.</param>
    /// <exception cref="WeightFormatException">The weights are no complete Siamese network.</exception>
    public SiameseNetwork(ComputeDevice device, NetworkWeights weights, int scales)
    {
        Definition = weights.RequireDefinition();
        JoinDefinition joinDefinition = Definition.Join;
        if (joinDefinition.Kind == JoinKind.None)
            throw new WeightFormatException(weights.Source, $"{Definition.Name} has no join of two branches, so it cannot track");
        ConvolutionLayer first = Definition.Convolutions.First();
        if (first.InChannels != 3)
        {
            throw new WeightFormatException(
                weights.Source, $"{first.Name} must take the 3 channels of an RGB crop, not {first.InChannels}");
        }
        using (var filters = new BranchFilters(device, weights))
        {
            exemplar = new InferencePlan(filters, 1, Definition.ExemplarSize, Definition.ExemplarSize);
            search = new InferencePlan(filters, scales, Definition.SearchSize, Definition.SearchSize);
        }
        TensorShape features = exemplar.Output.Shape;
        TensorShape templateShape = features;

        if (joinDefinition.Kind == JoinKind.CorrelationFilter)
        {
            int m = features.Height;
            var spec = new CorrelationFilterSpec(features.Channels, m, joinDefinition.Margin, joinDefinition.Lambda);
            filter = device.Prepare(spec, weights.Values("join.window", m, m), weights.Values("join.target", m, m));
            templateShape = spec.Template;
            filtered = device.Allocate(templateShape, device.FeatureLayout);
        }
        template = device.Allocate(templateShape, device.FeatureLayout);
        blend = device.Prepare(new BlendSpec(templateShape));

        // A cross-correlation network tracks on the trained score; a correlation filter's raw response already is 0..1, and
        // its score serves the confidence alone.
        (ScoreGain, ScoreBias) = ReadAdjust(weights, joinDefinition.Adjust);
        var correlation = new CrossCorrelationSpec(scales, features.Channels, templateShape.Height, search.Output.Shape.Height);
        if (joinDefinition.Kind == JoinKind.CrossCorrelation)
        {
            correlation = correlation with { Gain = ScoreGain, Bias = ScoreBias };
            (ScoreGain, ScoreBias) = (1, 0);
        }
        join = device.Prepare(correlation);
        Responses = device.Allocate(correlation.Response, TensorLayout.Planar);
    }

    /// <summary>What the network is made of.</summary>
    public NetworkDefinition Definition { get; }

    /// <summary>The exemplar crop [1,3,e,e], filled before <see cref="UpdateTemplate"/>.</summary>
    public TensorView ExemplarCrop => exemplar.Input;

    /// <summary>The search crops [scales,3,s,s], filled before <see cref="Respond"/>.</summary>
    public TensorView SearchCrops => search.Input;

    /// <summary>One response map per scale [scales,1,r,r].</summary>
    public TensorView Responses { get; }

    /// <summary>The trained score of a response r is ScoreGain * r + ScoreBias.</summary>
    public float ScoreGain { get; }

    /// <inheritdoc cref="ScoreGain"/>
    public float ScoreBias { get; }

    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize => Responses.Shape.Height;

    /// <summary>Template = (1 - rate) * template + rate * (the template of the exemplar crop); 1 replaces it.</summary>
    public void UpdateTemplate(float rate)
    {
        exemplar.Forward();
        TensorView fresh = exemplar.Output;
        if (filter is not null)
        {
            filter.Forward(fresh, filtered);
            fresh = filtered;
        }
        blend.Forward(template, fresh, rate);
    }

    /// <summary>Computes the responses of the template in the search crops.</summary>
    public void Respond()
    {
        search.Forward();
        join.Forward(template, search.Output, Responses);
    }

    /// <summary>Frees operations and buffers.</summary>
    public void Dispose()
    {
        exemplar.Dispose();
        search.Dispose();
        filter?.Dispose();
        filtered.Buffer?.Dispose();
        blend.Dispose();
        join.Dispose();
        template.Buffer.Dispose();
        Responses.Buffer.Dispose();
    }

    private static (float Gain, float Bias) ReadAdjust(NetworkWeights weights, AdjustKind kind)
    {
        switch (kind)
        {
            case AdjustKind.Affine:
                return (weights.Values("adjust.weight", 1, 1, 1, 1)[0], weights.Values("adjust.bias", 1)[0]);
            case AdjustKind.BatchNorm:
                float[] gain = [1];
                float[] bias = [0];
                FoldedBranch.FoldNorm(weights, "adjust", gain, bias);
                return (gain[0], bias[0]);
            default:
                return (1, 0);
        }
    }
}
