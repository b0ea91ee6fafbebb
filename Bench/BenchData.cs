using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>The sequences that verbs measure on, and what they do when these, or models, cannot be read.</summary>
internal static class BenchData
{
    private const int Failed = 2;

    /// <summary>All sequences of a folder that holds datasets.</summary>
    /// <exception cref="FrameException">There is none.</exception>
    internal static IReadOnlyList<Sequence> Sequences(string folder)
    {
        (string Name, Func<string, IReadOnlyList<Sequence>> Open)[] datasets = [("otb", Otb.Open), ("vot", Vot.Open), ("got10k", Got10k.Open)];
        Sequence[] sequences =
            [.. datasets.Where(d => Directory.Exists(Path.Combine(folder, d.Name))).SelectMany(d => d.Open(Path.Combine(folder, d.Name)))];
        return sequences.Length > 0 ? sequences : throw new FrameException(folder, "has none of the folders otb, vot and got10k");
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
}
