namespace SiamIlgpu.Tests.Tools;

/// <summary>Programs that stand for an ffmpeg which misbehaves: shell scripts, so they need a Unix shell.</summary>
internal static class FakeFfmpeg
{
    /// <summary>Prints <c>frames</c> black pictures of 4x2 pixels.</summary>
    internal static string Pictures(int frames) =>
        $"for i in $(seq {frames}); do printf 'P6\\n4 2\\n255\\n'; head -c 24 /dev/zero; done";

    /// <summary>Writes a script and returns its path.</summary>
    internal static string Make(string folder, string name, string script)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
