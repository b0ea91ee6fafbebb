using System.Runtime.CompilerServices;

namespace SiamIlgpu.Tests;

/// <summary>
/// The sequences and weights that are too large, or not ours, to be part of the project: in the folder that SIAMILGPU_DATA
/// names, else in shared/ beside the project's root.
/// </summary>
internal static class SharedData
{
    internal static string Root { get; } = Find();

    /// <summary>The path of a file or folder below the data's root; where only a part of the data is there, the test is skipped.</summary>
    internal static string Require(string relativePath)
    {
        string path = Path.Combine(Root, relativePath);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Ignore($"needs {relativePath}, not found in {Root}; set SIAMILGPU_DATA to the folder that has it");
        return path;
    }

    private static string Find([CallerFilePath] string thisFile = "")
    {
        if (Environment.GetEnvironmentVariable("SIAMILGPU_DATA") is { Length: > 0 } named)
            return named;
        string projectRoot = Path.GetDirectoryName(Path.GetDirectoryName(thisFile))!;
        return Path.GetFullPath(Path.Combine(projectRoot, "..", "shared"));
    }
}
