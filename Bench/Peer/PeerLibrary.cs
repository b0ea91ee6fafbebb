using System.Runtime.InteropServices;

namespace SiamIlgpu.Bench.Peer;

/// <summary>What the library of a peer, or the attempt to load it, has to complain about, in one sentence.</summary>
internal sealed class PeerException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A native library to measure against, chosen at run time. It stays loaded to the end.</summary>
/// <param name="name">What it is, for messages.</param>
/// <param name="path">Its file.</param>
internal sealed class PeerLibrary(string name, string path)
{
    private readonly nint library = Load(path);

    /// <summary>The address of one of its functions.</summary>
    /// <exception cref="PeerException">It has no such function.</exception>
    internal nint Export(string function) =>
        NativeLibrary.TryGetExport(library, function, out nint address)
            ? address
            : throw new PeerException($"{path}: a library, but not {name}: it does not export {function}");

    private static nint Load(string path)
    {
        if (!File.Exists(path))
            throw new PeerException($"{path}: no such file");
        try
        {
            return NativeLibrary.Load(Path.GetFullPath(path));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new PeerException($"{path}: not a library that this machine can load", e);
        }
    }
}
