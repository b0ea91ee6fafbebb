namespace SiamIlgpu.Tracking;

/// <summary>Where the target is in a frame, and how sure the tracker is.</summary>
/// <param name="Box">The box, in pixels of the frame.</param>
/// <param name="Confidence">
/// 0..1: the sigmoid of the network's trained score at the response's peak. 1 for the frame that the tracker was given.
/// </param>
/// <param name="Lost">Whether the target counts as lost: with hysteresis, see <see cref="TrackerOptions.LostThresholds"/>.</param>
/// <param name="Response">The raw peak of the winning scale's response.</param>
/// <param name="PeakToSidelobe">
/// How far the peak stands out: (peak - mean) / deviation of the response around it, in its own resolution.
/// </param>
public readonly record struct TrackResult(BoundingBox Box, double Confidence, bool Lost, double Response, double PeakToSidelobe);
