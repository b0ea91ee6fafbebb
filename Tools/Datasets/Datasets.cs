using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>
/// Opens sequences in the layout of OTB: frames in img/, next to groundtruth_rect.txt, or for several targets next to
/// groundtruth_rect.1.txt, groundtruth_rect.2.txt and so on.
/// </summary>
public static class Otb
{
    private const string Prefix = "groundtruth_rect";

    /// <summary>
    /// Opens the sequence in a folder (one for each of its targets), or all sequences in its subfolders, in natural order of names.
    /// </summary>
    /// <exception cref="FrameException">There is no sequence, or a file of ground truth is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder) => DatasetFolder.Open(folder, "OTB", $"{Prefix}*.txt", ReadSequence);

    private static IEnumerable<Sequence> ReadSequence(string folder, string[] files)
    {
        string name = DatasetFolder.NameOf(folder);
        string images = Path.Combine(folder, "img");
        foreach (string file in files)
        {
            // "groundtruth_rect.2" is target 2; "groundtruth_rect" without a number is the only target.
            string target = Path.GetFileNameWithoutExtension(file)[Prefix.Length..];
            yield return new Sequence(name + target, images, GroundTruth.Read(file), FirstFrame(name, images));
        }
    }

    /// <summary>
    /// How many images to skip. David is annotated from image 300 on; some copies of OTB also contain the dark images before it.
    /// </summary>
    private static int FirstFrame(string name, string images)
        => name == "David" && File.Exists(Path.Combine(images, "0001.jpg")) && File.Exists(Path.Combine(images, "0300.jpg")) ? 299 : 0;
}

/// <summary>
/// Opens sequences in the layout of VOT: frames next to groundtruth.txt, or in later years in color/. The ground truth has polygons or
/// rectangles.
/// </summary>
public static class Vot
{
    /// <summary>Opens the sequence in a folder, or all sequences in its subfolders, in natural order of names.</summary>
    /// <exception cref="FrameException">There is no sequence, or a file of ground truth is malformed.</exception>
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
/// Opens sequences in the layout of GOT-10k: frames next to groundtruth.txt, absence.label and cover.label. Frames have no true box where
/// absence.label says that the target is absent, or where cover.label is 0, which means that the target is completely hidden.
/// </summary>
public static class Got10k
{
    /// <summary>Opens the sequence in a folder, or all sequences in its subfolders, in natural order of names.</summary>
    /// <exception cref="FrameException">There is no sequence, or a file of ground truth or labels is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder) => DatasetFolder.Open(folder, "GOT-10k", "groundtruth.txt", ReadSequence);

    private static IEnumerable<Sequence> ReadSequence(string folder, string[] files)
    {
        BoundingBox?[] boxes = [.. GroundTruth.Read(files[0])];
        // The test set has no labels, and its ground truth is only the first frame of each sequence.
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
            throw new FrameException(folder, $"no {dataset} sequence: neither the folder nor its subfolders contain {groundTruthPattern}");
        return sequences;
    }

    public static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static string[] Find(string folder, string pattern) => [.. Directory.EnumerateFiles(folder, pattern).Order(NaturalOrder.Instance)];
}

/// <summary>The layout of a data set's folders.</summary>
public enum DatasetFormat
{
    /// <summary>See <see cref="Datasets.Otb"/>.</summary>
    Otb,

    /// <summary>See <see cref="Datasets.Vot"/>.</summary>
    Vot,

    /// <summary>See <see cref="Datasets.Got10k"/>.</summary>
    Got10k,
}

/// <summary>Opens a data set whose format is only known at run time.</summary>
/// <example>
/// <code>
/// foreach (Sequence sequence in Dataset.Open("GOT-10k/val", DatasetFormat.Got10k))
///     Console.WriteLine($"{sequence.Name}: {sequence.GroundTruth.Count} frames");
/// </code>
/// </example>
public static class Dataset
{
    /// <summary>Opens the sequence in a folder, or all sequences in its subfolders, in natural order of names.</summary>
    /// <param name="folder">The folder of one sequence, or a folder with a subfolder for each sequence.</param>
    /// <param name="format">The layout of the folders.</param>
    /// <exception cref="FrameException">There is no sequence, or a file of ground truth is malformed.</exception>
    public static IReadOnlyList<Sequence> Open(string folder, DatasetFormat format) => format switch
    {
        DatasetFormat.Vot => Vot.Open(folder),
        DatasetFormat.Got10k => Got10k.Open(folder),
        _ => Otb.Open(folder),
    };
}
