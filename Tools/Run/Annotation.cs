using SiamIlgpu.Data;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Run;

/// <summary>Draws what the tracker says on a copy of the frame.</summary>
internal static class Annotation
{
    private static readonly RgbColor Truth = new(64, 224, 96);
    private static readonly RgbColor Tracked = new(255, 64, 64);
    private static readonly RgbColor Lost = new(255, 200, 0);

    /// <summary>The true box in green; the tracker's in red, or yellow while it is lost; number and confidence.</summary>
    internal static Frame Draw(Frame frame, TrackResult result, BoundingBox? truth)
    {
        Frame drawn = frame.ToRgb();
        if (truth is { } box)
            Drawing.Box(drawn, box, Truth);
        RgbColor color = result.Lost ? Lost : Tracked;
        Drawing.Box(drawn, result.Box, color);
        Drawing.Text(drawn, 4, 4, $"{frame.Index + 1}  {result.Confidence:F2}{(result.Lost ? "  LOST" : "")}", color);
        return drawn;
    }
}
