using System.Runtime.Intrinsics;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>
/// One target in one video whose frames can be read in any order. Several threads may read at once, each into a
/// <see cref="FrameWindow"/> of its own; the same frame always gives the same pixels.
/// </summary>
public abstract class TrainingVideo
{
    /// <summary>What it is called in messages.</summary>
    public abstract string Name { get; }

    /// <summary>Videos of the same group show the same frames: they are all for training, or all for validation.</summary>
    public virtual string Group => Name;

    /// <summary>How many frames there are.</summary>
    public abstract int Count { get; }

    /// <summary>The frames that have a box, ascending.</summary>
    public abstract IReadOnlyList<int> Annotated { get; }

    /// <summary>The target's box in a frame, in OTB's coordinates: the first pixel is (1, 1); null where there is none.</summary>
    /// <param name="frame">The frame's number, from 0.</param>
    public abstract BoundingBox? Box(int frame);

    /// <summary>
    /// Reads a frame, or at least the part of it that lies in a square. Returns false when it cannot be read; why is then
    /// among the video's problems.
    /// </summary>
    /// <param name="frame">The frame's number, from 0.</param>
    /// <param name="wanted">What has to be there.</param>
    /// <param name="window">Receives the pixels.</param>
    public abstract bool TryRead(int frame, CropSquare wanted, FrameWindow window);
}

/// <summary>A part of a frame, or all of it, and what is needed to read the next one without allocating. For one thread.</summary>
public sealed class FrameWindow
{
    /// <summary>The pixels.</summary>
    public Frame Pixels { get; } = new();

    /// <summary>Column of the frame that the first pixel is from.</summary>
    public int Left { get; internal set; }

    /// <summary>Row of the frame that the first pixel is from.</summary>
    public int Top { get; internal set; }

    /// <summary>Pixels in a row of the whole frame.</summary>
    public int FrameWidth { get; internal set; }

    /// <summary>Rows of the whole frame.</summary>
    public int FrameHeight { get; internal set; }

    /// <summary>The color that stands outside the frame.</summary>
    public RgbColor Padding { get; internal set; }

    internal ImageReader Images { get; } = new();

    internal FigurePainter Painter { get; } = new();

    internal Vector128<float>[] Canvas { get; set; } = [];

    internal Vector128<float>[] Scratch { get; set; } = [];
}
