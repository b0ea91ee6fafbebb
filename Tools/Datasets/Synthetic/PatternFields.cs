using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// Gray patterns of 256 x 256 values that repeat without a seam. They are made once for all scenes: clouds of several roughnesses, grains,
/// cells, overlapping leaves, stripes, checks, bricks, spots, scribble and windows. A scene uses them at any scale, rotation and offset,
/// and in any colors. A field has a row and some columns more, in which it begins again.
/// </summary>
internal static class PatternFields
{
    /// <summary>Rows and columns of a field.</summary>
    public const int Size = 256;

    private const int Mask = Size - 1, Stride = Size + 8;

    private static readonly Lazy<byte[][]> SoftFields = new(MakeSoft);
    private static readonly Lazy<byte[][]> BusyFields = new(MakeBusy);

    /// <summary>Draws a field without hard edges.</summary>
    public static byte[] Soft(ref SceneRandom random) => SoftFields.Value[random.Below(SoftFields.Value.Length)];

    /// <summary>Draws any field.</summary>
    public static byte[] Any(ref SceneRandom random)
    {
        int choice = random.Below(SoftFields.Value.Length + 2 * BusyFields.Value.Length);
        return choice < SoftFields.Value.Length ? SoftFields.Value[choice] : BusyFields.Value[(choice - SoftFields.Value.Length) / 2];
    }

    /// <summary>The values at eight points, 0..255, interpolated bilinearly in sixteenths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sample(ref byte field, Vector256<float> x, Vector256<float> y)
    {
        // The offset is a whole number of tiles and keeps the numbers positive.
        Vector256<float> offset = Vector256.Create(1f * (1 << 20));
        Vector256<int> fixedX = Vector256.ConvertToInt32Native(x * 16 + offset), fixedY = Vector256.ConvertToInt32Native(y * 16 + offset);
        Vector256<int> mask = Vector256.Create(Mask), partX = fixedX & Vector256.Create(15), partY = fixedY & Vector256.Create(15);
        Vector256<uint> four = Four(ref field, ((fixedY >> 4) & mask) * Stride + ((fixedX >> 4) & mask)), low = Vector256.Create(255u);
        Vector256<int> a = (four & low).AsInt32(), b = ((four >> 8) & low).AsInt32(), c = ((four >> 16) & low).AsInt32(), d = (four >> 24).AsInt32();
        Vector256<int> upper = (a << 4) + (b - a) * partX, lower = (c << 4) + (d - c) * partX;
        return ((upper << 4) + (lower - upper) * partY) >> 8;
    }

    /// <summary>The values of the elements nearest to eight points, 0..255. For a soft field this is good enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Nearest(ref byte field, Vector256<float> x, Vector256<float> y)
    {
        Vector256<float> offset = Vector256.Create((1 << 16) + 0.5f);
        Vector256<int> mask = Vector256.Create(Mask);
        Vector256<int> column = Vector256.ConvertToInt32Native(x + offset) & mask, row = Vector256.ConvertToInt32Native(y + offset) & mask;
        Vector256<int> place = row * Stride + column;
        Vector128<int> low = place.GetLower(), high = place.GetUpper();
        return Vector256.ConvertToSingle(Vector256.Create(
            Vector128.Create((int)Unsafe.Add(ref field, low[0]), Unsafe.Add(ref field, low[1]), Unsafe.Add(ref field, low[2]), Unsafe.Add(ref field, low[3])),
            Vector128.Create((int)Unsafe.Add(ref field, high[0]), Unsafe.Add(ref field, high[1]), Unsafe.Add(ref field, high[2]), Unsafe.Add(ref field, high[3]))));
    }

