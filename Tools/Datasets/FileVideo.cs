using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>
/// A training video of image files. A box without a size counts as no box. A frame whose size differs from the first frame's is not read.
/// </summary>
internal sealed class FileVideo : TrainingVideo
{
    // The first frame may be damaged, so a few frames are tried. If all of these are damaged, the video is given up.
    private const int TriesForSize = 5;

    private readonly string[] files;
    private readonly BoundingBox?[] boxes;
    private readonly int[] annotated;
    private readonly TrainingProblems problems;
    private readonly Lock access = new();
    private (int Width, int Height)? size;

    /// <param name="name">The video's name in messages.</param>
    /// <param name="group">A text that is the same for all videos with the same frames.</param>
    /// <param name="files">One file per frame.</param>
    /// <param name="boxes">One box per frame. There may be fewer or more boxes than frames.</param>
    /// <param name="problems">Receives a sentence for everything that cannot be used.</param>
    public FileVideo(string name, string group, string[] files, ReadOnlySpan<BoundingBox?> boxes, TrainingProblems problems)
    {
        (Name, Group, this.files, this.problems) = (name, group, files, problems);
        this.boxes = new BoundingBox?[Math.Min(files.Length, boxes.Length)];
        List<int> valid = [];
        int empty = 0;
        for (int i = 0; i < this.boxes.Length; i++)
        {
            if (boxes[i] is not { } box)
                continue;
            if (box.IsValid)
            {
                this.boxes[i] = box;
                valid.Add(i);
            }
            else
            {
                empty++;
            }
        }
        annotated = [.. valid];
        if (empty > 0)
            problems.Add(name, $"{empty} of {boxes.Length} boxes have no size");
    }

    public override string Name { get; }

    public override string Group { get; }

    public override int Count => files.Length;

    public override IReadOnlyList<int> Annotated => annotated;

    public override BoundingBox? Box(int frame) => frame < boxes.Length ? boxes[frame] : null;

    public override bool TryRead(int frame, CropSquare wanted, FrameWindow window)
    {
        if (Size(window) is not { } expected || !TryDecode(frame, window))
            return false;
        Frame pixels = window.Pixels;
        if ((pixels.Width, pixels.Height) != expected)
        {
            problems.Add(files[frame], $"is {pixels.Width}x{pixels.Height}, but the video is {expected.Width}x{expected.Height}");
            return false;
        }
        (window.Left, window.Top, window.FrameWidth, window.FrameHeight) = (0, 0, pixels.Width, pixels.Height);
        window.Padding = RgbColor.MeanOf(pixels);
        return true;
    }

    // The size of the first annotated frame that can be read. It does not depend on which frame a caller reads first.
    private (int Width, int Height)? Size(FrameWindow window)
    {
        lock (access)
        {
            for (int i = 0; size is null && i < Math.Min(TriesForSize, annotated.Length); i++)
            {
                if (TryDecode(annotated[i], window))
                    size = (window.Pixels.Width, window.Pixels.Height);
            }
            // A size of 0 x 0 means that no frame could be read, so that the frames are not tried again.
            return (size ??= default) == default ? null : size;
        }
    }

    private bool TryDecode(int frame, FrameWindow window)
    {
        try
        {
            window.Images.Read(files[frame], window.Pixels);
            window.Pixels.Index = frame;
            return true;
        }
        catch (FrameException e)
        {
            problems.AddSentence(e.Message);
            return false;
        }
    }
}
