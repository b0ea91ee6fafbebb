using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>A small picture of one frame; boxes are laid over it by the page.</summary>
/// <param name="Frame">The frame's place in its sequence, from 0.</param>
/// <param name="Png">The picture, as a PNG file.</param>
internal sealed record ShownFrame(int Frame, byte[] Png)
{
    private const int Count = 6;
    private const int Width = 200;

    // Five bits a channel: half the bytes, and at this size the eye does not miss the others.
    private const int Levels = 31;

    /// <summary>Frames from first to last, evenly spread over those that have a true box.</summary>
    internal static IReadOnlyList<ShownFrame> Choose(IReadOnlyList<string> files, IReadOnlyList<BoundingBox?> truth)
    {
        int[] annotated = [.. Enumerable.Range(0, truth.Count).Where(i => truth[i] is { IsValid: true })];
        if (annotated.Length == 0)
            return [];
        return
        [
            .. Enumerable.Range(0, Count).Select(i => annotated[i * (annotated.Length - 1) / (Count - 1)]).Distinct()
                .Select(frame => new ShownFrame(frame, PngEncoder.Encode(Shrink(ImageReader.Read(files[frame]).ToRgb())))),
        ];
    }

    /// <summary>Every pixel is the mean of those that it covers.</summary>
    private static Frame Shrink(Frame frame)
    {
        int width = Math.Min(Width, frame.Width);
        int height = Math.Max(1, (int)Math.Round(frame.Height * (double)width / frame.Width));
        var small = new Frame(width, height);
        for (int y = 0; y < height; y++)
        {
            int top = y * frame.Height / height, bottom = Math.Max(top + 1, (y + 1) * frame.Height / height);
            Span<byte> row = small.Row(y);
            for (int x = 0; x < width; x++)
            {
                int left = x * frame.Width / width, right = Math.Max(left + 1, (x + 1) * frame.Width / width);
                for (int channel = 0; channel < 3; channel++)
                    row[3 * x + channel] = Coarse(Mean(frame, left, right, top, bottom, channel));
            }
        }
        return small;
    }

    private static double Mean(Frame frame, int left, int right, int top, int bottom, int channel)
    {
        int sum = 0;
        for (int y = top; y < bottom; y++)
        {
            ReadOnlySpan<byte> row = frame.Row(y);
            for (int x = left; x < right; x++)
                sum += row[3 * x + channel];
        }
        return sum / (double)((right - left) * (bottom - top));
    }

    private static byte Coarse(double value) => (byte)Math.Round(Math.Round(value * Levels / 255) * 255 / Levels);
}
