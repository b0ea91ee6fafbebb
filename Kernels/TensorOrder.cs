namespace SiamIlgpu.Kernels;

/// <summary>
/// Reorders values from planar order to a layout and back, one element after the other. Uploads and downloads of tensors use it, which
/// are rare: frames take another way.
/// </summary>
internal static class TensorOrder
{
    /// <summary>Brings planar values into the order of a layout; unused lanes become zero.</summary>
    internal static void FromPlanar(ReadOnlySpan<float> planar, Span<float> to, TensorShape shape, TensorLayout layout)
    {
        to.Clear();
        int from = 0;
        for (int n = 0; n < shape.Batch; n++)
            for (int c = 0; c < shape.Channels; c++)
                for (int y = 0; y < shape.Height; y++)
                    for (int x = 0; x < shape.Width; x++)
                        to[IndexOf(shape, layout, n, c, y, x)] = planar[from++];
    }

    /// <summary>Brings values from the order of a layout into planar order.</summary>
    internal static void ToPlanar(ReadOnlySpan<float> from, Span<float> planar, TensorShape shape, TensorLayout layout)
    {
        if (layout == TensorLayout.Planar)
        {
            from.CopyTo(planar);
            return;
        }
        int to = 0;
        for (int n = 0; n < shape.Batch; n++)
            for (int c = 0; c < shape.Channels; c++)
                for (int y = 0; y < shape.Height; y++)
                    for (int x = 0; x < shape.Width; x++)
                        planar[to++] = from[IndexOf(shape, layout, n, c, y, x)];
    }

    private static int IndexOf(TensorShape s, TensorLayout layout, int n, int c, int y, int x)
    {
        long index = layout switch
        {
            TensorLayout.Planar => (((long)n * s.Channels + c) * s.Height + y) * s.Width + x,
            TensorLayout.Interleaved => (((long)n * s.Height + y) * s.Width + x) * s.Channels + c,
            _ => n * s.ImageLength(layout) + (((long)(c / Block.Lanes) * s.Height + y) * s.Width + x) * Block.Lanes + c % Block.Lanes,
        };
        return (int)index;
    }
}
