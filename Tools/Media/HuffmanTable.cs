namespace SiamIlgpu.Media;

/// <summary>A JPEG Huffman table: one look-up for short codes together with the value behind them, a search for long ones.</summary>
internal sealed class HuffmanTable
{
    private const int LookupBits = 10;
    private const int MaxLength = 16;

    // By the next 10 bits: length of the code (bits 0..7), its symbol (8..15) and, where code and value fit the 10 bits,
    // the signed value that follows (16..31, never 0). An entry of 0 means that the code is longer.
    private readonly int[] lookup = new int[1 << LookupBits];

    // By length: one more than the last code, left-aligned to 16 bits, and symbol index minus first code.
    private readonly int[] limit = new int[MaxLength + 1];
    private readonly int[] offset = new int[MaxLength + 1];
    private readonly byte[] symbols = new byte[256];

    /// <summary>Whether a file has defined the table.</summary>
    public bool IsDefined { get; private set; }

    public void Clear() => IsDefined = false;

    /// <summary>Takes the table over; false when more codes are asked for than their lengths allow.</summary>
    /// <param name="counts">How many codes have 1, 2, ..., 16 bits.</param>
    /// <param name="values">The symbols in order of their codes.</param>
    public bool TryDefine(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> values)
    {
        IsDefined = false;
        Array.Clear(lookup);
        values.CopyTo(symbols);
        int code = 0, index = 0;
        for (int length = 1; length <= MaxLength; length++)
        {
            offset[length] = index - code;
            for (int i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (code >= 1 << length)
                    return false;
                if (length <= LookupBits)
                    FillLookup(code, length, symbols[index]);
            }
            limit[length] = code << (MaxLength - length);
            code <<= 1;
        }
        IsDefined = true;
        return true;
    }

    /// <summary>The entry for the next bits: see <see cref="LengthOf"/>, <see cref="SymbolOf"/>, <see cref="ValueOf"/>; 0 for no code at all.</summary>
    /// <param name="bits">The next bits, left-aligned; at least 16 of them.</param>
    public int Find(ulong bits)
    {
        int entry = lookup[bits >> (64 - LookupBits)];
        return entry != 0 ? entry : FindLong((int)(bits >> (64 - MaxLength)));
    }

    public static int LengthOf(int entry) => entry & 255;

    public static int SymbolOf(int entry) => (entry >> 8) & 255;

    /// <summary>The value behind the code, when the look-up already knows it, else 0.</summary>
    public static int ValueOf(int entry) => entry >> 16;

    /// <summary>The signed value that <paramref name="size"/> bits stand for (1..15): a leading 0 means negative.</summary>
    /// <param name="bits">The bits, left-aligned.</param>
    /// <param name="size">How many.</param>
    public static int Extend(ulong bits, int size)
    {
        int negative = (int)(~(long)bits >> 63);
        return (int)(bits >> (64 - size)) + (negative & (1 - (1 << size)));
    }

    private void FillLookup(int code, int length, byte symbol)
    {
        int free = LookupBits - length;
        int size = symbol & 15;
        for (int rest = 0; rest < 1 << free; rest++)
        {
            int index = (code << free) | rest;
            int value = size == 0 || size > free ? 0 : Extend((ulong)index << (64 - free), size);
            lookup[index] = (value << 16) | (symbol << 8) | length;
        }
    }

    private int FindLong(int code)
    {
        for (int length = LookupBits + 1; length <= MaxLength; length++)
        {
            if (code < limit[length])
                return (symbols[(code >> (MaxLength - length)) + offset[length]] << 8) | length;
        }
        return 0;
    }
}
