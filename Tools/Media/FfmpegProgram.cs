namespace SiamIlgpu.Media;

/// <summary>Where the ffmpeg program is.</summary>
internal static class FfmpegProgram
{
    /// <summary>The path of a program that exists.</summary>
    /// <param name="wanted">Its path, or null to look on PATH.</param>
    /// <param name="purpose">The video that needs it, for the message.</param>
    /// <exception cref="FrameException">There is none; the message says what to do.</exception>
    public static string Find(string? wanted, string purpose)
    {
        if (wanted is null)
        {
            return OnPath("ffmpeg") ?? throw new FrameException(
                purpose,
                "needs ffmpeg, which is not on PATH: install it (Debian, Ubuntu: apt install ffmpeg; macOS: brew install ffmpeg; "
                + "Windows: winget install ffmpeg) or say where it is (--ffmpeg)");
        }
        return File.Exists(wanted) ? Path.GetFullPath(wanted) : throw new FrameException(wanted, "there is no such ffmpeg program");
    }

    /// <summary>
    /// A program's full path. Starting one by its bare name would look into the current folder first, which may hold anything.
    /// </summary>
    public static string? OnPath(string name)
    {
        string file = OperatingSystem.IsWindows() ? $"{name}.exe" : name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }
}
