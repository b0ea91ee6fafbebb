using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tracking;

/// <summary>
/// Any tracker of one target, as an evaluation runs it: <see cref="Initialize"/> with a box in one frame, then <see cref="Update"/> with
/// every later frame. <see cref="Tracker"/> is one; a host may bring its own.
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
    /// <summary>Takes the target's box in this frame, and forgets every earlier target.</summary>
    /// <param name="frame">The frame; its pixels are valid during the call only.</param>
    /// <param name="target">The box, in pixels.</param>
    void Initialize(in FrameView frame, BoundingBox target);

    /// <summary>Finds the target in the next frame.</summary>
    /// <param name="frame">The frame; its pixels are valid during the call only.</param>
    /// <returns>The box, in pixels. One without area counts as a miss.</returns>
    BoundingBox Update(in FrameView frame);
}
