using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tracking;

/// <summary>
/// A tracker of one target, as an evaluation uses it. The evaluation calls <see cref="Initialize"/> with a box in one frame, then
/// <see cref="Update"/> with every later frame. <see cref="Tracker"/> implements this interface, and so can a tracker of your own.
/// </summary>
/// <example>
/// A tracker that expects the target to stay where it was:
/// <code>
/// sealed class Still : ITracker
/// {
///     private BoundingBox box;
///
///     public void Initialize(in FrameView frame, BoundingBox target) => box = target;
///
///     public BoundingBox Update(in FrameView frame) => box;
/// }
/// </code>
/// </example>
public interface ITracker
{
    /// <summary>Starts to track the target that the box shows in this frame, and forgets any earlier target.</summary>
    /// <param name="frame">The frame; its pixels are valid during the call only.</param>
    /// <param name="target">The target's box, in pixels; the frame's first pixel is (1, 1).</param>
    void Initialize(in FrameView frame, BoundingBox target);

    /// <summary>Finds the target in the next frame.</summary>
    /// <param name="frame">The frame; its pixels are valid during the call only.</param>
    /// <returns>The target's box, in pixels. A box without area counts as a miss.</returns>
    BoundingBox Update(in FrameView frame);
}
