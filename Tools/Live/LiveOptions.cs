using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>How a <see cref="LiveSession"/> begins.</summary>
public sealed record LiveOptions
{
    /// <summary>What the page calls the video.</summary>
    public string Name { get; init; } = "";

    /// <summary>The speed until a page chooses another one.</summary>
    public LiveSpeed Speed { get; init; } = LiveSpeed.RealTime;

    /// <summary>Whether it plays at once, rather than waiting at the first frame.</summary>
    public bool Playing { get; init; }

    /// <summary>Targets in the first frame, in pixels; at most <see cref="LiveSession.MostTargets"/>.</summary>
    public IReadOnlyList<BoundingBox> Targets { get; init; } = [];
}

/// <summary>How fast a video plays.</summary>
public enum LiveSpeed
{
    /// <summary>At the video's own rate, 25 frames a second if it has none; slower where the tracker is.</summary>
    RealTime,

    /// <summary>As fast as the tracker can.</summary>
    Max,
}
