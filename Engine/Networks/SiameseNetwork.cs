using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Networks;

/// <summary>
/// A whole Siamese network on a device, for a fixed number of targets: exemplar branch, search branch and join. It computes a target's
/// template from its exemplar crop, and a target's responses from its search crops, one per scale. Each branch runs once for all targets.
/// Target i has image i of the exemplar crops and of the templates. Its search crops and responses are the images from i * scales on.
/// For one thread at a time.
/// </summary>
public sealed class SiameseNetwork : IDisposable
{
    private readonly InferencePlan exemplar;
    private readonly InferencePlan search;
    private readonly CorrelationFilter? filter;
    private readonly Blend blend;
    private readonly CrossCorrelation join;
    private readonly int scales;
    private readonly int targets;
    private readonly float firstShare;
    private readonly Tensor? filtered;
    private readonly Tensor templates;
    // With a share for the first template: the first templates, and what is joined with the search features.
    private readonly Tensor? firstTemplates;
    private readonly Tensor? mixedTemplates;
    private readonly Tensor responses;

    /// <summary>Prepares the network.</summary>
    /// <param name="filters">The filters of the branch. They may be disposed before the network.</param>
    /// <param name="weights">The weights that the filters were loaded from.</param>
    /// <param name="scales">Number of search crops per target.</param>
    /// <param name="targets">Number of targets.</param>
    /// <param name="firstShare">
    /// Share of the template that <see cref="SetTemplate"/> made in the template that is searched for, 0..1. The rest is the updated template.
    /// </param>
    /// <exception cref="WeightFormatException">The weights are not a complete Siamese network; the message says why.</exception>
    public SiameseNetwork(BranchFilters filters, NetworkWeights weights, int scales, int targets, float firstShare = 0)
    {
        this.scales = scales;
        this.targets = targets;
        this.firstShare = firstShare;
        ComputeDevice device = filters.Device;
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
        exemplar = new InferencePlan(filters, targets, Definition.ExemplarSize, Definition.ExemplarSize, sets: targets);
        search = new InferencePlan(filters, scales * targets, Definition.SearchSize, Definition.SearchSize, sets: targets);
        TensorShape features = exemplar.Output.Shape;
        TensorShape templateShape = features;

        if (joinDefinition.Kind == JoinKind.CorrelationFilter)
        {
            int m = features.Height;
            var spec = new CorrelationFilterSpec(features.Channels, m, joinDefinition.Margin, joinDefinition.Lambda);
            filter = device.Prepare(spec, weights.Values("join.window", m, m), weights.Values("join.target", m, m));
            templateShape = spec.Template with { Batch = targets };
            filtered = device.Allocate(templateShape, device.FeatureLayout);
        }
        templates = device.Allocate(templateShape, device.FeatureLayout);
        if (firstShare > 0)
        {
            firstTemplates = device.Allocate(templateShape, device.FeatureLayout);
            mixedTemplates = device.Allocate(templateShape, device.FeatureLayout);
        }
        blend = device.Prepare(new BlendSpec(templateShape with { Batch = 1 }));

        // A cross-correlation network tracks by its trained score. A correlation filter's raw response already lies in 0..1, so the
        // trained score is used for the confidence alone.
        (ScoreGain, ScoreBias) = ReadAdjust(weights, joinDefinition.Adjust);
        var correlation = new CrossCorrelationSpec(scales, features.Channels, templateShape.Height, search.Output.Shape.Height);
        if (joinDefinition.Kind == JoinKind.CrossCorrelation)
        {
            correlation = correlation with { Gain = ScoreGain, Bias = ScoreBias };
            (ScoreGain, ScoreBias) = (1, 0);
        }
        join = device.Prepare(correlation);
        responses = device.Allocate(correlation.Response with { Batch = scales * targets }, TensorLayout.Planar);
    }

    /// <summary>The network's sizes, layers and join.</summary>
    public NetworkDefinition Definition { get; }

