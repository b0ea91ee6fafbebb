using SiamIlgpu.Tracking;

namespace SiamIlgpu.CameraHost;

/// <summary>
/// Stands for a camera's driver: owns one buffer of BGRA pixels, rows padded to whole cache lines, and overwrites it with every
/// frame. It sees a checkered card that circles before a striped wall.
/// </summary>
internal sealed class PretendCamera
{
    private const int BytesPerPixel = 4, CardWidth = 60, CardHeight = 44, Check = 11;
    private readonly byte[] buffer;
    private int frame;

    internal PretendCamera(int width, int height)
    {
        (Width, Height) = (width, height);
        StrideBytes = (width * BytesPerPixel + 63) / 64 * 64 + 64;
        buffer = new byte[StrideBytes * height];
    }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>Bytes from one row to the next.</summary>
    internal int StrideBytes { get; }

    /// <summary>The last frame, until the next one overwrites it.</summary>
    internal ReadOnlySpan<byte> Pixels => buffer;

    /// <summary>Where the card is in the last frame.</summary>
    internal BoundingBox Target { get; private set; }

    internal void Capture()
    {
        double angle = frame++ * 0.04;
        int left = (int)(Width / 2 + Width / 4 * Math.Cos(angle)) - CardWidth / 2;
        int top = (int)(Height / 2 + Height / 4 * Math.Sin(angle)) - CardHeight / 2;
        Target = new BoundingBox(left + 1, top + 1, CardWidth, CardHeight);
        for (int y = 0; y < Height; y++)
        {
            Span<byte> row = buffer.AsSpan(y * StrideBytes, Width * BytesPerPixel);
            for (int x = 0; x < Width; x++)
            {
                int column = x - left, line = y - top;
                bool onCard = column is >= 0 and < CardWidth && line is >= 0 and < CardHeight;
                Span<byte> pixel = row.Slice(x * BytesPerPixel, BytesPerPixel);
                (pixel[0], pixel[1], pixel[2], pixel[3]) = onCard
                    ? Card(column / Check, line / Check)
                    : ((byte)(90 + 40 * Math.Sin(x * 0.05)), (byte)(110 + 30 * Math.Sin(y * 0.08)), (byte)(100 + 20 * Math.Sin((x + y) * 0.03)), (byte)255);
            }
        }
    }

    private static (byte Blue, byte Green, byte Red, byte Alpha) Card(int column, int line) =>
        (column + line) % 2 == 0 ? ((byte)40, (byte)60, (byte)(180 + 15 * line), (byte)255) : ((byte)230, (byte)(200 - 10 * column), (byte)60, (byte)255);
}
