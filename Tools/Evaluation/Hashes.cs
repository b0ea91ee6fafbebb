using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Evaluation;

/// <summary>SHA-256, in hexadecimal digits.</summary>
internal static class Hashes
{
    internal static string OfText(string text) => Of(Encoding.UTF8.GetBytes(text));

    internal static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Of the names and values of weights.</summary>
    internal static string OfTensors(NetworkWeights weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, WeightTensor tensor) in weights.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}{tensor}\n"));
            hash.AppendData(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of the names, without folders, and the contents of files, in order.</summary>
    internal static string OfFiles(IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file)}\n"));
            using FileStream stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
