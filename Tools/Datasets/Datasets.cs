using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>OTB: img/ with frames beside groundtruth_rect.txt, or groundtruth_rect.1.txt, .2, ... for several targets.</summary>
public static class Otb
{
    private const string Prefix = "groundtruth_rect";

    /// <summary>The sequence in a folder (one for each target), or all those in its sub-folders, in natural order.</summary>
    /// <exception cref="FrameException">There is no sequence, or its ground truth is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder) => DatasetFolder.Open(folder, "OTB", $"{Prefix}*.txt", ReadSequence);

    private static IEnumerable<Sequence> ReadSequence(string folder, string[] files)
    {
        string name = DatasetFolder.NameOf(folder);
        string images = Path.Combine(folder, "img");
        foreach (string file in files)
        {
            // "groundtruth_rect.2" names target 2; plain "groundtruth_rect" the only one.
            string target = Path.GetFileNameWithoutExtension(file)[Prefix.Length..];
            yield return new Sequence(name + target, images, GroundTruth.Read(file), FirstFrame(name, images));
        }
    }

    /// <summary>David is annotated from its image 300 on; some copies of OTB hold the dark images before it, some do not.</summary>
    private static int FirstFrame(string name, string images)
        => name == "David" && File.Exists(Path.Combine(images, "0001.jpg")) && File.Exists(Path.Combine(images, "0300.jpg")) ? 299 : 0;
}

/// <summary>VOT: frames beside groundtruth.txt (in color/ in the later years), polygons or rectangles.</summary>
public static class Vot
{
    /// <summary>The sequence in a folder, or all those in its sub-folders, in natural order.</summary>
    /// <exception cref="FrameException">There is no sequence, or its ground truth is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder) => DatasetFolder.Open(folder, "VOT", "groundtruth.txt", ReadSequence);

    private static IEnumerable<Sequence> ReadSequence(string folder, string[] files)
    {
        string color = Path.Combine(folder, "color");
        yield return new Sequence(DatasetFolder.NameOf(folder), Directory.Exists(color) ? color : folder, GroundTruth.Read(files[0]))
        {
            Polygons = GroundTruth.ReadPolygons(files[0]),
        };
    }
}

/// <summary>
/// GOT-10k: frames beside groundtruth.txt, absence.label, which marks frames without the target, and cover.label, which is 0 where
/// nothing of it is to be seen.
/// </summary>
public static class Got10k
{
    /// <summary>The sequence in a folder, or all those in its sub-folders, in natural order.</summary>
    /// <exception cref="FrameException">There is no sequence, or its ground truth or absence label is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder) => DatasetFolder.Open(folder, "GOT-10k", "groundtruth.txt", ReadSequence);

    private static IEnumerable<Sequence> ReadSequence(string folder, string[] files)
    {
        BoundingBox?[] boxes = [.. GroundTruth.Read(files[0])];
        // The test set has no labels, and ground truth for its first frames only.
        Remove("absence.label", marked: true);
        Remove("cover.label", marked: false);
        yield return new Sequence(DatasetFolder.NameOf(folder), folder, boxes);

        void Remove(string name, bool marked)
        {
            string file = Path.Combine(folder, name);
            if (!File.Exists(file))
                return;
            bool[] flags = GroundTruth.ReadFlags(file);
            for (int i = 0; i < Math.Min(flags.Length, boxes.Length); i++)
            {
                if (flags[i] == marked)
                    boxes[i] = null;
            }
        }
    }
}

/// <summary>Finds sequence folders by their ground-truth files.</summary>
internal static class DatasetFolder
{
    public static IReadOnlyList<Sequence> Open(
        string folder, string dataset, string groundTruthPattern, Func<string, string[], IEnumerable<Sequence>> read)
    {
        if (!Directory.Exists(folder))
            throw new FrameException(folder, "there is no such folder");
        List<Sequence> sequences = [];
        try
        {
            string[] own = Find(folder, groundTruthPattern);
            if (own.Length > 0)
                return [.. read(folder, own)];
            foreach (string inner in Directory.EnumerateDirectories(folder).Order(NaturalOrder.Instance))
            {
                if (Find(inner, groundTruthPattern) is { Length: > 0 } files)
                    sequences.AddRange(read(inner, files));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FrameException(folder, $"cannot be listed ({e.Message})", e);
        }
        if (sequences.Count == 0)
            throw new FrameException(folder, $"no {dataset} sequence, neither it nor its sub-folders have {groundTruthPattern}");
        return sequences;
    }

    public static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static string[] Find(string folder, string pattern) => [.. Directory.EnumerateFiles(folder, pattern).Order(NaturalOrder.Instance)];
}

/// <summary>How a data set's folders look.</summary>
public enum DatasetFormat
{
    /// <summary>See <see cref="Datasets.Otb"/>.</summary>
    Otb,

    /// <summary>See <see cref="Datasets.Vot"/>.</summary>
    Vot,

    /// <summary>See <see cref="Datasets.Got10k"/>.</summary>
    Got10k,
}

/// <summary>Opens a data set whose format is known only when the program runs.</summary>
public static class Dataset
{
    /// <summary>The sequence in a folder, or all those in its sub-folders, in natural order.</summary>
    /// <param name="folder">The folder of a sequence, or of sequences.</param>
    /// <param name="format">How it looks.</param>
    /// <exception cref="FrameException">There is no sequence, or its ground truth is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder, DatasetFormat format) => format switch
    {
        DatasetFormat.Vot => Vot.Open(folder),
        DatasetFormat.Got10k => Got10k.Open(folder),
        _ => Otb.Open(folder),
    };
}
