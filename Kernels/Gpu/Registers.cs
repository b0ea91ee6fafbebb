using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Four floats side by side, loaded and stored as one.</summary>
internal struct Float4
{
    internal float A, B, C, D;

    internal readonly float Dot(Float4 other) => A * other.A + B * other.B + C * other.C + D * other.D;

    /// <summary>this + other, component by component.</summary>
    internal readonly Float4 Add(Float4 other)
    {
        Float4 sum;
        sum.A = A + other.A;
        sum.B = B + other.B;
        sum.C = C + other.C;
        sum.D = D + other.D;
        return sum;
    }

    /// <summary>this + a * other, component by component.</summary>
    internal readonly Float4 Add(float a, Float4 other)
    {
        Float4 sum;
        sum.A = A + a * other.A;
        sum.B = B + a * other.B;
        sum.C = C + a * other.C;
        sum.D = D + a * other.D;
        return sum;
    }
}

/// <summary>Eight sums. They are fields, because an array of sums would be in slow memory.</summary>
internal struct Float8
{
    internal Float4 Low, High;

    /// <summary>Eight neighboring floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Float8 Load(ArrayView<float> values, int at)
    {
        Float8 eight;
        eight.Low.A = values[at];
        eight.Low.B = values[at + 1];
        eight.Low.C = values[at + 2];
        eight.Low.D = values[at + 3];
        eight.High.A = values[at + 4];
        eight.High.B = values[at + 5];
        eight.High.C = values[at + 6];
        eight.High.D = values[at + 7];
        return eight;
    }

    /// <summary>this + a * b, component by component.</summary>
    internal readonly Float8 Add(Float8 a, Float8 b)
    {
        Float8 sum;
        sum.Low.A = Low.A + a.Low.A * b.Low.A;
        sum.Low.B = Low.B + a.Low.B * b.Low.B;
        sum.Low.C = Low.C + a.Low.C * b.Low.C;
        sum.Low.D = Low.D + a.Low.D * b.Low.D;
        sum.High.A = High.A + a.High.A * b.High.A;
        sum.High.B = High.B + a.High.B * b.High.B;
        sum.High.C = High.C + a.High.C * b.High.C;
        sum.High.D = High.D + a.High.D * b.High.D;
        return sum;
    }

    internal readonly float Sum() => (Low.A + Low.B + (Low.C + Low.D)) + (High.A + High.B + (High.C + High.D));

    /// <summary>this + a * (low, high), component by component.</summary>
    internal readonly Float8 Add(float a, Float4 low, Float4 high)
    {
        Float8 sum;
        sum.Low.A = Low.A + a * low.A;
        sum.Low.B = Low.B + a * low.B;
        sum.Low.C = Low.C + a * low.C;
        sum.Low.D = Low.D + a * low.D;
        sum.High.A = High.A + a * high.A;
        sum.High.B = High.B + a * high.B;
        sum.High.C = High.C + a * high.C;
        sum.High.D = High.D + a * high.D;
        return sum;
    }
}

/// <summary>Sixty-four sums, the outer product of eight rows and eight columns.</summary>
internal struct Tile8X8
{
    internal Float8 R0, R1, R2, R3, R4, R5, R6, R7;

    /// <summary>Adds rows times columns.</summary>
    internal void Add(Float4 rowsLow, Float4 rowsHigh, Float4 columnsLow, Float4 columnsHigh)
    {
        R0 = R0.Add(rowsLow.A, columnsLow, columnsHigh);
        R1 = R1.Add(rowsLow.B, columnsLow, columnsHigh);
        R2 = R2.Add(rowsLow.C, columnsLow, columnsHigh);
        R3 = R3.Add(rowsLow.D, columnsLow, columnsHigh);
        R4 = R4.Add(rowsHigh.A, columnsLow, columnsHigh);
        R5 = R5.Add(rowsHigh.B, columnsLow, columnsHigh);
        R6 = R6.Add(rowsHigh.C, columnsLow, columnsHigh);
        R7 = R7.Add(rowsHigh.D, columnsLow, columnsHigh);
    }
}
