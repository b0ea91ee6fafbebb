namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Max pooling of a map that threads compute in bands of rows. Windows inside a band are pooled with the band. For a window across the
/// edge of two bands, the upper band writes the maximum of its rows to a seam, and the lower band writes the maximum of its rows to the
/// output. When all bands are done, seams and output are joined. So no row is computed twice. The result does not depend on the bands,
/// because a maximum does not depend on its order.
/// </summary>
internal sealed unsafe class PooledBands(MaxPoolSpec spec, Part[] bands)
{
    private readonly int seamsOfAnEdge = (spec.Size - 1).DivideUp(spec.Stride);

    /// <summary>Rows of the map that belong to each band, from the top down.</summary>
    internal Part[] Rows => bands;

    /// <summary>Floats of the seam below a band, for sixteen channels.</summary>
    internal int SeamFloats => seamsOfAnEdge * OutRow;

    private int OutRow => spec.OutWidth * Block.Lanes;

    /// <summary>Pools one band of sixteen channels of an image.</summary>
    /// <param name="band">Number of the band.</param>
    /// <param name="map">The rows of the band, one after the other.</param>
    /// <param name="output">The output of these channels, from its first row on.</param>
    /// <param name="seam">The seam below the band.</param>
    internal void Pool(int band, float* map, float* output, float* seam)
    {
        Part rows = bands[band];
        int last = Math.Min(spec.OutHeight - 1, (rows.End - 1) / spec.Stride);
        for (int y = FirstAcross(rows.First); y <= last; y++)
        {
            int first = Math.Max(y * spec.Stride, rows.First);
            int end = Math.Min(y * spec.Stride + spec.Size, rows.End);
            float* to = Ends(y, rows) ? output + (nint)y * OutRow : seam + (y - FirstAcross(rows.End)) * OutRow;
            MaxPoolCpu.PoolRow(spec, map + (nint)(first - rows.First) * spec.Width * Block.Lanes, end - first, to);
        }
    }

    /// <summary>Adds the seam below a band to the output.</summary>
    internal void Join(int band, float* output, float* seam)
    {
        Part rows = bands[band];
        for (int y = FirstAcross(rows.End); y < spec.OutHeight && y * spec.Stride < rows.End; y++, seam += OutRow)
            MaxPoolCpu.Join(seam, output + (nint)y * OutRow, OutRow);
    }

    private bool Ends(int y, Part rows) => y * spec.Stride + spec.Size <= rows.End;

    // The first window that reaches a row or begins below it.
    private int FirstAcross(int row) => row < spec.Size ? 0 : (row - spec.Size) / spec.Stride + 1;
}
