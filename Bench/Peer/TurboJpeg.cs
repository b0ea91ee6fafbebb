using System.Runtime.InteropServices;

namespace SiamIlgpu.Bench.Peer;

/// <summary>
/// The decoder of libjpeg-turbo by its TurboJPEG interface, chosen at run time. With its defaults, accurate transform and smooth
/// upsampling, it gives the pixels that ours gives. For one thread.
/// </summary>
internal sealed unsafe class TurboJpeg : IDisposable
{
    private const int Rgb = 0;
    private const int Grey = 6;

    private readonly nint handle;
    private readonly delegate* unmanaged<nint, int> destroy;
    private readonly delegate* unmanaged<nint, byte*, nuint, byte*, int, int, int, int, int, int> decompress;
    private readonly delegate* unmanaged<nint> lastError;

    /// <summary>Loads the library.</summary>
    /// <exception cref="PeerException">There is no such file, or it is no TurboJPEG.</exception>
    internal TurboJpeg(string path)
    {
        // On Windows a C long, which the size of a file is, has 32 bits.
        if (OperatingSystem.IsWindows())
            throw new PeerException("libjpeg-turbo is not compared on Windows");
        var library = new PeerLibrary("TurboJPEG", path);
        var create = (delegate* unmanaged<nint>)library.Export("tjInitDecompress");
        destroy = (delegate* unmanaged<nint, int>)library.Export("tjDestroy");
        decompress = (delegate* unmanaged<nint, byte*, nuint, byte*, int, int, int, int, int, int>)library.Export("tjDecompress2");
        lastError = (delegate* unmanaged<nint>)library.Export("tjGetErrorStr");
        handle = create();
    }

    /// <summary>Decodes a file to RGB or grey bytes, rows without gaps.</summary>
    /// <exception cref="PeerException">It cannot.</exception>
    internal void Decode(ReadOnlySpan<byte> file, int width, int height, bool grey, Span<byte> pixels)
    {
        if (pixels.Length != width * height * (grey ? 1 : 3))
            throw new ArgumentException($"{width}x{height} pixels do not take {pixels.Length} bytes", nameof(pixels));
        fixed (byte* from = file, to = pixels)
        {
            if (decompress(handle, from, (nuint)file.Length, to, width, 0, height, grey ? Grey : Rgb, 0) != 0)
                throw new PeerException($"libjpeg-turbo: {Marshal.PtrToStringUTF8(lastError())}");
        }
    }

    public void Dispose() => destroy(handle);
}
