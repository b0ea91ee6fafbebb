using System.Text.Json;
using System.Text.Json.Serialization;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>
/// The parameters of the tracking loop. The presets hold the authors' values for each network. An experiment takes a preset and changes a
/// few of them.
/// </summary>
/// <example>
/// <code>
/// NetworkWeights weights = NetworkWeights.Load("cfnet-conv2_e80.mat");
/// TrackerOptions options = TrackerOptions.CfNetConv2 with { Scales = 5, TemplateRate = 0.01f };
/// using var tracker = new Tracker(weights, device, options);
/// </code>
/// </example>
public sealed record TrackerOptions
{
    /// <summary>
    /// The key of a network's metadata that holds the parameters fitted to it, as <see cref="ToJson"/> writes them. A network without it is
    /// tracked with its paper's parameters.
    /// </summary>
    public const string MetadataKey = "tracking";

    /// <summary>SiamFC with three scales (Bertinetto et al. 2016), as in the authors' code.</summary>
    public static TrackerOptions SiamFc3s { get; } = new()
    {
        Name = "siamfc-3s",
        Scales = 3,
        ScaleStep = 1.0375,
        ScalePenalty = 0.9745f,
        ScaleRate = 0.59,
        Upsampling = 16,
        WindowInfluence = 0.176f,
        Conventions = TrackerConventions.SiamFc,
    };

    /// <summary>SiamFC with five scales (Bertinetto et al. 2016), as in the authors' code.</summary>
    public static TrackerOptions SiamFc5s { get; } = SiamFc3s with
    {
        Name = "siamfc-5s",
        Scales = 5,
        ScaleStep = 1.0255,
        ScalePenalty = 0.962f,
        ScaleRate = 0.34,
        WindowInfluence = 0.168f,
    };

    /// <summary>Baseline-conv5, the improved SiamFC of Valmadre et al. (2017).</summary>
    public static TrackerOptions BaselineConv5 { get; } = new()
    {
        Name = "baseline-conv5",
        Scales = 3,
        ScaleStep = 1.0470,
        ScalePenalty = 0.9825f,
        ScaleRate = 0.68,
        Upsampling = 8,
        WindowInfluence = 0.175f,
        TemplateRate = 0.0102f,
        Conventions = TrackerConventions.CfNet,
    };

    /// <summary>CFNet-conv1 (Valmadre et al. 2017).</summary>
    public static TrackerOptions CfNetConv1 { get; } = BaselineConv5 with
    {
        Name = "cfnet-conv1",
        ScaleStep = 1.0355,
        ScalePenalty = 0.9825f,
        ScaleRate = 0.70,
        WindowInfluence = 0.2375f,
        TemplateRate = 0.0058f,
    };

    /// <summary>CFNet-conv2 (Valmadre et al. 2017).</summary>
    public static TrackerOptions CfNetConv2 { get; } = BaselineConv5 with
    {
        Name = "cfnet-conv2",
        ScaleStep = 1.0575,
        ScalePenalty = 0.9780f,
        ScaleRate = 0.52,
        WindowInfluence = 0.2625f,
        TemplateRate = 0.0050f,
    };

    /// <summary>CFNet-conv3 (Valmadre et al. 2017).</summary>
    public static TrackerOptions CfNetConv3 { get; } = BaselineConv5 with
    {
        Name = "cfnet-conv3",
        ScaleStep = 1.0340,
        ScalePenalty = 0.9820f,
        ScaleRate = 0.66,
        WindowInfluence = 0.2700f,
        TemplateRate = 0.0080f,
    };

    /// <summary>CFNet-conv5. It has CFNet-conv2's values, because the authors' code has none for it.</summary>
    public static TrackerOptions CfNetConv5 { get; } = CfNetConv2 with { Name = "cfnet-conv5" };

    /// <summary>All presets.</summary>
    public static IReadOnlyList<TrackerOptions> Presets { get; } =
        [SiamFc3s, SiamFc5s, BaselineConv5, CfNetConv1, CfNetConv2, CfNetConv3, CfNetConv5];

    /// <summary>The preset's name, for display and for the command line.</summary>
    public required string Name { get; init; }

    /// <summary>Number of search scales, odd.</summary>
    public required int Scales { get; init; }

    /// <summary>Ratio of each scale to the one before it, greater than 1.</summary>
    public required double ScaleStep { get; init; }

    /// <summary>Multiplies the peaks of all scales but the unchanged one when the winning scale is chosen, 0..1.</summary>
    public required float ScalePenalty { get; init; }

    /// <summary>Share of the winning scale in the new size, 0..1 ("scaleLR").</summary>
    public required double ScaleRate { get; init; }

    /// <summary>Factor by which the response is upsampled, bicubically.</summary>
    public required int Upsampling { get; init; }

    /// <summary>Share of the Hann window in the final response map, 0..1.</summary>
    public required float WindowInfluence { get; init; }

