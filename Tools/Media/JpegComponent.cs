namespace SiamIlgpu.Media;

/// <summary>One component (a grey or colour plane) of the JPEG at hand; keeps its memory for the next one.</summary>
internal sealed class JpegComponent
{
    private byte[] samples = [];
    private short[] coefficients = [];

    public byte Id { get; set; }

    /// <summary>Sampling factors, 1..4: blocks in an interleaved unit.</summary>
    public int HorizontalSampling { get; set; }

    public int VerticalSampling { get; set; }

    public int QuantizationIndex { get; set; }

    /// <summary>Image pixels per sample, across and down.</summary>
    public int HorizontalFactor { get; private set; }

    public int VerticalFactor { get; private set; }

    /// <summary>Samples that belong to the image.</summary>
    public int Width { get; private set; }

    public int Height { get; private set; }

    /// <summary>Blocks that cover the image; a scan of this component alone has these.</summary>
    public int BlocksWide => (Width + 7) / 8;

    public int BlocksHigh => (Height + 7) / 8;

    /// <summary>Blocks in memory: those of whole interleaved units.</summary>
    public int BlocksPerRow { get; private set; }

    public int BlockRows { get; private set; }

    /// <summary>Samples from one row to the next.</summary>
    public int Stride => 8 * BlocksPerRow;

    /// <summary>The steps in force at the component's first scan, row by row.</summary>
    public int[] Quantization { get; } = new int[64];

    /// <summary>Whether a scan has brought the component.</summary>
    public bool Scanned { get; set; }

    /// <summary>For each coefficient in zigzag order, the lowest bit that progressive scans have brought; -1 for none.</summary>
    public int[] LowestBit { get; } = new int[64];

    /// <summary>The difference coding's last value, and the decoding tables of the scan at hand.</summary>
    public int Prediction { get; set; }

    public HuffmanTable DcTable { get; set; } = null!;

    public HuffmanTable AcTable { get; set; } = null!;

    /// <summary>Works the sizes out for an image; allocates nothing.</summary>
    public void Measure(int imageWidth, int imageHeight, int maxHorizontal, int maxVertical)
    {
        HorizontalFactor = maxHorizontal / HorizontalSampling;
        VerticalFactor = maxVertical / VerticalSampling;
        Width = CeilingDivide(imageWidth, HorizontalFactor);
        Height = CeilingDivide(imageHeight, VerticalFactor);
        BlocksPerRow = CeilingDivide(imageWidth, 8 * maxHorizontal) * HorizontalSampling;
        BlockRows = CeilingDivide(imageHeight, 8 * maxVertical) * VerticalSampling;
        Scanned = false;
        Array.Fill(LowestBit, -1);
    }

    /// <summary>Makes room for the samples and, where asked for, for all coefficients, which are then zero.</summary>
    public void Allocate(bool withCoefficients)
    {
        int size = checked(64 * BlocksPerRow * BlockRows);
        if (samples.Length < size)
            samples = new byte[size];
        if (!withCoefficients)
            return;
        if (coefficients.Length < size)
            coefficients = new short[size];
        else
            coefficients.AsSpan(0, size).Clear();
    }

    public Span<short> Coefficients(int blockX, int blockY) => coefficients.AsSpan(64 * (blockY * BlocksPerRow + blockX), 64);

    /// <summary>The samples from a block's first one on.</summary>
    public Span<byte> Samples(int blockX, int blockY) => samples.AsSpan(8 * (blockY * Stride + blockX));

    /// <summary>A row of samples, with the padding that completes the last block.</summary>
    public ReadOnlySpan<byte> Row(int y) => samples.AsSpan(y * Stride, Stride);

    private static int CeilingDivide(int value, int divisor) => (value + divisor - 1) / divisor;
}
