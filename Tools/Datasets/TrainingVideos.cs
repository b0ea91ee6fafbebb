using System.Xml;
using System.Xml.Linq;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>
/// Opens data sets for training. What cannot be used is left out and reported. An exception is thrown only if nothing can be used.
/// </summary>
public static class TrainingVideos
{
    // A pair needs two frames.
    private const int FewestFrames = 2;

    /// <summary>Opens OTB sequences: see <see cref="Datasets.Otb"/>.</summary>
    /// <param name="folder">One sequence, or a folder of sequences.</param>
    /// <param name="problems">Receives a sentence for everything that cannot be used.</param>
    /// <exception cref="FrameException">There is no usable video.</exception>
    public static IReadOnlyList<TrainingVideo> Otb(string folder, TrainingProblems problems) => Open(folder, Datasets.Otb.Open, problems);

    /// <summary>Opens VOT sequences: see <see cref="Datasets.Vot"/>.</summary>
    /// <param name="folder">One sequence, or a folder of sequences.</param>
    /// <param name="problems">Receives a sentence for everything that cannot be used.</param>
    /// <exception cref="FrameException">There is no usable video.</exception>
    public static IReadOnlyList<TrainingVideo> Vot(string folder, TrainingProblems problems) => Open(folder, Datasets.Vot.Open, problems);

    /// <summary>Opens GOT-10k sequences: see <see cref="Datasets.Got10k"/>.</summary>
    /// <param name="folder">One sequence, or a folder of sequences.</param>
    /// <param name="problems">Receives a sentence for everything that cannot be used.</param>
    /// <exception cref="FrameException">There is no usable video.</exception>
    public static IReadOnlyList<TrainingVideo> Got10k(string folder, TrainingProblems problems) => Open(folder, Datasets.Got10k.Open, problems);

    /// <summary>Makes training videos from sequences of any data set.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="problems">Receives a sentence for everything that cannot be used.</param>
    /// <exception cref="FrameException">There is no usable video.</exception>
    public static IReadOnlyList<TrainingVideo> Of(IEnumerable<Sequence> sequences, TrainingProblems problems)
    {
        List<TrainingVideo> videos = [];
        foreach (Sequence sequence in sequences)
        {
            try
            {
                string[] files = ImageFolder.List(sequence.FrameFolder, sequence.FirstFrame);
                AddUsable(videos, new FileVideo(sequence.Name, Path.GetFullPath(sequence.FrameFolder), files, [.. sequence.GroundTruth], problems), problems);
            }
            catch (FrameException e)
            {
                problems.AddSentence(e.Message);
            }
        }
        return Usable("training data", videos, problems);
    }

    /// <summary>
    /// Opens ImageNet's data set for object detection in video (ILSVRC-VID): Data/VID/train/.../video/000000.JPEG and
    /// Annotations/VID/train/.../video/000000.xml. Each track of a video becomes a training video. Boxes that are marked as occluded count
    /// as well.
    /// </summary>
    /// <param name="folder">The folder that contains Data and Annotations.</param>
    /// <param name="problems">Receives a sentence for everything that cannot be used.</param>
    /// <exception cref="FrameException">The folders are missing, or there is no usable video.</exception>
    public static IReadOnlyList<TrainingVideo> IlsvrcVid(string folder, TrainingProblems problems)
    {
        string annotations = Path.Combine(folder, "Annotations", "VID", "train"), data = Path.Combine(folder, "Data", "VID", "train");
        foreach (string needed in (ReadOnlySpan<string>)[annotations, data])
        {
            if (!Directory.Exists(needed))
                throw new FrameException(needed, "there is no such folder");
        }
        List<TrainingVideo> videos = [];
        try
        {
            string[] folders = [.. Directory.EnumerateDirectories(annotations, "*", SearchOption.AllDirectories).Order(NaturalOrder.Instance)];
            // There are about a million small files, so they are read on all cores. The order of the folders is kept.
            FileVideo[][] tracks = new FileVideo[folders.Length][];
            Parallel.For(0, folders.Length, i => tracks[i] = ReadTracks(folders[i], Path.Combine(data, Path.GetRelativePath(annotations, folders[i])), problems));
            foreach (FileVideo track in tracks.SelectMany(video => video))
                AddUsable(videos, track, problems);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FrameException(folder, $"cannot be listed ({e.Message})", e);
        }
        return Usable(folder, videos, problems);
    }

