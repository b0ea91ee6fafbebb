using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>
/// One target in one video whose frames can be read in any order. Several threads may read at once, each into its own
/// <see cref="FrameWindow"/>. The same frame always gives the same pixels.
/// </summary>
public abstract class TrainingVideo
{
    /// <summary>The video's name in messages.</summary>
    public abstract string Name { get; }

    /// <summary>Videos of the same group show the same frames, so all of them are for training, or all for validation.</summary>
    public virtual string Group => Name;

    /// <summary>Number of frames.</summary>
    public abstract int Count { get; }

    /// <summary>The numbers of the frames that have a box, ascending.</summary>
    public abstract IReadOnlyList<int> Annotated { get; }

    /// <summary>The target's box in a frame, in OTB's coordinates, where the first pixel is (1, 1); null if the frame has no box.</summary>
    /// <param name="frame">The frame's number, from 0.</param>
    public abstract BoundingBox? Box(int frame);

    /// <summary>
    /// Reads a frame, or at least the part of it that lies in a square. Returns false when the frame cannot be read; the reason is then
    /// among the video's problems.
    /// </summary>
    /// <param name="frame">The frame's number, from 0.</param>
    /// <param name="wanted">The square that must be read.</param>
    /// <param name="window">Receives the pixels.</param>
    public abstract bool TryRead(int frame, CropSquare wanted, FrameWindow window);
}

/// <summary>A frame, or a part of it, and the memory that is reused to read the next one. For one thread at a time.</summary>
public sealed class FrameWindow
{
    /// <summary>The pixels.</summary>
    public Frame Pixels { get; } = new();

    /// <summary>The column of the frame, from 0, at which the pixels begin.</summary>
    public int Left { get; internal set; }

    /// <summary>The row of the frame, from 0, at which the pixels begin.</summary>
    public int Top { get; internal set; }

    /// <summary>Pixels in a row of the whole frame.</summary>
    public int FrameWidth { get; internal set; }

    /// <summary>Rows of the whole frame.</summary>
    public int FrameHeight { get; internal set; }

    /// <summary>The color of pixels outside the frame.</summary>
    public RgbColor Padding { get; internal set; }

    internal ImageReader Images { get; } = new();

    internal FigurePainter Painter { get; } = new();

    internal Canvas Canvas { get; set; } = new();

    internal Canvas Scratch { get; set; } = new();

    internal byte[] Bytes { get; set; } = [];
}
