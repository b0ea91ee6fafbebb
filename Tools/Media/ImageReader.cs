namespace SiamIlgpu.Media;

/// <summary>
/// Reads JPEG and PNG files, told apart by their first bytes. Keeps its buffers from one file to the next: when sizes do
/// not change, nothing the size of an image is allocated. Not thread-safe.
/// </summary>
public sealed class ImageReader
{
    private readonly JpegDecoder jpeg = new();
    private readonly PngDecoder png = new();
    private byte[] file = [];

    /// <summary>Reads one image.</summary>
    /// <exception cref="FrameException">The file cannot be read, or is no JPEG or PNG that the decoders know.</exception>
    public static Frame Read(string path)
    {
        Frame frame = new();
        new ImageReader().Read(path, frame);
        return frame;
    }

    /// <summary>Reads one image into <paramref name="frame"/>, which takes its size, format and file name.</summary>
    /// <exception cref="FrameException">The file cannot be read, or is no JPEG or PNG that the decoders know.</exception>
    public void Read(string path, Frame frame)
    {
        ReadOnlySpan<byte> bytes = Load(path);
        if (JpegDecoder.Recognizes(bytes))
            jpeg.Decode(bytes, path, frame);
        else if (PngDecoder.Recognizes(bytes))
            png.Decode(bytes, path, frame);
        else
            throw new FrameException(path, bytes.IsEmpty ? "the file is empty" : "neither a JPEG nor a PNG file");
        frame.Name = Path.GetFileName(path);
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
