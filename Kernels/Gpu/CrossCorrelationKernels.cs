using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the cross-correlation kernel; positions are counted in groups of four floats.</summary>
internal readonly record struct CrossCorrelationArguments
{
    /// <summary>Responses of a row that a group of threads computes.</summary>
    internal const int Columns = 8;

    /// <summary>Responses of a row that a thread of the kernel for processors computes.</summary>
    internal const int ProcessorColumns = 6;

    /// <summary>Groups of four floats of the template.</summary>
    internal int TemplateQuads { get; init; }

    /// <summary>Groups of four floats of all searches.</summary>
    internal int SearchQuads { get; init; }

    /// <summary>Columns of a search, and from one search to the next.</summary>
    internal int SearchSize { get; init; }

    /// <inheritdoc cref="SearchSize"/>
    internal int SearchStep { get; init; }

    /// <summary>Rows and columns of a response.</summary>
    internal int ResponseSize { get; init; }

    /// <summary>The factor of each response.</summary>
    internal float Gain { get; init; }

    /// <summary>The number added to each response.</summary>
    internal float Bias { get; init; }
}

internal static class CrossCorrelationKernels
{
    internal const int Threads = 128;

    private const int Columns = CrossCorrelationArguments.Columns;

    /// <summary>
    /// Group (x, y, z) = responses 8x .. 8x+7 of row y of search z. The threads share the template's elements, four channels of a
    /// position at a time; each adds up its share for all eight responses, then the shares are added up in a fixed order.
    /// offsets: where a template position lies in a search.
    /// </summary>
    internal static void Forward(
        ArrayView<float> template, ArrayView<float> search, ArrayView<int> offsets, ArrayView<float> response, CrossCorrelationArguments a)
    {
        ArrayView<float> shares = SharedMemory.Allocate<float>(Columns * Threads);
        int t = Group.IdxX;
        // The last group of a row starts where its eight columns still fit, and leaves out those that the one before has.
        int wanted = Grid.IdxX * Columns;
        int firstColumn = Math.Min(wanted, Math.Max(a.ResponseSize - Columns, 0));

        ArrayView<Float4> templateQuads = template.Cast<Float4>();
        ArrayView<Float4> searchQuads = search.Cast<Float4>();
        // Rows of fewer than eight responses read on behind the row, but not behind the searches.
        int last = a.SearchQuads - 1;
        int origin = Grid.IdxZ * a.SearchStep + (Grid.IdxY * a.SearchSize + firstColumn) * 4;
        Float8 sums = default;
        for (int quad = t; quad < a.TemplateQuads; quad += Threads)
        {
            Float4 z = templateQuads[quad];
            int at = origin + offsets[quad / 4] + (quad & 3);
            sums.Low.A += z.Dot(searchQuads[at]);
            sums.Low.B += z.Dot(searchQuads[Math.Min(at + 4, last)]);
            sums.Low.C += z.Dot(searchQuads[Math.Min(at + 8, last)]);
            sums.Low.D += z.Dot(searchQuads[Math.Min(at + 12, last)]);
            sums.High.A += z.Dot(searchQuads[Math.Min(at + 16, last)]);
            sums.High.B += z.Dot(searchQuads[Math.Min(at + 20, last)]);
            sums.High.C += z.Dot(searchQuads[Math.Min(at + 24, last)]);
            sums.High.D += z.Dot(searchQuads[Math.Min(at + 28, last)]);
        }
        shares[t] = sums.Low.A;
        shares[Threads + t] = sums.Low.B;
        shares[2 * Threads + t] = sums.Low.C;
        shares[3 * Threads + t] = sums.Low.D;
        shares[4 * Threads + t] = sums.High.A;
        shares[5 * Threads + t] = sums.High.B;
        shares[6 * Threads + t] = sums.High.C;
        shares[7 * Threads + t] = sums.High.D;

        // Each column's shares halve until one is left: the threads of a step take the columns side by side.
        for (int half = Threads / 2; half > 0; half /= 2)
        {
            Group.Barrier();

            for (int i = t; i < Columns * half; i += Threads)
            {
                int share = i / half * Threads + i % half;
                shares[share] += shares[share + half];
            }
        }

        Group.Barrier();

        if (t < Columns && firstColumn + t >= wanted && firstColumn + t < a.ResponseSize)
        {
            int row = Grid.IdxZ * a.ResponseSize + Grid.IdxY;
            response[row * a.ResponseSize + firstColumn + t] = a.Gain * shares[t * Threads] + a.Bias;
        }
    }

