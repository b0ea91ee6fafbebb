using SiamIlgpu.Kernels;
using SkiaSharp;

namespace SiamIlgpu.Media;

/// <summary>
/// Decodes JPEG, PNG, WebP, BMP and GIF images with SkiaSharp; of a GIF, the first picture. Images are turned upright as their EXIF
/// orientation says. Transparency and color profiles are ignored, so colors are used as they are stored. A file that is cut short or
/// damaged causes an exception; it is never decoded in part. The reader reuses its buffers for the next image. Not thread-safe.
/// </summary>
/// <example>
/// <code>
/// Frame frame = ImageReader.Read("first.jpg");
/// tracker.Initialize(frame, box);
/// </code>
/// </example>
public sealed unsafe class ImageReader
{
    /// <summary>The largest width and height that are accepted, in pixels.</summary>
    public const int MaxSide = 16384;

    // In a PNG, deflate makes at most 1032 bytes of one, and each holds at most eight pixels. A JPEG stays below that: it needs at least
    // one bit for a block of 64 pixels.
    private const long MostPixelsPerByte = 1032 * 8;

    private byte[] file = [];
    private byte[] decoded = [];

    /// <summary>Reads one image file.</summary>
    /// <exception cref="FrameException">
    /// The file cannot be read, is cut short or damaged, is larger than <see cref="MaxSide"/>, or is not an image that Skia can decode.
    /// </exception>
    public static Frame Read(string path)
    {
        Frame frame = new();
        new ImageReader().Read(path, frame);
        return frame;
    }

    /// <summary>Reads one image file into <paramref name="frame"/>, and sets the frame's size, format and name.</summary>
    /// <inheritdoc cref="Read(string)" path="/exception"/>
    public void Read(string path, Frame frame)
    {
        Decode(Load(path), path, frame);
        frame.Name = Path.GetFileName(path);
    }

    /// <summary>Decodes one image from memory.</summary>
    /// <param name="image">The bytes of a whole file.</param>
    /// <param name="name">The image's name for error messages.</param>
    /// <param name="frame">
    /// Receives the pixels: Gray8 if the image is stored as gray, otherwise Rgb24. They are undefined after an exception.
    /// </param>
    /// <exception cref="FrameException">
    /// The bytes are cut short or damaged, have more pixels than <see cref="MaxSide"/> allows, or are not an image that Skia can decode.
    /// </exception>
    public void Decode(ReadOnlySpan<byte> image, string name, Frame frame)
    {
        if (image.IsEmpty)
            throw new FrameException(name, "the file is empty");
        fixed (byte* bytes = image)
        {
            using SKData data = SKData.Create((nint)bytes, image.Length);
            using SKCodec codec = SKCodec.Create(data) ?? throw new FrameException(name, "not an image that can be read, or cut short or damaged in its header");
            Decode(codec, image, name, frame);
        }
    }

    private void Decode(SKCodec codec, ReadOnlySpan<byte> image, string name, Frame frame)
    {
        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        if (width > MaxSide || height > MaxSide)
            throw new FrameException(name, $"{width}x{height} pixels are more than {MaxSide}x{MaxSide}");
        if (codec.EncodedFormat is SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Png && (long)width * height > image.Length * MostPixelsPerByte)
            throw new FrameException(name, $"damaged: {image.Length} bytes cannot hold {width}x{height} pixels");

        bool gray = codec.Info.ColorType == SKColorType.Gray8;
        var info = new SKImageInfo(
            width, height, gray ? SKColorType.Gray8 : SKColorType.Rgba8888,
            codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        if (decoded.Length < info.BytesSize)
            decoded = new byte[info.BytesSize];
        fixed (byte* pixels = decoded)
        {
            SKCodecResult result = codec.GetPixels(info, (nint)pixels);
            if (result == SKCodecResult.IncompleteInput || EncodedImage.IsCutShort(image, codec.EncodedFormat))
                throw new FrameException(name, "the image is cut short");
            if (result != SKCodecResult.Success)
                throw new FrameException(name, $"damaged: cannot be decoded ({result})");
        }
        Turn(codec.EncodedOrigin, width, height, info.BytesPerPixel, frame);
    }

    /// <summary>Copies the decoded pixels without alpha into the frame, turned upright as the origin says.</summary>
    private void Turn(SKEncodedOrigin origin, int width, int height, int bytesPerPixel, Frame frame)
    {
        bool swapped = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        frame.Resize(swapped ? height : width, swapped ? width : height, bytesPerPixel == 1 ? PixelFormat.Gray8 : PixelFormat.Rgb24);
        // The origin says at which edges of the upright image the decoded row 0 and column 0 are. One step along x or y in the decoded
        // image is a step of stepX or stepY in the frame's index.
        int channels = frame.BytesPerPixel, row = frame.Width * channels;
        bool fromRight = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        bool fromBottom = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        int acrossFrame = fromRight ? -channels : channels, downFrame = fromBottom ? -row : row;
        (int stepX, int stepY) = swapped ? (downFrame, acrossFrame) : (acrossFrame, downFrame);
        int start = (fromRight ? row - channels : 0) + (fromBottom ? row * (frame.Height - 1) : 0);

        Span<byte> to = frame.Pixels;
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> from = decoded.AsSpan(y * width * bytesPerPixel, width * bytesPerPixel);
            int at = start + y * stepY;
            if (bytesPerPixel == 1)
            {
                for (int x = 0; x < from.Length; x++, at += stepX)
                    to[at] = from[x];
                continue;
            }
            for (int x = 0; x < from.Length; x += 4, at += stepX)
            {
                to[at] = from[x];
                to[at + 1] = from[x + 1];
                to[at + 2] = from[x + 2];
            }
        }
    }

    private ReadOnlySpan<byte> Load(string path)
    {
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long length = RandomAccess.GetLength(handle);
            if (length > Array.MaxLength)
                throw new FrameException(path, $"{length} bytes are too many for an image");
            if (file.Length < length)
                file = new byte[Math.Min(length + length / 4, Array.MaxLength)];
            int done = 0;
            while (done < length && RandomAccess.Read(handle, file.AsSpan(done, (int)length - done), done) is > 0 and int read)
                done += read;
            return file.AsSpan(0, done);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new FrameException(path, $"cannot be read ({e.Message})", e);
        }
    }
}
