using System.Runtime.InteropServices;

namespace SiamIlgpu.Bench.Peer;

/// <summary>What libjpeg-turbo, or the attempt to load it, has to complain about, in one sentence.</summary>
internal sealed class TurboJpegException(string message, Exception? inner = null) : Exception(message, inner);

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
    /// <exception cref="TurboJpegException">There is no such file, or it is no TurboJPEG.</exception>
    internal TurboJpeg(string path)
    {
        if (!File.Exists(path))
            throw new TurboJpegException($"{path}: no such file");
        nint library;
        try
        {
            library = NativeLibrary.Load(Path.GetFullPath(path));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new TurboJpegException($"{path}: not a library that this machine can load", e);
        }
        // Windows counts a C long as 32 bits, and the size of a file is one.
        if (OperatingSystem.IsWindows())
            throw new TurboJpegException("libjpeg-turbo is not compared on Windows");
        var create = (delegate* unmanaged<nint>)Export(library, path, "tjInitDecompress");
        destroy = (delegate* unmanaged<nint, int>)Export(library, path, "tjDestroy");
        decompress = (delegate* unmanaged<nint, byte*, nuint, byte*, int, int, int, int, int, int>)Export(library, path, "tjDecompress2");
        lastError = (delegate* unmanaged<nint>)Export(library, path, "tjGetErrorStr");
        handle = create();
    }

    /// <summary>Decodes a file to RGB or grey bytes, rows without gaps.</summary>
    /// <exception cref="TurboJpegException">It cannot.</exception>
    internal void Decode(ReadOnlySpan<byte> file, int width, int height, bool grey, Span<byte> pixels)
    {
        if (pixels.Length != width * height * (grey ? 1 : 3))
            throw new ArgumentException($"{width}x{height} pixels do not take {pixels.Length} bytes", nameof(pixels));
        fixed (byte* from = file, to = pixels)
        {
            if (decompress(handle, from, (nuint)file.Length, to, width, 0, height, grey ? Grey : Rgb, 0) != 0)
                throw new TurboJpegException($"libjpeg-turbo: {Marshal.PtrToStringUTF8(lastError())}");
        }
    }

    public void Dispose() => destroy(handle);

    private static nint Export(nint library, string path, string name) =>
        NativeLibrary.TryGetExport(library, name, out nint address)
            ? address
            : throw new TurboJpegException($"{path}: a library, but not TurboJPEG: it does not export {name}");
}
