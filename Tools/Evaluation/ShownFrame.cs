using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>A small picture of one frame. The page draws boxes over it.</summary>
/// <param name="Frame">The frame's number in its sequence, from 0.</param>
/// <param name="Png">The picture, as a PNG file.</param>
internal sealed record ShownFrame(int Frame, byte[] Png)
{
    private const int Count = 6;
    private const int Width = 200;

    // Five bits per channel halve the size of the file, and at this size the eye sees no difference.
    private const int Levels = 31;

    /// <summary>Chooses frames that are spread evenly over those that have a true box, from the first to the last.</summary>
    internal static IReadOnlyList<ShownFrame> Choose(IReadOnlyList<string> files, IReadOnlyList<BoundingBox?> truth)
    {
        int[] annotated = [.. Enumerable.Range(0, truth.Count).Where(i => truth[i] is { IsValid: true })];
        if (annotated.Length == 0)
            return [];
        return
        [
            .. Enumerable.Range(0, Count).Select(i => annotated[i * (annotated.Length - 1) / (Count - 1)]).Distinct()
                .Select(frame => new ShownFrame(frame, Shrink(ImageReader.Read(files[frame])))),
        ];
    }

    /// <summary>Makes the frame small and encodes it as a PNG file.</summary>
    private static byte[] Shrink(Frame frame)
    {
        int width = Math.Min(Width, frame.Width);
        int height = Math.Max(1, (int)Math.Round(frame.Height * (double)width / frame.Width));
        byte[] rgba = new byte[4 * width * height];
        Thumbnail.Shrink(frame.Pixels, frame.Width, frame.Height, rgba, width, height);
        for (int i = 0; i < rgba.Length; i++)
            rgba[i] = (byte)Math.Round(Math.Round(rgba[i] * Levels / 255.0) * 255 / Levels);
        return PngEncoder.Encode(new FrameView(rgba, width, height, PixelFormat.Rgba32));
    }
}
