namespace SiamIlgpu.Tracking;

/// <summary>Where the target is in a frame, and how sure the tracker is.</summary>
/// <param name="Box">The target's box, in pixels of the frame; the first pixel is (1, 1).</param>
/// <param name="Confidence">
/// 0..1: the sigmoid of the network's trained score at the response's peak. It is 1 in the frame of <see cref="Tracker.Initialize"/>.
/// </param>
/// <param name="Lost">Whether the target counts as lost. This has hysteresis, see <see cref="TrackerOptions.LostThresholds"/>.</param>
/// <param name="Response">The highest value of the winning scale's upsampled response, before penalty and window.</param>
/// <param name="PeakToSidelobe">
/// How far the peak stands out: (peak - mean) / standard deviation, in the winning scale's response before upsampling. Mean and deviation
/// are taken over all cells that are more than two rows or columns away from the peak.
/// </param>
public readonly record struct TrackResult(BoundingBox Box, double Confidence, bool Lost, double Response, double PeakToSidelobe);
