namespace SiamIlgpu.Media;

/// <summary>Finds the ffmpeg program.</summary>
internal static class FfmpegProgram
{
    /// <summary>The full path of ffmpeg.</summary>
    /// <param name="wanted">The path that the user gave, or null to search PATH.</param>
    /// <param name="purpose">The video that needs ffmpeg, for the error message.</param>
    /// <exception cref="FrameException">ffmpeg was not found; the message says what to do.</exception>
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
    /// The full path of a program on PATH, or null. A program must not be started by its bare name: the current folder, which may contain
    /// any program, would be searched first.
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