    /// <summary>
    /// Sets a share of the videos aside for validation. Videos of one <see cref="TrainingVideo.Group"/> stay together. The same groups and
    /// seed give the same split.
    /// </summary>
    /// <param name="videos">All videos.</param>
    /// <param name="validationShare">
    /// Share of the groups that is set aside, 0..1. If it is more than 0, at least one group is set aside.
    /// </param>
    /// <param name="seed">The seed of the split. Another seed gives another split.</param>
    /// <exception cref="ArgumentException">The share is not from 0 to 1.</exception>
    public static (IReadOnlyList<TrainingVideo> Training, IReadOnlyList<TrainingVideo> Validation) Split(
        IReadOnlyList<TrainingVideo> videos, double validationShare, int seed)
    {
        if (!(validationShare is >= 0 and <= 1))
            throw new ArgumentException($"share of validation: from 0 to 1, got {validationShare}");
        string[] groups = [.. videos.Select(video => video.Group).Distinct()];
        HashSet<string> aside = [.. groups
            .Order(StringComparer.Ordinal)
            .Select((group, i) => (Group: group, Place: SceneRandom.Seed((ulong)seed, (ulong)i)))
            .OrderBy(entry => entry.Place)
            .Take((int)Math.Ceiling(validationShare * groups.Length))
            .Select(entry => entry.Group)];
        return ([.. videos.Where(video => !aside.Contains(video.Group))], [.. videos.Where(video => aside.Contains(video.Group))]);
    }

    private static IReadOnlyList<TrainingVideo> Open(string folder, Func<string, IReadOnlyList<Sequence>> open, TrainingProblems problems)
    {
        IReadOnlyList<Sequence> sequences;
        try
        {
            sequences = open(folder);
        }
        catch (FrameException e) when (Directory.Exists(folder))
        {
            // At least one sequence is bad: open them one by one.
            sequences = [.. Directory.EnumerateDirectories(folder).Order(NaturalOrder.Instance).SelectMany(OpenOne)];
            if (sequences.Count == 0)
                throw new FrameException(e.File, e.Message[Math.Min(e.Message.Length, e.File.Length + 2)..], e);
        }
        return Of(sequences, problems);

        IReadOnlyList<Sequence> OpenOne(string inner)
        {
            try
            {
                return open(inner);
            }
            catch (FrameException e)
            {
                problems.AddSentence(e.Message);
                return [];
            }
        }
    }

    private static FileVideo[] ReadTracks(string annotations, string images, TrainingProblems problems)
    {
        string[] files = [.. Directory.EnumerateFiles(annotations, "*.xml").Order(NaturalOrder.Instance)];
        SortedDictionary<string, BoundingBox?[]> tracks = new(NaturalOrder.Instance);
        for (int frame = 0; frame < files.Length; frame++)
        {
            try
            {
                // The reader's default settings refuse DTDs and fetch nothing from elsewhere.
                using XmlReader reader = XmlReader.Create(files[frame]);
                foreach (XElement thing in XElement.Load(reader).Elements("object"))
                {
                    string track = thing.Element("trackid")?.Value ?? "0";
                    if (!tracks.TryGetValue(track, out BoundingBox?[]? boxes))
                        tracks.Add(track, boxes = new BoundingBox?[files.Length]);
                    XElement box = thing.Element("bndbox") ?? throw new FormatException("an object has no bndbox");
                    (double left, double top) = (Number(box, "xmin"), Number(box, "ymin"));
                    // ILSVRC counts pixels from 0.
                    boxes[frame] = new BoundingBox(left + 1, top + 1, Number(box, "xmax") - left, Number(box, "ymax") - top);
                }
            }
            catch (Exception e) when (e is XmlException or FormatException or IOException or UnauthorizedAccessException)
            {
                problems.Add(files[frame], $"cannot be read as an annotation ({e.Message})");
            }
        }
        string[] frames = [.. files.Select(file => Path.Combine(images, Path.GetFileNameWithoutExtension(file) + ".JPEG"))];
        string name = DatasetFolder.NameOf(annotations);
        return [.. tracks.Select(track => new FileVideo($"{name}.{track.Key}", images, frames, track.Value, problems))];
    }

    private static double Number(XElement box, string name)
        => (double?)box.Element(name) ?? throw new FormatException($"a bndbox has no {name}");

    private static void AddUsable(List<TrainingVideo> videos, FileVideo video, TrainingProblems problems)
    {
        if (video.Annotated.Count >= FewestFrames)
            videos.Add(video);
        else
            problems.Add(video.Name, $"{video.Annotated.Count} frames with a box are too few for a pair");
    }

    private static IReadOnlyList<TrainingVideo> Usable(string folder, List<TrainingVideo> videos, TrainingProblems problems)
    {
        if (videos.Count > 0)
            return videos;
        IReadOnlyList<string> all = problems.All;
        throw new FrameException(folder, all.Count == 0 ? "no usable video" : $"no usable video ({all.Count} problems, the first: {all[0]})");
    }
}
