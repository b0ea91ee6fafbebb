using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.OwnTrackerEvaluation;

/// <summary>The simplest tracker there is: the target never moves.</summary>
internal sealed class StandStill : ITracker
{
    private BoundingBox box;

    public void Initialize(in FrameView frame, BoundingBox target) => box = target;

    public BoundingBox Update(in FrameView frame) => box;
}
