using System.CommandLine;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Bench.Peer;

/// <summary>The verb that races the JPEG decoder against libjpeg-turbo: same files, in memory, one thread each.</summary>
internal static class JpegCommand
{
    private const int Failed = 2;

    private const string Help =
        """
        Times the JPEG decoder against libjpeg-turbo, by turns in one process, and compares the pixels.

        libjpeg-turbo is not part of this project; Debian's package libturbojpeg0 has it as libturbojpeg.so.0. Both decode
        the files from memory to RGB, with the accurate transform and smooth upsampling. A ratio of 2 means that ours takes
        twice as long.
        """;

    internal static Command Create()
    {
        var library = new Option<string>("--turbojpeg") { Description = "libjpeg-turbo's TurboJPEG library.", Required = true, HelpName = "FILE" };
        var images = new Argument<string[]>("images") { Description = "JPEG files.", Arity = ArgumentArity.OneOrMore };
        Option<int> rounds = Arguments.Count("--rounds", 40, "Rounds; each counts two passes of ours and two of libjpeg-turbo.");
        var command = new Command("jpeg", Help) { library, images, rounds };
        command.SetAction(parsed =>
        {
            try
            {
                using var peer = new TurboJpeg(parsed.GetRequiredValue(library));
                foreach (string image in parsed.GetRequiredValue(images))
                    Race(peer, image, parsed.GetValue(rounds));
                return 0;
            }
            catch (Exception e) when (e is PeerException or FrameException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(e.Message);
                return Failed;
            }
        });
        return command;
    }

    private static void Race(TurboJpeg peer, string path, int rounds)
    {
        byte[] file = File.ReadAllBytes(path);
        var decoder = new JpegDecoder();
        var frame = new Frame();
        decoder.Decode(file, path, frame);
        FrameView view = frame;
        bool grey = view.Format == PixelFormat.Gray8;
        var theirs = new byte[view.Width * view.Height * view.BytesPerPixel];

        (Timing ofOurs, Timing ofTheirs) = Turns.Time(
            () => decoder.Decode(file, path, frame),
            () => peer.Decode(file, frame.Width, frame.Height, grey, theirs),
            rounds);

        Console.WriteLine($"{path}, {view.Width}x{view.Height}, {file.Length} bytes");
        Console.WriteLine($"  ours           {ofOurs}");
        Console.WriteLine($"  libjpeg-turbo  {ofTheirs}");
        Console.WriteLine($"  pixels differ by at most {LargestDifference(frame, theirs)}");
        Console.WriteLine($"ratio {ofOurs.Median / ofTheirs.Median:F3}");
    }

    private static int LargestDifference(FrameView ours, ReadOnlySpan<byte> theirs)
    {
        int largest = 0;
        int bytes = ours.Width * ours.BytesPerPixel;
        for (int y = 0; y < ours.Height; y++)
        {
            ReadOnlySpan<byte> row = ours.Row(y);
            for (int i = 0; i < bytes; i++)
                largest = Math.Max(largest, Math.Abs(row[i] - theirs[y * bytes + i]));
        }
        return largest;
    }
}
