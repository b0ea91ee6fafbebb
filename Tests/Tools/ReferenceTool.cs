using System.Diagnostics;
using System.Text;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Programs that tests run; those that decoders and encoders are compared with speak PNM: portable gray and color maps.</summary>
internal static class ReferenceTool
{
    /// <summary>Where a program lies on PATH; null where it does not.</summary>
    internal static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? $"{program}.exe" : program)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end: its exit code, and what it said, errors last.</summary>
    internal static (int Code, string Said) Run(ProcessStartInfo start)
    {
        (start.UseShellExecute, start.RedirectStandardOutput, start.RedirectStandardError) = (false, true, true);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, said);
    }

    /// <summary>Runs a program with bytes in and bytes out.</summary>
    internal static byte[] Run(string program, string arguments, byte[] input)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task feed = Task.Run(() =>
        {
            using Stream stdin = process.StandardInput.BaseStream;
            stdin.Write(input);
        });
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        feed.GetAwaiter().GetResult();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"{program} {arguments}: {errors.Result}");
        return output.ToArray();
    }

    /// <summary>A frame as a binary PGM or PPM.</summary>
    internal static byte[] ToPnm(Frame frame)
    {
        string header = $"P{(frame.Format == PixelFormat.Gray8 ? 5 : 6)}\n{frame.Width} {frame.Height}\n255\n";
        return [.. Encoding.ASCII.GetBytes(header), .. frame.Pixels];
    }

    /// <summary>Reads a binary PGM or PPM, or a bitmap; 16-bit samples are rounded to 8 bits, other ranges scaled to 0..255.</summary>
    internal static Frame FromPnm(ReadOnlySpan<byte> pnm)
    {
        int kind = pnm[1] - '0', position = 2;
        int width = Number(pnm, ref position), height = Number(pnm, ref position);
        int most = kind == 4 ? 1 : Number(pnm, ref position);
        ReadOnlySpan<byte> data = pnm[(position + 1)..];
        Frame frame = new(width, height, kind == 6 ? PixelFormat.Rgb24 : PixelFormat.Gray8);
        Span<byte> pixels = frame.Pixels;
        for (int i = 0; i < pixels.Length; i++)
        {
            int value = kind == 4
                ? 1 - (data[i / width * ((width + 7) / 8) + i % width / 8] >> (7 - i % width % 8) & 1)
                : most > 255 ? data[2 * i] << 8 | data[2 * i + 1] : data[i];
            pixels[i] = (byte)((value * 255 + most / 2) / most);
        }
        return frame;
    }

    /// <summary>Asserts equal sizes and pixels at most <paramref name="tolerance"/> apart, naming the worst one.</summary>
    internal static void AssertClose(Frame actual, Frame expected, int tolerance, string what)
    {
        Assert.That((actual.Width, actual.Height), Is.EqualTo((expected.Width, expected.Height)), what);
        if (actual.Format != expected.Format)
            (actual, expected) = (actual.ToRgb(), expected.ToRgb());
        int worst = 0, worstIndex = 0;
        for (int i = 0; i < actual.Pixels.Length; i++)
        {
            int difference = Math.Abs(actual.Pixels[i] - expected.Pixels[i]);
            if (difference > worst)
                (worst, worstIndex) = (difference, i);
        }
        int pixel = worstIndex / actual.BytesPerPixel;
        Assert.That(
            worst,
            Is.LessThanOrEqualTo(tolerance),
            $"{what}: x {pixel % actual.Width}, y {pixel / actual.Width}, byte {worstIndex % actual.BytesPerPixel}: "
            + $"{actual.Pixels[worstIndex]} instead of {expected.Pixels[worstIndex]}");
    }

    private static int Number(ReadOnlySpan<byte> text, ref int position)
    {
        while (!char.IsAsciiDigit((char)text[position]))
            position++;
        int value = 0;
        for (; char.IsAsciiDigit((char)text[position]); position++)
            value = 10 * value + text[position] - '0';
        return value;
    }
}
