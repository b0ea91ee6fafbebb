namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The input of a convolution as the transforms walk over it: at stride 1 in both directions. Strides in floats.
/// </summary>
/// <remarks>
/// Features are that already, in blocks of sixteen channels. An image convolved at stride s is s x s phases: output (y,x)
/// takes input (s (y+i) + a, s (x+j) + b) under tap (s i + a, s j + b). The colors of s neighboring pixels of a row are one
/// pixel of s C channels, just as they lie; the s rows are s blocks. Filters become ceil(size / s) wide, zero where no tap is.
/// Where all blocks together are no wider than sixteen lanes they are packed: transformed, they lie side by side as one block.
/// </remarks>
internal readonly record struct WinogradInput(
    int Stride, int Taps, int Groups, int Blocks, int Pixel, long ImageStride, nint BlockStride, nint RowStride)
{
    private bool IsImage { get; init; }

    /// <summary>Taps of a filter over the phases.</summary>
    internal static int TapsOf(in ConvolutionSpec spec) => spec.Size.DivideUp(spec.Stride);

    /// <summary>
    /// Whether a convolution has such a form: groups of whole blocks of channels, and pixels no wider than a block. The channels of one
    /// group need not fill its last block.
    /// </summary>
    internal static bool Exists(in ConvolutionSpec spec, ComputeDevice device) =>
        (spec.Groups == 1 || spec.OutChannels / spec.Groups % Block.Lanes == 0)
        && (spec.InputLayout(device) == TensorLayout.Interleaved
            ? spec.Groups == 1 && spec.Stride * spec.InChannels <= Block.Lanes
            : spec.Stride == 1 && (spec.Groups == 1 || spec.InChannels / spec.Groups % Block.Lanes == 0));

    /// <summary>How the input of a convolution lies.</summary>
    internal static WinogradInput Of(in ConvolutionSpec spec, ComputeDevice device)
    {
        TensorLayout layout = spec.InputLayout(device);
        long image = spec.Input.ImageLength(layout);
        int taps = TapsOf(spec);
        if (layout == TensorLayout.Interleaved)
        {
            int row = spec.Width * spec.InChannels;
            return new(spec.Stride, taps, 1, spec.Stride, spec.Stride * spec.InChannels, image, row, spec.Stride * row) { IsImage = true };
        }
        return new(
            1, taps, spec.Groups, (spec.InChannels / spec.Groups).DivideUp(Block.Lanes), Block.Lanes, image,
            spec.Height * spec.Width * Block.Lanes, spec.Width * Block.Lanes);
    }

    /// <summary>Floats of a pixel as the transforms write it: half a block where that is enough.</summary>
    internal int Lanes => Pixel <= 8 ? 8 : Block.Lanes;

    /// <summary>Input channels of a group, phases counted apiece: the depth of the matrix products.</summary>
    internal int Depth => Blocks * Pixel;

    /// <summary>
    /// Whether the blocks are written side by side. They must be written in order: the lanes past a pixel are garbage until
    /// the next block covers them.
    /// </summary>
    internal bool Packed => IsImage && Depth - Pixel + Lanes <= Block.Lanes;

    /// <summary>Blocks of sixteen lanes of a group, transformed.</summary>
    internal int TransformedBlocks => Packed ? 1 : Blocks;

    /// <summary>Lanes of such a block that the matrix products read.</summary>
    internal int Run => Packed ? Depth : Pixel;

    /// <summary>The channel of the filter and the first of its taps that a step of the depth belongs to.</summary>
    internal (int Channel, int Row, int Column) FilterAt(int step, int channels) =>
        IsImage ? (step % Pixel % channels, step / Pixel, step % Pixel / channels) : (step, 0, 0);
}

/// <summary>One tile of the output.</summary>
/// <param name="Image">Number of the image.</param>
/// <param name="Y">First row.</param>
/// <param name="X">First column.</param>
/// <param name="FirstRow">First row of the tile that no other tile writes.</param>
/// <param name="FirstColumn">First such column.</param>
/// <param name="Clipped">Whether the patch reaches past the image, under taps that are zero.</param>
internal readonly record struct WinogradTile(int Image, int Y, int X, int FirstRow, int FirstColumn, bool Clipped)
{
    /// <summary>Covers the output with tiles of m x m. The last of a row and of a column is shifted inside.</summary>
    internal static WinogradTile[] Cover(in ConvolutionSpec spec, in WinogradInput input, int outputs)
    {
        int down = spec.MapHeight.DivideUp(outputs);
        int along = spec.MapWidth.DivideUp(outputs);
        int reach = input.Stride * (outputs + input.Taps - 1);
        var tiles = new WinogradTile[spec.Batch * down * along];
        for (int i = 0; i < tiles.Length; i++)
        {
            int firstY = i / along % down * outputs;
            int firstX = i % along * outputs;
            int y = Math.Min(firstY, spec.MapHeight - outputs);
            int x = Math.Min(firstX, spec.MapWidth - outputs);
            bool clipped = y * input.Stride + reach > spec.Height || x * input.Stride + reach > spec.Width;
            tiles[i] = new WinogradTile(i / along / down, y, x, firstY - y, firstX - x, clipped);
        }
        return tiles;
    }
}
