using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>The sequences that verbs measure on, and what they do when these, or models, cannot be read.</summary>
internal static class BenchData
{
    private const int Failed = 2;

    // The datasets by the names of their folders, with a file that each sequence of theirs has.
    private static readonly (string Name, string File, Func<string, IReadOnlyList<Sequence>> Open)[] Datasets =
        [("otb", "groundtruth_rect*.txt", Otb.Open), ("vot", "groundtruth.txt", Vot.Open), ("got10k", "absence.label", Got10k.Open)];

    /// <summary>All sequences of a folder that holds datasets, holds sequences of one dataset, or is one sequence.</summary>
    /// <exception cref="FrameException">There is none.</exception>
    internal static IReadOnlyList<Sequence> Sequences(string folder)
    {
        if (!Directory.Exists(folder))
            throw new FrameException(folder, "there is no such folder");
        Sequence[] sequences =
            [.. Datasets.Where(d => Directory.Exists(Path.Combine(folder, d.Name))).SelectMany(d => d.Open(Path.Combine(folder, d.Name)))];
        if (sequences.Length > 0)
            return sequences;
        // The last that fits: sequences of GOT-10k have a groundtruth.txt, as those of VOT do, and some copies a file with OTB's name, too.
        return Datasets.LastOrDefault(d => Has(folder, d.File)).Open?.Invoke(folder)
            ?? throw new FrameException(folder, "has none of the folders otb, vot and got10k, and is no sequence or folder of sequences");
    }

    /// <summary>Runs a verb; what a user can put right is one line on the error output.</summary>
    internal static int Guard(Action verb)
    {
        try
        {
            verb();
            return 0;
        }
        catch (Exception e) when (e is FrameException or WeightFormatException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return Failed;
        }
    }

    // Whether a folder, or one right in it, has such a file.
    private static bool Has(string folder, string pattern) =>
        Directory.EnumerateDirectories(folder).Prepend(folder).Any(inner => Directory.EnumerateFiles(inner, pattern).Any());
}
