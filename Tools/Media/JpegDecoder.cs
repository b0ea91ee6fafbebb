using System.Buffers.Binary;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// Decodes JPEG: baseline, extended and progressive Huffman coding with 8 bits a sample, grey, YCbCr or RGB, any integer
/// subsampling, restart markers. The pixels are those of the Independent JPEG Group's decoder with its defaults (accurate
/// integer transform, smooth upsampling). Rotation and colour profiles are ignored. A truncated or corrupt file is an
/// error, never half a picture. Keeps its buffers from one image to the next. Not thread-safe.
/// </summary>
/// <remarks>
/// Sequential images are transformed block by block as they are read; progressive ones collect their coefficients first.
/// Colour conversion then runs over the component planes row by row.
/// </remarks>
public sealed class JpegDecoder
{
    /// <summary>The largest width and height: Rgb24 pixels then still have 31-bit offsets, and no tracker's frame is larger.</summary>
    public const int MaxSide = 16384;

    // Encoders use about 10 progressive scans, exhaustive optimisers some 25. Every scan may walk over every block with
    // hardly any data, so the number bounds what a small file can cost.
    private const int MaxScans = 64;

    // Where the coefficients stand in a block, in the order they are coded: diagonal by diagonal.
    private static readonly byte[] Zigzag = MakeZigzag();

    private readonly JpegComponent[] components = [new(), new(), new()];
    private readonly int[][] quantization = [new int[64], new int[64], new int[64], new int[64]];
    private readonly bool[] quantizationDefined = new bool[4];
    private readonly HuffmanTable[] dcTables = [new(), new(), new(), new()];
    private readonly HuffmanTable[] acTables = [new(), new(), new(), new()];
    private readonly short[] block = new short[64];
    private readonly Upsampler upsampler = new();
    private readonly byte[][] rows = [[], [], []];

    private string name = "";
    private int width, height, componentCount, maxHorizontal, maxVertical, restartInterval, scans;
    private bool progressive, hasJfif;
    private int adobeTransform; // -1 without an Adobe marker

    // The scan at hand: its components, its band of coefficients, the bit positions it brings, blocks still known to be empty.
    private readonly JpegComponent[] scanComponents = new JpegComponent[3];
    private int scanCount, bandStart, bandEnd, bitHigh, bitLow, emptyBlocks;

    /// <summary>Whether a file starts as a JPEG does.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> file) => file is [0xFF, Marker.StartOfImage, 0xFF, ..];

    /// <summary>Decodes one image; three components give Rgb24, one gives Gray8.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="fileName">The file's name, for messages.</param>
    /// <param name="frame">Takes the pixels; its content is undefined after an exception.</param>
    /// <exception cref="FrameException">The file is truncated, corrupt or of a kind that is not decoded.</exception>
    public void Decode(ReadOnlySpan<byte> file, string fileName, Frame frame)
    {
        name = fileName;
        if (!Recognizes(file))
            throw Fail("not a JPEG file");
        Reset();
        int position = 2;
        for (byte marker; (marker = ReadMarker(file, ref position)) != Marker.EndOfImage;)
        {
            ReadOnlySpan<byte> segment = ReadSegment(file, ref position, marker);
            switch (marker)
            {
                case Marker.Baseline or Marker.ExtendedSequential or Marker.Progressive:
                    ReadFrameHeader(segment, marker, file.Length);
                    break;
                case Marker.HuffmanTables:
                    ReadHuffmanTables(segment);
                    break;
                case Marker.QuantizationTables:
                    ReadQuantizationTables(segment);
                    break;
                case Marker.RestartInterval:
                    Require(segment.Length == 2, "the restart interval has a wrong length");
                    restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
                    break;
                case Marker.StartOfScan:
                    ReadScanHeader(segment);
                    position = DecodeScan(file, position);
                    break;
                case Marker.Jfif:
                    hasJfif |= segment.StartsWith("JFIF\0"u8);
                    break;
                case Marker.Adobe:
                    if (segment.Length >= 12 && segment.StartsWith("Adobe"u8))
                        adobeTransform = segment[11];
                    break;
                case < Marker.Jfif:
                    throw Fail(Marker.Refusal(marker));
                default:
                    break; // application data and comments
            }
        }
        Finish();
        WritePixels(frame);
    }

