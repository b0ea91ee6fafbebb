using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>How a <see cref="LiveSession"/> begins.</summary>
public sealed record LiveOptions
{
    /// <summary>The video's name on the page.</summary>
    public string Name { get; init; } = "";

    /// <summary>The first speed. A page can choose another one.</summary>
    public LiveSpeed Speed { get; init; } = LiveSpeed.RealTime;

    /// <summary>Whether the video plays at once. Otherwise it waits at the first frame.</summary>
    public bool Playing { get; init; }

    /// <summary>Targets in the first frame, in pixels; at most <see cref="LiveSession.MostTargets"/>.</summary>
    public IReadOnlyList<BoundingBox> Targets { get; init; } = [];
}

/// <summary>How fast a video plays.</summary>
public enum LiveSpeed
{
    /// <summary>At the video's own rate, or 25 frames per second if it has none. A slow tracker slows the video down.</summary>
    RealTime,

    /// <summary>As fast as the tracker is.</summary>
    Max,
}
