namespace SiamIlgpu.Kernels;

/// <summary>The order of a tensor's elements in memory.</summary>
public enum TensorLayout
{
    /// <summary>[n][c][h][w]: one plane after the other. The layout of responses, windows and parameters.</summary>
    Planar,

    /// <summary>
    /// [n][h][w][c]: the channels of a pixel side by side. The layout of images, which a network's first convolution takes.
    /// </summary>
    Interleaved,

    /// <summary>
    /// [n][ceil(c/16)][h][w][16]: blocks of sixteen channels side by side; unused lanes are zero. The layout of features.
    /// </summary>
    Blocked16,
}

/// <summary>The size of a four-dimensional tensor: batch, channels, height, width. Its text is, for example, [3,256,22,22].</summary>
/// <param name="Batch">Number of images.</param>
/// <param name="Channels">Channels of one image.</param>
/// <param name="Height">Rows of one channel.</param>
/// <param name="Width">Columns of one channel.</param>
public readonly record struct TensorShape(int Batch, int Channels, int Height, int Width)
{
    /// <summary>Number of elements. Unused lanes of a layout do not count.</summary>
    public long Count => (long)Batch * Channels * Height * Width;

    /// <summary>
    /// Number of blocks of sixteen channels that <see cref="TensorLayout.Blocked16"/> divides an image into; the last may have unused lanes.
    /// </summary>
    public int Blocks => Channels.DivideUp(Block.Lanes);

    /// <summary>Number of floats that one image of this shape takes in memory in the given layout.</summary>
    public long ImageLength(TensorLayout layout) =>
        (long)(layout == TensorLayout.Blocked16 ? Blocks * Block.Lanes : Channels) * Height * Width;

    /// <summary>Number of floats that this shape takes in memory in the given layout.</summary>
    public long Length(TensorLayout layout) => Batch * ImageLength(layout);

    /// <inheritdoc/>
    public override string ToString() => $"[{Batch},{Channels},{Height},{Width}]";
}

/// <summary>
/// A shaped window into the memory of a <see cref="Tensor"/>. It owns nothing: the tensor must outlive it.
/// </summary>
public readonly record struct TensorView
{
    internal TensorView(DeviceBuffer buffer, long offset, TensorShape shape, TensorLayout layout) =>
        (Buffer, Offset, Shape, Layout) = (buffer, offset, shape, layout);

    /// <summary>The device whose memory it looks into.</summary>
    public ComputeDevice Device => Buffer.Device;

    /// <summary>Batch, channels, height, width.</summary>
    public TensorShape Shape { get; internal init; }

    /// <summary>The order of the elements in memory.</summary>
    public TensorLayout Layout { get; internal init; }

    /// <summary>Number of floats that it spans; unused lanes of <see cref="TensorLayout.Blocked16"/> count.</summary>
    public long Length => Shape.Length(Layout);

    internal DeviceBuffer Buffer { get; }

    /// <summary>Index of its first float in the buffer.</summary>
    internal long Offset { get; init; }

    /// <summary>The view of <paramref name="count"/> images from image <paramref name="first"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It has no such images.</exception>
    public TensorView Images(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Shape.Batch);
        return this with { Offset = Offset + first * Shape.ImageLength(Layout), Shape = Shape with { Batch = count } };
    }

    /// <summary>Looks at a part of the same floats as a tensor of another shape.</summary>
    /// <param name="start">The part's first float, counted from the start of this view.</param>
    /// <param name="shape">The shape of the part.</param>
    /// <param name="layout">The order of its elements.</param>
    /// <exception cref="KernelShapeException">The part reaches past this view.</exception>
    public TensorView Slice(long start, TensorShape shape, TensorLayout layout)
    {
        if (start < 0 || start > Length - shape.Length(layout))
            throw new KernelShapeException($"slice: {shape} {layout} from float {start} on reaches past {Shape} {Layout} with {Length} floats");
        return new TensorView(Buffer, Offset + start, shape, layout);
    }
}
