using System.Security.Cryptography;
using System.Text;

namespace SiamIlgpu.KernelCompiler;

/// <summary>One hash for all kernel sources, whatever line ends a checkout has.</summary>
internal static class SourceHash
{
    /// <summary>The SHA-256, in hexadecimal, of all *.cs files of a folder with their names.</summary>
    internal static string Of(string folder)
    {
        var all = new StringBuilder();
        foreach (string file in Directory.GetFiles(folder, "*.cs").Order(StringComparer.Ordinal))
            all.Append(Path.GetFileName(file)).Append('\n').Append(File.ReadAllText(file).ReplaceLineEndings("\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())));
    }
}