    private void Reset()
    {
        componentCount = 0;
        restartInterval = 0;
        scans = 0;
        hasJfif = false;
        adobeTransform = -1;
        Array.Clear(quantizationDefined);
        foreach (HuffmanTable table in dcTables)
            table.Clear();
        foreach (HuffmanTable table in acTables)
            table.Clear();
    }

    private byte ReadMarker(ReadOnlySpan<byte> file, ref int position)
    {
        Require(position < file.Length, "the file ends before its end-of-image marker");
        if (file[position] != 0xFF)
            throw Fail($"corrupt, no marker at byte {position}");
        while (position < file.Length && file[position] == 0xFF)
            position++;
        Require(position < file.Length, "the file ends before its end-of-image marker");
        return file[position++];
    }

    private ReadOnlySpan<byte> ReadSegment(ReadOnlySpan<byte> file, ref int position, byte marker)
    {
        if (marker is < Marker.Baseline or (>= Marker.Restart0 and <= Marker.StartOfImage))
            throw Fail($"corrupt, marker {marker:X2} at byte {position - 1} has no place there");
        Require(file.Length - position >= 2, "the file ends inside a marker segment");
        int length = BinaryPrimitives.ReadUInt16BigEndian(file[position..]);
        if (length < 2)
            throw Fail($"corrupt, the marker segment at byte {position} is {length} bytes long");
        Require(length <= file.Length - position, "the file ends inside a marker segment");
        ReadOnlySpan<byte> segment = file.Slice(position + 2, length - 2);
        position += length;
        return segment;
    }

    private void ReadFrameHeader(ReadOnlySpan<byte> segment, byte marker, int fileLength)
    {
        Require(componentCount == 0, "corrupt, there are two frame headers");
        Require(segment.Length >= 6 && segment.Length == 6 + 3 * segment[5], "corrupt, the frame header has a wrong length");
        if (segment[0] != 8)
            throw Fail($"{segment[0]}-bit JPEG is not supported, only 8-bit");
        height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
        width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
        int count = segment[5];
        Require(height > 0, "an image whose height follows later (or is 0) is not supported");
        Require(width > 0, "corrupt, the image is 0 pixels wide");
        if (width > MaxSide || height > MaxSide)
            throw Fail($"{width}x{height} pixels are more than {MaxSide}x{MaxSide}");
        Require(count != 4, "CMYK JPEG is not supported, only grey, YCbCr and RGB");
        if (count is not (1 or 3))
            throw Fail($"a JPEG of {count} components is not supported, only grey, YCbCr and RGB");
        progressive = marker == Marker.Progressive;
        maxHorizontal = maxVertical = 1;
        for (int i = 0; i < count; i++)
        {
            JpegComponent component = components[i];
            component.Id = segment[6 + 3 * i];
            component.HorizontalSampling = segment[7 + 3 * i] >> 4;
            component.VerticalSampling = segment[7 + 3 * i] & 15;
            component.QuantizationIndex = segment[8 + 3 * i];
            Require(component.HorizontalSampling is >= 1 and <= 4 && component.VerticalSampling is >= 1 and <= 4, "corrupt, a sampling factor is not 1..4");
            Require(component.QuantizationIndex < 4, "corrupt, a quantisation table's number is not 0..3");
            for (int other = 0; other < i; other++)
                Require(components[other].Id != component.Id, "corrupt, two components have the same number");
            maxHorizontal = Math.Max(maxHorizontal, component.HorizontalSampling);
            maxVertical = Math.Max(maxVertical, component.VerticalSampling);
        }
        long blocks = 0;
        foreach (JpegComponent component in components.AsSpan(0, count))
        {
            Require(
                maxHorizontal % component.HorizontalSampling == 0 && maxVertical % component.VerticalSampling == 0,
                "a subsampling that is no whole number is not supported");
            component.Measure(width, height, maxHorizontal, maxVertical);
            blocks += (long)component.BlocksWide * component.BlocksHigh;
        }
        // Every block costs at least one bit, and in sequential mode a second one for its end: no file holds more than that.
        if (blocks * (progressive ? 1 : 2) > 8L * fileLength)
            throw Fail($"{fileLength} bytes cannot hold {width}x{height} pixels");
        foreach (JpegComponent component in components.AsSpan(0, count))
            component.Allocate(withCoefficients: progressive);
        componentCount = count;
    }