    // For eight elements: the value in the lowest byte, and above it those of the neighbors to the right, below, and below to the right.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Four(ref byte field, Vector256<int> places)
    {
        Vector128<int> low = places.GetLower(), high = places.GetUpper();
        return Vector256.Create(
            Vector128.Create(Four(ref field, low[0]), Four(ref field, low[1]), Four(ref field, low[2]), Four(ref field, low[3])),
            Vector128.Create(Four(ref field, high[0]), Four(ref field, high[1]), Four(ref field, high[2]), Four(ref field, high[3])));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Four(ref byte field, int place)
    {
        ref byte upper = ref Unsafe.Add(ref field, place);
        return Unsafe.ReadUnaligned<ushort>(ref upper) | (uint)Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref upper, Stride)) << 16;
    }

    private static byte[][] MakeSoft() => Close(
    [
        Clouds(1, 2, 2, 0.5f), Clouds(2, 4, 4, 0.5f), Clouds(3, 2, 2, 0.7f), Clouds(4, 8, 8, 0.6f), Clouds(5, 3, 3, 0.35f),
        Clouds(6, 2, 16, 0.6f), Clouds(7, 32, 3, 0.55f), Clouds(8, 4, 32, 0.5f), Clouds(9, 16, 16, 0.8f), Clouds(10, 64, 64, 0.6f),
        Warped(11, 3), Warped(12, 6), Ridged(13, 3), Ridged(14, 8),
    ]);

    private static byte[][] MakeBusy() => Close(
    [
        Leaves(20, 5, 90, round: true), Leaves(21, 3, 40, round: true), Leaves(22, 4, 110, round: false), Leaves(23, 3, 30, round: false),
        Cells(24, 5, edges: false), Cells(25, 10, edges: false), Cells(26, 8, edges: true), Cells(27, 16, edges: true),
        Stripes(28, 6, 0.02f), Stripes(29, 16, 0.01f), Stripes(30, 10, 0.12f), Stripes(31, 32, 0.03f),
        Checks(32, 8), Checks(33, 16), Bricks(34, 8, 16), Bricks(35, 4, 8), Spots(36, 8), Spots(37, 20), Scribble(38, 10), Scribble(39, 20),
        Windows(40, 6), Windows(41, 10),
    ]);

    private static byte[][] Close(byte[][] fields) => [.. fields.Select(Close)];

    private static byte[] Close(byte[] field)
    {
        byte[] closed = new byte[(Size + 1) * Stride];
        for (int y = 0; y <= Size; y++)
        {
            for (int x = 0; x < Stride; x++)
                closed[y * Stride + x] = field[(y & Mask) * Size + (x & Mask)];
        }
        return closed;
    }

    private static byte[] Make(Func<int, int, float> value)
    {
        byte[] field = new byte[Size * Size];
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
                field[y * Size + x] = (byte)Math.Clamp(value(x, y), 0, 255);
        }
        return field;
    }

    // Within 0..1, with a mean of about 0.5.
    private static float Noise(ulong seed, float x, float y, int columns, int rows)
    {
        int left = (int)MathF.Floor(x), top = (int)MathF.Floor(y);
        float right = Smooth(x - left), down = Smooth(y - top);
        float a = Hash(seed, Wrap(left, columns), Wrap(top, rows)), b = Hash(seed, Wrap(left + 1, columns), Wrap(top, rows));
        float c = Hash(seed, Wrap(left, columns), Wrap(top + 1, rows)), d = Hash(seed, Wrap(left + 1, columns), Wrap(top + 1, rows));
        return a + (b - a) * right + (c - a + (a - b - c + d) * right) * down;
    }

    private static float Octaves(ulong seed, float x, float y, int columns, int rows, float gain)
    {
        float sum = 0, square = 0, weight = 1;
        for (int octave = 0; octave < 7 && Math.Max(columns, rows) <= Size / 2; octave++)
        {
            sum += weight * (Noise(seed + (ulong)octave * 1000, x * columns / Size, y * rows / Size, columns, rows) - 0.5f);
            square += weight * weight;
            (columns, rows, weight) = (2 * columns, 2 * rows, weight * gain);
        }
        // The scale gives a standard deviation of about 0.2.
        return 0.5f + sum * 0.9f / MathF.Sqrt(square);
    }

    private static byte[] Clouds(ulong seed, int columns, int rows, float gain)
        => Make((x, y) => 255 * Octaves(seed, x, y, columns, rows, gain));

    private static byte[] Warped(ulong seed, int cells) => Make((x, y) =>
    {
        float shiftX = 60 * (Octaves(seed + 50, x, y, cells, cells, 0.5f) - 0.5f), shiftY = 60 * (Octaves(seed + 70, x, y, cells, cells, 0.5f) - 0.5f);
        return 255 * Octaves(seed, x + shiftX, y + shiftY, cells, cells, 0.5f);
    });

    private static byte[] Ridged(ulong seed, int cells)
        => Make((x, y) => 250 - 900 * MathF.Abs(Octaves(seed, x, y, cells, cells, 0.5f) - 0.5f));

    private static byte[] Leaves(ulong seed, float smallest, float largest, bool round)
    {
        var random = new SceneRandom(seed);
        byte[] field = new byte[Size * Size];
        for (int leaf = 0; leaf < 4000; leaf++)
        {
            float radius = random.NaturalRadius(smallest, largest), aspect = random.Between(0.35f, 1), turn = random.Unit();
            float centerX = random.Between(0, Size), centerY = random.Between(0, Size), gray = 128 + 60 * random.Normal(), slope = random.Normal() * 20 / radius;
            float c = Turn.Cos(turn), s = Turn.Sin(turn);
            int reach = Math.Min(Size / 2 - 1, (int)(radius * (round ? 1 : 1.42f)) + 1);
            for (int y = -reach; y <= reach; y++)
            {
                for (int x = -reach; x <= reach; x++)
                {
                    float u = (c * x + s * y) / radius, v = (c * y - s * x) / (radius * aspect);
                    if (round ? u * u + v * v > 1 : Math.Max(MathF.Abs(u), MathF.Abs(v)) > 1)
                        continue;
                    field[(((int)centerY + y) & Mask) * Size + (((int)centerX + x) & Mask)] = (byte)Math.Clamp(gray + slope * (x + y), 0, 255);
                }
            }
        }
        return field;
    }

    private static byte[] Cells(ulong seed, int count, bool edges) => Make((x, y) =>
    {
        float u = (float)x * count / Size, v = (float)y * count / Size, nearest = 99, second = 99, gray = 0;
        for (int row = (int)v - 1; row <= (int)v + 1; row++)
        {
            for (int column = (int)u - 1; column <= (int)u + 1; column++)
            {
                int wrappedX = Wrap(column, count), wrappedY = Wrap(row, count);
                float dx = column + Hash(seed, wrappedX, wrappedY) - u, dy = row + Hash(seed + 1, wrappedX, wrappedY) - v;
                float distance = MathF.Sqrt(dx * dx + dy * dy);
                if (distance < nearest)
                    (nearest, second, gray) = (distance, nearest, Hash(seed + 2, wrappedX, wrappedY));
                else
                    second = Math.Min(second, distance);
            }
        }
        return edges ? 500 * (second - nearest) + 40 * gray : 255 * gray;
    });

    private static byte[] Stripes(ulong seed, int count, float bend) => Make((x, y) =>
    {
        float shift = bend * Size * (Octaves(seed, x, y, 3, 3, 0.5f) - 0.5f);
        return 128 + 220 * Turn.Sin((x + shift) * count / Size) + 40 * (Octaves(seed + 9, x, y, 16, 16, 0.6f) - 0.5f);
    });

    private static byte[] Checks(ulong seed, int count)
        => Make((x, y) => (((x * count / Size) ^ (y * count / Size)) & 1) * 170 + 40 + 60 * (Octaves(seed, x, y, 8, 8, 0.6f) - 0.5f));

    private static byte[] Bricks(ulong seed, int columns, int rows) => Make((x, y) =>
    {
        int row = y * rows / Size, shifted = (x + (row & 1) * Size / columns / 2) & Mask, column = shifted * columns / Size;
        float u = (float)shifted * columns / Size - column, v = (float)y * rows / Size - row;
        bool mortar = u < 0.06f || v < 0.12f;
        return (mortar ? 220 : 60 + 90 * Hash(seed, column, row)) + 70 * (Octaves(seed, x, y, 16, 16, 0.7f) - 0.5f);
    });

    private static byte[] Spots(ulong seed, int count) => Make((x, y) =>
    {
        float u = (float)x * count / Size, v = (float)y * count / Size;
        int column = (int)u, row = (int)v;
        float dx = u - column - 0.35f - 0.3f * Hash(seed, column, row), dy = v - row - 0.35f - 0.3f * Hash(seed + 1, column, row);
        float radius = 0.12f + 0.2f * Hash(seed + 2, column, row);
        return Math.Clamp(128 + 1500f / count * (radius - MathF.Sqrt(dx * dx + dy * dy)) * 4, 30, 225);
    });

    // Short strokes in lines, like writing.
    private static byte[] Scribble(ulong seed, int rows) => Make((x, y) =>
    {
        int row = y * rows / Size, columns = 3 * rows, column = x * columns / Size;
        float v = (float)y * rows / Size - row, u = (float)x * columns / Size - column;
        float letter = Hash(seed, column, row);
        bool ink = v is > 0.25f and < 0.8f && letter > 0.2f
            && (u < 0.35f && letter < 0.8f || MathF.Abs(v - 0.3f - 0.45f * letter) < 0.09f || u > 0.55f && letter > 0.6f);
        return ink ? 35 : 200 + 30 * (Octaves(seed, x, y, 4, 4, 0.5f) - 0.5f);
    });

    // The front of a house with windows; some are lit.
    private static byte[] Windows(ulong seed, int count) => Make((x, y) =>
    {
        int column = x * count / Size, row = y * count / Size;
        float u = (float)x * count / Size - column, v = (float)y * count / Size - row;
        bool glass = u is > 0.25f and < 0.75f && v is > 0.2f and < 0.8f;
        return (glass ? 20 + 120 * Hash(seed, column, row) * v : 170) + 50 * (Octaves(seed, x, y, 8, 8, 0.6f) - 0.5f);
    });

    private static float Smooth(float t) => t * t * (3 - 2 * t);

    private static int Wrap(int value, int count) => (value % count + count) % count;

    private static float Hash(ulong seed, int x, int y) => (SceneRandom.Seed(seed, (ulong)x, (ulong)y) >> 40) * (1f / (1 << 24));
}
