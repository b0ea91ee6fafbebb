using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>Draws the tracker's results on a frame.</summary>
internal static class Annotation
{
    private static readonly RgbColor Truth = new(64, 224, 96);
    private static readonly RgbColor Tracked = new(255, 64, 64);
    private static readonly RgbColor Lost = new(255, 200, 0);
    private static readonly RgbColor Plain = new(255, 255, 255);

    // The palette of Okabe and Ito: color-blind people can tell its colors apart. The brighter colors come first.
    private static readonly RgbColor[] Targets =
    [
        new(230, 159, 0), new(86, 180, 233), new(0, 158, 115), new(240, 228, 66), new(204, 121, 167), new(213, 94, 0), new(0, 114, 178),
    ];

    /// <summary>Copies the frame and draws one target on the copy.</summary>
    internal static Frame Draw(Frame frame, TrackResult result, BoundingBox? truth)
    {
        Frame drawn = frame.ToRgb();
        DrawOn(drawn, [result], truth);
        return drawn;
    }

    /// <summary>
    /// Draws the true box in green. A single target is red, or yellow while it is lost, and the frame's number and the confidence are
    /// written above it. Several targets have a color each, with their number and confidence at the box; thin lines mean lost.
    /// </summary>
    /// <param name="frame">An Rgb24 frame.</param>
    /// <param name="results">One result for each target.</param>
    /// <param name="truth">The true box, if it is known.</param>
    internal static void DrawOn(Frame frame, ReadOnlySpan<TrackResult> results, BoundingBox? truth)
    {
        if (truth is { } box)
            Drawing.Box(frame, box, Truth);
        if (results.Length == 1)
        {
            RgbColor color = results[0].Lost ? Lost : Tracked;
            Drawing.Box(frame, results[0].Box, color);
            Drawing.Text(frame, 4, 4, $"{frame.Index + 1}  {Said(results[0])}", color);
            return;
        }
        for (int i = 0; i < results.Length; i++)
        {
            RgbColor color = Targets[i % Targets.Length];
            Drawing.Box(frame, results[i].Box, color, results[i].Lost ? Drawing.LineWidth(frame) / 2 : null);
            DrawLabel(frame, results[i].Box, $"{i + 1}  {Said(results[i])}", color);
        }
        Drawing.Text(frame, 4, 4, $"{frame.Index + 1}", Plain);
    }

    private static string Said(TrackResult result) => $"{result.Confidence:F2}{(result.Lost ? "  LOST" : "")}";

    // The text stands above the box, or inside it where there is no room above. It stays within the frame.
    private static void DrawLabel(Frame frame, BoundingBox box, string label, RgbColor color)
    {
        if (!box.IsValid)
            return;
        (int width, int height) = Drawing.TextSize(frame, label);
        double x = Math.Clamp(box.X - 1, 0, Math.Max(0, frame.Width - width));
        double above = box.Y - 1 - height, y = above >= 0 ? above : box.Y - 1 + Drawing.LineWidth(frame);
        Drawing.Text(frame, (int)x, (int)Math.Clamp(y, 0, Math.Max(0, frame.Height - height)), label, color);
    }
}