    private void ReadQuantizationTables(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            (int wide, int index) = (segment[0] >> 4, segment[0] & 15);
            int bytes = 64 * (wide + 1);
            Require(wide <= 1 && index < 4 && segment.Length > bytes, "corrupt, a quantisation table is malformed");
            for (int i = 0; i < 64; i++)
            {
                quantization[index][Zigzag[i]] =
                    wide == 0 ? segment[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(segment[(1 + 2 * i)..]);
            }
            quantizationDefined[index] = true;
            segment = segment[(1 + bytes)..];
        }
    }

    private void ReadHuffmanTables(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            (int kind, int index) = (segment[0] >> 4, segment[0] & 15);
            Require(kind <= 1 && index < 4 && segment.Length >= 17, "corrupt, a Huffman table is malformed");
            ReadOnlySpan<byte> counts = segment.Slice(1, 16);
            int total = 0;
            foreach (byte count in counts)
                total += count;
            Require(total <= 256 && segment.Length >= 17 + total, "corrupt, a Huffman table is malformed");
            HuffmanTable table = (kind == 0 ? dcTables : acTables)[index];
            Require(table.TryDefine(counts, segment.Slice(17, total)), "corrupt, a Huffman table has more codes than fit their lengths");
            segment = segment[(17 + total)..];
        }
    }

    private void ReadScanHeader(ReadOnlySpan<byte> segment)
    {
        Require(componentCount > 0, "corrupt, a scan comes before the frame header");
        if (++scans > MaxScans)
            throw Fail($"more than {MaxScans} scans");
        Require(segment.Length >= 6 && segment[0] is >= 1 and <= 3 && segment.Length == 4 + 2 * segment[0], "corrupt, a scan header has a wrong length");
        scanCount = segment[0];
        ReadOnlySpan<byte> band = segment[(1 + 2 * scanCount)..];
        (bandStart, bandEnd, bitHigh, bitLow) = progressive ? (band[0], band[1], band[2] >> 4, band[2] & 15) : (0, 63, 0, 0);
        bool isBand = bandStart == 0 ? bandEnd == 0 : scanCount == 1 && bandStart <= bandEnd && bandEnd < 64;
        if (progressive && !isBand)
            throw Fail($"corrupt, a scan of coefficients {bandStart}..{bandEnd} for {scanCount} components");
        if (bitLow > 13 || (bitHigh != 0 && bitHigh != bitLow + 1))
            throw Fail($"corrupt, a scan refines bit {bitHigh} to bit {bitLow}");

        int unitBlocks = 0;
        for (int i = 0; i < scanCount; i++)
        {
            int id = segment[1 + 2 * i], tables = segment[2 + 2 * i];
            JpegComponent component = FindComponent(id);
            for (int other = 0; other < i; other++)
                Require(scanComponents[other] != component, "corrupt, a scan names a component twice");
            Require(tables >> 4 < 4 && (tables & 15) < 4, "corrupt, a Huffman table's number is not 0..3");
            component.DcTable = dcTables[tables >> 4];
            component.AcTable = acTables[tables & 15];
            Require(component.DcTable.IsDefined || bandStart > 0 || bitHigh > 0, "corrupt, a scan's Huffman table is missing");
            Require(component.AcTable.IsDefined || bandEnd == 0, "corrupt, a scan's Huffman table is missing");
            scanComponents[i] = component;
            unitBlocks += component.HorizontalSampling * component.VerticalSampling;
            StartComponent(component);
        }
        Require(scanCount == 1 || unitBlocks <= 10, "corrupt, a scan interleaves more than 10 blocks");
    }

    private JpegComponent FindComponent(int id)
    {
        foreach (JpegComponent component in components.AsSpan(0, componentCount))
        {
            if (component.Id == id)
                return component;
        }
        throw Fail($"corrupt, a scan names component {id}, which the frame header does not");
    }

    /// <summary>Checks that the scan brings what is still missing of the component, and latches its quantisation table.</summary>
    private void StartComponent(JpegComponent component)
    {
        for (int k = bandStart; k <= bandEnd; k++)
        {
            Require(component.LowestBit[k] == (bitHigh == 0 ? -1 : bitHigh), "corrupt, the scans do not follow from each other");
            component.LowestBit[k] = bitLow;
        }
        if (component.Scanned)
            return;
        Require(quantizationDefined[component.QuantizationIndex], "corrupt, a quantisation table is missing");
        quantization[component.QuantizationIndex].CopyTo(component.Quantization, 0);
        component.Scanned = true;
    }

    /// <summary>Decodes the entropy-coded data from <paramref name="position"/> on; returns where the next marker stands.</summary>
    private int DecodeScan(ReadOnlySpan<byte> file, int position)
    {
        // A component alone is coded block by block; several are interleaved in units of all their sampling factors.
        bool interleaved = scanCount > 1;
        JpegComponent first = scanComponents[0];
        int unitsWide = interleaved ? first.BlocksPerRow / first.HorizontalSampling : first.BlocksWide;
        int unitsHigh = interleaved ? first.BlockRows / first.VerticalSampling : first.BlocksHigh;
        BitReader bits = new(file, position);
        StartInterval();
        int untilRestart = restartInterval, restarts = 0;
        for (int unitY = 0; unitY < unitsHigh; unitY++)
        {
            for (int unitX = 0; unitX < unitsWide; unitX++)
            {
                if (restartInterval > 0 && untilRestart-- == 0)
                {
                    position = EndSegment(ref bits);
                    int expected = Marker.Restart0 + (restarts++ & 7);
                    if (ReadMarker(file, ref position) != expected)
                        throw Fail($"corrupt, restart marker {expected:X2} is missing before byte {position}");
                    bits = new BitReader(file, position);
                    StartInterval();
                    untilRestart = restartInterval - 1;
                }
                if (interleaved)
                    DecodeUnit(ref bits, unitX, unitY);
                else
                    DecodeBlock(ref bits, first, unitX, unitY);
                Require(!bits.Overrun, "truncated or corrupt, the image data ends early");
            }
        }
        return EndSegment(ref bits);
    }

    private int EndSegment(ref BitReader bits)
    {
        Require(emptyBlocks == 0, "corrupt, a run of empty blocks goes on beyond its segment");
        Require(bits.TryEnd(out int position), "corrupt, image data is left over");
        return position;
    }

    private void StartInterval()
    {
        emptyBlocks = 0;
        foreach (JpegComponent component in scanComponents.AsSpan(0, scanCount))
            component.Prediction = 0;
    }

    private void DecodeUnit(ref BitReader bits, int unitX, int unitY)
    {
        for (int i = 0; i < scanCount; i++)
        {
            JpegComponent component = scanComponents[i];
            for (int y = 0; y < component.VerticalSampling; y++)
            {
                for (int x = 0; x < component.HorizontalSampling; x++)
                    DecodeBlock(ref bits, component, unitX * component.HorizontalSampling + x, unitY * component.VerticalSampling + y);
            }
        }
    }

    private void DecodeBlock(ref BitReader bits, JpegComponent component, int blockX, int blockY)
    {
        if (!progressive)
        {
            Array.Clear(block);
            bool flat = DecodeSequential(ref bits, component);
            Transform(component, block, flat, blockX, blockY);
            return;
        }
        Span<short> coefficients = component.Coefficients(blockX, blockY);
        if (bandStart == 0 && bitHigh == 0)
            coefficients[0] = (short)(DecodeDc(ref bits, component) << bitLow);
        else if (bandStart == 0)
            coefficients[0] |= (short)(bits.Read(1) << bitLow);
        else if (bitHigh == 0)
            DecodeBand(ref bits, component.AcTable, coefficients);
        else
            RefineBand(ref bits, component.AcTable, coefficients);
    }

    private int DecodeDc(ref BitReader bits, JpegComponent component)
    {
        bits.Ensure();
        int entry = Find(component.DcTable, bits.Bits);
        bits.Skip(HuffmanTable.LengthOf(entry));
        int size = HuffmanTable.SymbolOf(entry);
        Require(size <= 15, "corrupt, a brightness difference is too large");
        if (size > 0)
        {
            component.Prediction += HuffmanTable.Extend(bits.Bits, size);
            bits.Skip(size);
        }
        return component.Prediction;
    }

    /// <summary>Decodes a whole block; true when only its first coefficient is not zero.</summary>
    private bool DecodeSequential(ref BitReader bits, JpegComponent component)
    {
        block[0] = (short)DecodeDc(ref bits, component);
        HuffmanTable table = component.AcTable;
        int k = 0;
        while (k < 63)
        {
            bits.Ensure();
            int entry = Find(table, bits.Bits);
            int symbol = HuffmanTable.SymbolOf(entry);
            int size = symbol & 15;
            if (symbol == 0)
            {
                bits.Skip(HuffmanTable.LengthOf(entry));
                break;
            }
            k += (symbol >> 4) + 1;
            Require(k < 64, "corrupt, a block has more than 64 coefficients");
            int value = HuffmanTable.ValueOf(entry);
            if (value != 0)
            {
                bits.Skip(HuffmanTable.LengthOf(entry) + size);
                block[Zigzag[k]] = (short)value;
                continue;
            }
            bits.Skip(HuffmanTable.LengthOf(entry));
            if (size > 0)
            {
                block[Zigzag[k]] = (short)HuffmanTable.Extend(bits.Bits, size);
                bits.Skip(size);
            }
        }
        return k == 0;
    }

    /// <summary>First bits of a band of coefficients.</summary>
    private void DecodeBand(ref BitReader bits, HuffmanTable table, Span<short> coefficients)
    {
        if (emptyBlocks > 0)
        {
            emptyBlocks--;
            return;
        }
        for (int k = bandStart; k <= bandEnd; k++)
        {
            (int run, int size) = ReadRunAndSize(ref bits, table);
            if (size == 0 && run < 15)
            {
                // The band ends here, and is empty in this many blocks after this one.
                emptyBlocks = (1 << run) - 1 + (run == 0 ? 0 : bits.Read(run));
                return;
            }
            k += run;
            Require(k <= bandEnd, "corrupt, a scan has more coefficients than its band");
            if (size == 0)
                continue;
            bits.Ensure();
            coefficients[Zigzag[k]] = (short)(HuffmanTable.Extend(bits.Bits, size) << bitLow);
            bits.Skip(size);
        }
    }

    /// <summary>
    /// One more bit for a band: a correction bit for each coefficient that is not zero already, and between them runs of
    /// zeros that end at a coefficient which becomes +-1.
    /// </summary>
    private void RefineBand(ref BitReader bits, HuffmanTable table, Span<short> coefficients)
    {
        int k = bandStart;
        if (emptyBlocks == 0)
        {
            for (; k <= bandEnd; k++)
            {
                (int run, int size) = ReadRunAndSize(ref bits, table);
                short value = 0;
                if (size == 0 && run < 15)
                {
                    emptyBlocks = (1 << run) + (run == 0 ? 0 : bits.Read(run));
                    break;
                }
                if (size != 0)
                {
                    Require(size == 1, "corrupt, a refinement brings more than one bit");
                    value = (short)((bits.Read(1) == 1 ? 1 : -1) << bitLow);
                }
                for (; k <= bandEnd; k++)
                {
                    ref short coefficient = ref coefficients[Zigzag[k]];
                    if (coefficient != 0)
                        Refine(ref bits, ref coefficient);
                    else if (run-- == 0)
                        break;
                }
                Require(k <= bandEnd, "corrupt, a scan has more coefficients than its band");
                if (size != 0)
                    coefficients[Zigzag[k]] = value;
            }
        }
        if (emptyBlocks == 0)
            return;
        emptyBlocks--;
        for (; k <= bandEnd; k++)
        {
            ref short coefficient = ref coefficients[Zigzag[k]];
            if (coefficient != 0)
                Refine(ref bits, ref coefficient);
        }
    }

    private void Refine(ref BitReader bits, ref short coefficient)
    {
        if (bits.Read(1) == 1 && (coefficient & (1 << bitLow)) == 0)
            coefficient += (short)((coefficient > 0 ? 1 : -1) << bitLow);
    }

    private (int Run, int Size) ReadRunAndSize(ref BitReader bits, HuffmanTable table)
    {
        bits.Ensure();
        int entry = Find(table, bits.Bits);
        bits.Skip(HuffmanTable.LengthOf(entry));
        int symbol = HuffmanTable.SymbolOf(entry);
        return (symbol >> 4, symbol & 15);
    }

    private int Find(HuffmanTable table, ulong bits)
    {
        int entry = table.Find(bits);
        Require(entry != 0, "corrupt, the image data has a code that no table defines");
        return entry;
    }

    private void Finish()
    {
        Require(componentCount > 0, "corrupt, the file has no frame header");
        foreach (JpegComponent component in components.AsSpan(0, componentCount))
        {
            Require(component.LowestBit[0] >= 0, "the file ends before all its components have come");
            if (!progressive)
                continue;
            for (int y = 0; y < component.BlocksHigh; y++)
            {
                for (int x = 0; x < component.BlocksWide; x++)
                {
                    Span<short> coefficients = component.Coefficients(x, y);
                    Transform(component, coefficients, flat: !coefficients[1..].ContainsAnyExcept((short)0), x, y);
                }
            }
        }
    }

    private static void Transform(JpegComponent component, ReadOnlySpan<short> coefficients, bool flat, int blockX, int blockY)
    {
        Span<byte> samples = component.Samples(blockX, blockY);
        if (flat)
            InverseDct.TransformFlat(coefficients[0], component.Quantization[0], samples, component.Stride);
        else
            InverseDct.Transform(coefficients, component.Quantization, samples, component.Stride);
    }

    private void WritePixels(Frame frame)
    {
        if (componentCount == 1)
        {
            frame.Resize(width, height, PixelFormat.Gray8);
            for (int y = 0; y < height; y++)
                components[0].Row(y)[..width].CopyTo(frame.Row(y));
            return;
        }
        frame.Resize(width, height, PixelFormat.Rgb24);
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i].Length < width + 32)
                rows[i] = new byte[width + 32];
        }
        bool rgb = IsRgb();
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> first = upsampler.Row(components[0], y, rows[0]);
            ReadOnlySpan<byte> second = upsampler.Row(components[1], y, rows[1]);
            ReadOnlySpan<byte> third = upsampler.Row(components[2], y, rows[2]);
            if (rgb)
                ColorConversion.PlanesToRgb(first, second, third, frame.Row(y));
            else
                ColorConversion.YCbCrToRgb(first, second, third, frame.Row(y));
        }
    }

    /// <summary>JFIF means YCbCr; else Adobe's marker decides; else components named R, G, B.</summary>
    private bool IsRgb()
    {
        if (hasJfif)
            return false;
        if (adobeTransform >= 0)
            return adobeTransform == 0;
        return components[0].Id == 'R' && components[1].Id == 'G' && components[2].Id == 'B';
    }

    private void Require(bool condition, string cause)
    {
        if (!condition)
            throw Fail(cause);
    }

    private FrameException Fail(string cause) => new(name, cause);

    private static byte[] MakeZigzag()
    {
        byte[] order = new byte[64];
        int k = 0;
        for (int diagonal = 0; diagonal < 15; diagonal++)
        {
            for (int i = Math.Max(0, diagonal - 7); i <= Math.Min(7, diagonal); i++)
            {
                // Odd diagonals run down to the left, even ones up to the right.
                (int x, int y) = (diagonal & 1) == 1 ? (diagonal - i, i) : (i, diagonal - i);
                order[k++] = (byte)(8 * y + x);
            }
        }
        return order;
    }

    private static class Marker
    {
        public const byte Baseline = 0xC0, ExtendedSequential = 0xC1, Progressive = 0xC2, HuffmanTables = 0xC4, Restart0 = 0xD0;
        public const byte StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA, QuantizationTables = 0xDB, RestartInterval = 0xDD;
        public const byte Jfif = 0xE0, Adobe = 0xEE;

        public static string Refusal(byte marker) => marker switch
        {
            0xC3 or 0xC7 or 0xCB or 0xCF => "lossless JPEG is not supported",
            0xC5 or 0xC6 or 0xCD or 0xCE or 0xDE or 0xDF => "hierarchical JPEG is not supported",
            0xC9 or 0xCA or 0xCC => "arithmetic-coded JPEG is not supported",
            0xDC => "an image whose height follows later is not supported",
            _ => $"corrupt, unknown marker {marker:X2}",
        };
    }
}
