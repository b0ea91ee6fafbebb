using System.Globalization;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>Writes result files line by line while a video is tracked. They appear, complete, with <see cref="Keep"/>.</summary>
internal sealed class ResultFiles : IDisposable
{
    private readonly List<AtomicFile> boxes = [];
    private readonly AtomicFile? csv;
    private int frames;

    /// <summary>Begins the files.</summary>
    /// <param name="boxesFile">x,y,w,h for every frame with four decimals: OTB's format. Each of several targets has its own file.</param>
    /// <param name="csvFile">
    /// One line for each frame and target: the target's number from 1 if there are several, the frame's number from 1, box, confidence,
    /// lost, and the milliseconds that the frame took without decoding.
    /// </param>
    /// <param name="targets">How many targets there are.</param>
    internal ResultFiles(string? boxesFile, string? csvFile, int targets)
    {
        try
        {
            foreach (string file in boxesFile is null ? [] : FilesOf(boxesFile, targets))
                boxes.Add(new AtomicFile(file));
            csv = csvFile is null ? null : new AtomicFile(csvFile);
        }
        catch (FrameException)
        {
            Dispose();
            throw;
        }
        csv?.WriteLine($"{(targets > 1 ? "target," : "")}frame,x,y,w,h,confidence,lost,milliseconds");
    }

    /// <summary>Refuses files that cannot be written before the video is tracked.</summary>
    internal static void RequireWritable(IEnumerable<string> files)
    {
        foreach (string file in files)
        {
            if (Directory.Exists(file))
                throw new InputException($"{file}: is a folder, not a file to write");
            string? folder = Path.GetDirectoryName(Path.GetFullPath(file));
            if (!Directory.Exists(folder))
                throw new InputException($"{file}: there is no folder {folder}");
        }
    }

    /// <summary>The name itself for one target; boxes.1.txt, boxes.2.txt, ... for several.</summary>
    internal static IEnumerable<string> FilesOf(string file, int targets) => targets == 1
        ? [file]
        : Enumerable.Range(1, targets).Select(i => Path.ChangeExtension(file, $"{i}{Path.GetExtension(file)}"));

    internal void Add(ReadOnlySpan<TrackResult> results, double milliseconds)
    {
        frames++;
        for (int i = 0; i < results.Length; i++)
        {
            TrackResult result = results[i];
            if (boxes.Count > 0)
                boxes[i].WriteLine(result.Box.ToString());
            csv?.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(results.Length > 1 ? $"{i + 1}," : "")}{frames},{result.Box},{result.Confidence:F4},{(result.Lost ? 1 : 0)},{milliseconds:F3}"));
        }
    }

    internal void Keep()
    {
        foreach (AtomicFile file in boxes)
            file.Keep();
        csv?.Keep();
    }

    public void Dispose()
    {
        foreach (AtomicFile file in boxes)
            file.Dispose();
        csv?.Dispose();
    }
}