    /// <summary>The exemplar crops [targets,3,e,e], RGB 0..255, interleaved. Fill them before <see cref="UpdateTemplates"/>.</summary>
    public TensorView ExemplarCrops => exemplar.Input;

    /// <summary>The search crops [targets * scales,3,s,s], RGB 0..255, interleaved. Fill them before <see cref="Respond"/>.</summary>
    public TensorView SearchCrops => search.Input;

    /// <summary>The templates [targets,c,t,t].</summary>
    public TensorView Templates => templates;

    /// <summary>The response maps [targets * scales,1,r,r], planar: one per target and scale.</summary>
    public TensorView Responses => responses;

    /// <summary>The trained score for a value r of a response is ScoreGain * r + ScoreBias.</summary>
    public float ScoreGain { get; }

    /// <inheritdoc cref="ScoreGain"/>
    public float ScoreBias { get; }

    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize => Responses.Shape.Height;

    /// <summary>Prepares a network for one target, and loads its filters.</summary>
    /// <param name="device">The device to run on; it must outlive the network.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="scales">Number of search crops.</param>
    /// <exception cref="WeightFormatException">The weights are not a complete Siamese network; the message says why.</exception>
    public static SiameseNetwork Create(ComputeDevice device, NetworkWeights weights, int scales)
    {
        using var filters = new BranchFilters(device, weights);
        return new SiameseNetwork(filters, weights, scales, targets: 1);
    }

    /// <summary>
    /// Updates the template of every target: template = (1 - rate) * template + rate * (template of the exemplar crop). A rate of 1
    /// replaces the templates.
    /// </summary>
    public void UpdateTemplates(float rate)
    {
        exemplar.Forward();
        for (int i = 0; i < targets; i++)
            Blend(i, rate);
    }

    /// <summary>Replaces the template of one target, and its first template, by the template of its exemplar crop.</summary>
    public void SetTemplate(int target)
    {
        exemplar.Forward();
        if (firstTemplates is not null)
            blend.Forward(firstTemplates.View.Images(target, 1), FreshTemplate(target), 1);
        Blend(target, 1);
    }

    /// <summary>Computes the response of each template in its target's search crops.</summary>
    public void Respond()
    {
        search.Forward();
        for (int i = 0; i < targets; i++)
            join.Forward((mixedTemplates ?? templates).View.Images(i, 1), search.Output.Images(i * scales, scales), Responses.Images(i * scales, scales));
    }

    /// <summary>Frees the operations and buffers.</summary>
    public void Dispose()
    {
        exemplar.Dispose();
        search.Dispose();
        filter?.Dispose();
        filtered?.Dispose();
        blend.Dispose();
        join.Dispose();
        templates.Dispose();
        firstTemplates?.Dispose();
        mixedTemplates?.Dispose();
        responses.Dispose();
    }

    /// <summary>All templates of one target. Another network that is given them searches for the same.</summary>
    internal IEnumerable<TensorView> TemplatesOf(int target) =>
        new[] { templates, firstTemplates, mixedTemplates }.OfType<Tensor>().Select(kept => kept.View.Images(target, 1));

    private void Blend(int target, float rate)
    {
        TensorView running = templates.View.Images(target, 1);
        blend.Forward(running, FreshTemplate(target), rate);
        if (firstTemplates is null)
            return;
        // The join is linear in the template, so this is the same as joining with both templates and adding their responses.
        TensorView mixed = mixedTemplates!.View.Images(target, 1);
        blend.Forward(mixed, running, 1);
        blend.Forward(mixed, firstTemplates.View.Images(target, 1), firstShare);
    }

    private TensorView FreshTemplate(int target)
    {
        TensorView features = exemplar.Output.Images(target, 1);
        if (filter is null)
            return features;
        TensorView template = filtered!.View.Images(target, 1);
        filter.Forward(features, template);
        return template;
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
