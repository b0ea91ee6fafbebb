namespace SiamIlgpu.Kernels;

/// <summary>How a tensor's elements lie in its buffer.</summary>
public enum TensorLayout
{
    /// <summary>[n][c][h][w]: one plane after the other. Responses, windows, spectra.</summary>
    Planar,

    /// <summary>[n][h][w][c]: the channels of a pixel side by side. Images: the input of a network's first convolution.</summary>
    Interleaved,

    /// <summary>[n][ceil(c/16)][h][w][16]: sixteen channels side by side, unused lanes zero. Features on the CPU.</summary>
    Blocked16,
}

/// <summary>The size of a four-dimensional tensor: batch, channels, height, width. Prints as [3,256,22,22].</summary>
/// <param name="Batch">Number of images.</param>
/// <param name="Channels">Channels of one image.</param>
/// <param name="Height">Rows of one channel.</param>
/// <param name="Width">Columns of one channel.</param>
public readonly record struct TensorShape(int Batch, int Channels, int Height, int Width)
{
    /// <summary>Number of elements, padding lanes of a layout not counted.</summary>
    public long Count => (long)Batch * Channels * Height * Width;

    /// <summary>Number of floats that one image of this shape takes in a buffer of the given layout.</summary>
    public long ImageLength(TensorLayout layout) =>
        (long)(layout == TensorLayout.Blocked16 ? (Channels + 15) / 16 * 16 : Channels) * Height * Width;

    /// <summary>Number of floats that this shape takes in a buffer of the given layout.</summary>
    public long Length(TensorLayout layout) => Batch * ImageLength(layout);

    /// <inheritdoc/>
    public override string ToString() => $"[{Batch},{Channels},{Height},{Width}]";
}

/// <summary>A shaped window into a <see cref="DeviceBuffer"/>. It owns nothing.</summary>
/// <param name="Buffer">The memory it looks into.</param>
/// <param name="Offset">Index of its first float in the buffer.</param>
/// <param name="Shape">Batch, channels, height, width.</param>
/// <param name="Layout">Order of the elements.</param>
public readonly record struct TensorView(DeviceBuffer Buffer, long Offset, TensorShape Shape, TensorLayout Layout)
{
    /// <summary>Number of floats it spans, padding lanes included.</summary>
    public long Length => Shape.Length(Layout);

    /// <summary>The view of <paramref name="count"/> images from <paramref name="first"/> on.</summary>
    public TensorView Images(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Shape.Batch);
        return this with { Offset = Offset + first * Shape.ImageLength(Layout), Shape = Shape with { Batch = count } };
    }
}