    /// <summary>
    /// For OpenCL on a processor: group (x, y, z) = one thread = responses 6x .. 6x+5 of row y of search z. It keeps the sums of the
    /// sixteen channels of a block apart until the end, so that the compiler makes vectors of them.
    /// </summary>
    internal static void ForwardOnProcessor(
        ArrayView<float> template, ArrayView<float> search, ArrayView<int> offsets, ArrayView<float> response, CrossCorrelationArguments a)
    {
        int firstColumn = Grid.IdxX * CrossCorrelationArguments.ProcessorColumns;
        int last = a.ResponseSize - 1;
        int row = (Grid.IdxZ * a.SearchStep + Grid.IdxY * a.SearchSize * 4) * 4;
        int x0 = row + firstColumn * Block.Lanes, x1 = row + Math.Min(firstColumn + 1, last) * Block.Lanes;
        int x2 = row + Math.Min(firstColumn + 2, last) * Block.Lanes, x3 = row + Math.Min(firstColumn + 3, last) * Block.Lanes;
        int x4 = row + Math.Min(firstColumn + 4, last) * Block.Lanes, x5 = row + Math.Min(firstColumn + 5, last) * Block.Lanes;
        Float8 low0 = default, low1 = default, low2 = default, low3 = default, low4 = default, low5 = default;
        Float8 high0 = default, high1 = default, high2 = default, high3 = default, high4 = default, high5 = default;
        for (int position = 0; position < a.TemplateQuads / 4; position++)
        {
            Float8 low = Float8.Load(template, position * Block.Lanes), high = Float8.Load(template, position * Block.Lanes + 8);
            int offset = offsets[position] * 4;
            low0 = low0.Add(low, Float8.Load(search, x0 + offset));
            high0 = high0.Add(high, Float8.Load(search, x0 + offset + 8));
            low1 = low1.Add(low, Float8.Load(search, x1 + offset));
            high1 = high1.Add(high, Float8.Load(search, x1 + offset + 8));
            low2 = low2.Add(low, Float8.Load(search, x2 + offset));
            high2 = high2.Add(high, Float8.Load(search, x2 + offset + 8));
            low3 = low3.Add(low, Float8.Load(search, x3 + offset));
            high3 = high3.Add(high, Float8.Load(search, x3 + offset + 8));
            low4 = low4.Add(low, Float8.Load(search, x4 + offset));
            high4 = high4.Add(high, Float8.Load(search, x4 + offset + 8));
            low5 = low5.Add(low, Float8.Load(search, x5 + offset));
            high5 = high5.Add(high, Float8.Load(search, x5 + offset + 8));
        }
        Store(response, a, firstColumn, low0.Sum() + high0.Sum());
        Store(response, a, firstColumn + 1, low1.Sum() + high1.Sum());
        Store(response, a, firstColumn + 2, low2.Sum() + high2.Sum());
        Store(response, a, firstColumn + 3, low3.Sum() + high3.Sum());
        Store(response, a, firstColumn + 4, low4.Sum() + high4.Sum());
        Store(response, a, firstColumn + 5, low5.Sum() + high5.Sum());
    }

    private static void Store(ArrayView<float> response, CrossCorrelationArguments a, int column, float sum)
    {
        if (column < a.ResponseSize)
            response[(Grid.IdxZ * a.ResponseSize + Grid.IdxY) * a.ResponseSize + column] = a.Gain * sum + a.Bias;
    }
}
