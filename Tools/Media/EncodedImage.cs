using System.Buffers.Binary;
using SkiaSharp;

namespace SiamIlgpu.Media;

/// <summary>
/// Tells whether an image file is complete. Skia does not notice every file that is cut short: it reports success for a progressive JPEG
/// that has at least one whole scan, and for a PNG whose last chunk is missing.
/// </summary>
internal static class EncodedImage
{
    private const byte StartOfScan = 0xDA, Fill = 0xFF;

    private static ReadOnlySpan<byte> EndOfImage => [0xFF, 0xD9];

    /// <summary>Whether the end of the image is missing. Only JPEG, PNG and WebP files are checked.</summary>
    internal static bool IsCutShort(ReadOnlySpan<byte> image, SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Jpeg => IsCutJpeg(image),
        SKEncodedImageFormat.Png => image.LastIndexOf("IEND"u8) is int end && (end < 0 || image.Length - end < 8),
        SKEncodedImageFormat.Webp => image.Length < 8L + BinaryPrimitives.ReadUInt32LittleEndian(image[4..]),
        _ => false,
    };

    // An embedded thumbnail has an end marker of its own, before the first scan. So only what follows the start of that scan is searched.
    private static bool IsCutJpeg(ReadOnlySpan<byte> image)
    {
        for (int position = 2; position + 4 <= image.Length;)
        {
            byte marker = image[position + 1];
            if (image[position] != Fill || marker is Fill or 0)
            {
                position++;
                continue;
            }
            if (marker == StartOfScan)
                return image[position..].IndexOf(EndOfImage) < 0;
            position += 2 + BinaryPrimitives.ReadUInt16BigEndian(image[(position + 2)..]);
        }
        return true;
    }
}
