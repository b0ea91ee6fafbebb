using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Source;

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
}
