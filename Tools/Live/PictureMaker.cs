using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>
/// Makes the page's pictures of a target's response and exemplar, and chooses the size in which a frame is shown. Only the session's thread
/// uses it.
/// </summary>
internal sealed class PictureMaker(MultiTracker tracker)
{
    /// <summary>The longest side of a frame on the page. A larger one is slow to send and looks the same.</summary>
    internal const int LargestFrame = 960;

    /// <summary>The side of an exemplar on the page, in pixels.</summary>
    internal const int ExemplarSide = 64;

    private float[] response = [];
    private float[] planes = [];
    private byte[] pixels = [];

    /// <summary>The size in which a frame is shown on a page with <paramref name="room"/> pixels in a row.</summary>
    internal static (int Width, int Height) SizeFor(Frame frame, int room)
    {
        double scale = Math.Min(1, Math.Min(Math.Min(room, LargestFrame) / (double)frame.Width, LargestFrame / (double)frame.Height));
        return (Math.Max(1, (int)(scale * frame.Width)), Math.Max(1, (int)(scale * frame.Height)));
    }

    /// <summary>Reads a target's last response and exemplar from the tracker. The response is scaled to the range of a byte.</summary>
    internal void Refresh(LiveTarget target)
    {
        int side = tracker.ResponseSize;
        if (target.Response.Length != side * side)
            target.Response = new byte[side * side];
        if (target.HasResponse)
        {
            Array.Resize(ref response, side * side);
            tracker.ReadResponse(target.Number, response);
            Stretch(response, target.Response);
        }
        else
        {
            Array.Clear(target.Response);
        }

        side = tracker.Definition.ExemplarSize;
        Array.Resize(ref planes, 3 * side * side);
        Array.Resize(ref pixels, 3 * side * side);
        tracker.ReadExemplar(target.Number, planes);
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)Math.Clamp(planes[i % 3 * side * side + i / 3] + 0.5f, 0, 255);
        Thumbnail.Shrink(pixels, side, side, target.Exemplar, ExemplarSide, ExemplarSide);
    }

    private static void Stretch(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        float least = float.MaxValue, most = float.MinValue;
        foreach (float value in values)
        {
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }
        float scale = most > least ? 255 / (most - least) : 0;
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((values[i] - least) * scale + 0.5f);
    }
}