    /// <summary>Share of the new frame's template in the template, 0..1 ("zLR"); 0 keeps the template of the first frame.</summary>
    public float TemplateRate { get; init; }

    /// <summary>
    /// Share of the first frame's template in the template that is searched for, 0..1; the rest is the template that follows the target.
    /// The papers have 0.
    /// </summary>
    public float FirstTemplateShare { get; init; }

    /// <summary>Which of the authors' two trackers the loop follows where they differ.</summary>
    public required TrackerConventions Conventions { get; init; }

    /// <summary>Context added to the target's width and to its height, as a share of their sum.</summary>
    public double Context { get; init; } = 0.5;

    /// <summary>Smallest and largest side of the search and exemplar squares, relative to those of the first frame.</summary>
    public (double Min, double Max) SizeLimits { get; init; } = (0.2, 5);

    /// <summary>
    /// A target counts as lost when its confidence falls below the first value, and as found again when it rises above the second.
    /// </summary>
    public (double Below, double Above) LostThresholds { get; init; } = (0.2, 0.4);

    /// <summary>The parameters that are stored with a network, or else the preset for its layers.</summary>
    /// <exception cref="WeightFormatException">The stored parameters cannot be read, or one is out of range.</exception>
    public static TrackerOptions For(NetworkWeights weights)
    {
        if (!weights.Metadata.TryGetValue(MetadataKey, out string? json))
            return For(weights.RequireDefinition());
        try
        {
            TrackerOptions stored = JsonSerializer.Deserialize(json, TrackerOptionsJson.Default.TrackerOptions)
                ?? throw new JsonException("they cannot be null");
            stored.Validate();
            return stored;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new WeightFormatException(weights.Source, $"its tracking parameters cannot be used: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>Writes the parameters as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TrackerOptionsJson.Default.TrackerOptions);

    /// <summary>The preset for a network, chosen by its join, stride and number of convolutions.</summary>
    public static TrackerOptions For(NetworkDefinition definition) => definition.Join.Kind switch
    {
        JoinKind.CorrelationFilter => definition.Convolutions.Count() switch
        {
            1 => CfNetConv1,
            2 => CfNetConv2,
            3 => CfNetConv3,
            _ => CfNetConv5,
        },
        _ => definition.Stride == 8 ? SiamFc3s : BaselineConv5,
    };

    /// <summary>Throws when a value is out of range.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    internal void Validate()
    {
        Check(Scales > 0 && Scales % 2 == 1, "the number of scales must be odd", Scales);
        Check(ScaleStep > 1 && double.IsFinite(ScaleStep), "the scale step must be greater than 1", ScaleStep);
        Check(ScalePenalty is > 0 and <= 1, "the scale penalty must lie in 0..1", ScalePenalty);
        Check(ScaleRate is >= 0 and <= 1, "the scale rate must lie in 0..1", ScaleRate);
        Check(Upsampling is > 0 and <= 64, "the upsampling must lie in 1..64", Upsampling);
        Check(WindowInfluence is >= 0 and <= 1, "the window's share must lie in 0..1", WindowInfluence);
        Check(TemplateRate is >= 0 and <= 1, "the template rate must lie in 0..1", TemplateRate);
        Check(FirstTemplateShare is >= 0 and <= 1, "the first template's share must lie in 0..1", FirstTemplateShare);
        Check(Context is >= 0 and <= 10, "the context must lie in 0..10", Context);
        Check(SizeLimits.Min > 0 && SizeLimits.Min <= 1 && SizeLimits.Max >= 1, "the size limits must enclose 1", SizeLimits);
        Check(LostThresholds.Below <= LostThresholds.Above, "the first lost threshold must not exceed the second", LostThresholds);

        static void Check<T>(bool good, string rule, T value)
        {
            if (!good)
                throw new ArgumentException($"tracker options: {rule}, got {value}");
        }
    }
}

/// <summary>The authors' two MATLAB trackers differ in details that change the boxes. Each of them is followed exactly.</summary>
public enum TrackerConventions
{
    /// <summary>
    /// siamese-fc (2016). The exemplar is cut with the rounded context side and resampled once. Displacements are counted from ceil(N/2),
    /// where N is the number of rows of the upsampled response, and scaled by the rounded search side.
    /// </summary>
    SiamFc,

    /// <summary>
    /// cfnet (2017). The exemplar is the middle scale of a pyramid. Displacements are counted from (N+1)/2 and scaled by the search side
    /// without rounding.
    /// </summary>
    CfNet,
}

/// <summary>Serialization code, generated at build time, so that trimmed and AOT-compiled programs can read stored parameters.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true,
    IncludeFields = true)]
[JsonSerializable(typeof(TrackerOptions))]
internal sealed partial class TrackerOptionsJson : JsonSerializerContext;
