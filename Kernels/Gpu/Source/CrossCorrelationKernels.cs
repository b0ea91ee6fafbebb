using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Source;

internal static class CrossCorrelationKernels
{
    internal const int Threads = 128;

    /// <summary>Responses of a row that a group computes.</summary>
    internal const int Columns = 8;

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
        int firstColumn = Grid.IdxX * Columns;
        int last = a.ResponseSize - 1;
        int c1 = 4 * (Math.Min(firstColumn + 1, last) - firstColumn), c2 = 4 * (Math.Min(firstColumn + 2, last) - firstColumn);
        int c3 = 4 * (Math.Min(firstColumn + 3, last) - firstColumn), c4 = 4 * (Math.Min(firstColumn + 4, last) - firstColumn);
        int c5 = 4 * (Math.Min(firstColumn + 5, last) - firstColumn), c6 = 4 * (Math.Min(firstColumn + 6, last) - firstColumn);
        int c7 = 4 * (Math.Min(firstColumn + 7, last) - firstColumn);

        ArrayView<Float4> templateQuads = template.Cast<Float4>();
        ArrayView<Float4> searchQuads = search.Cast<Float4>();
        int origin = Grid.IdxZ * a.SearchStep + (Grid.IdxY * a.SearchSize + firstColumn) * 4;
        Float8 sums = default;
        for (int quad = t; quad < a.TemplateQuads; quad += Threads)
        {
            Float4 z = templateQuads[quad];
            int at = origin + offsets[quad / 4] + quad % 4;
            sums.Low.A += z.Dot(searchQuads[at]);
            sums.Low.B += z.Dot(searchQuads[at + c1]);
            sums.Low.C += z.Dot(searchQuads[at + c2]);
            sums.Low.D += z.Dot(searchQuads[at + c3]);
            sums.High.A += z.Dot(searchQuads[at + c4]);
            sums.High.B += z.Dot(searchQuads[at + c5]);
            sums.High.C += z.Dot(searchQuads[at + c6]);
            sums.High.D += z.Dot(searchQuads[at + c7]);
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

        if (t < Columns && firstColumn + t < a.ResponseSize)
        {
            int row = Grid.IdxZ * a.ResponseSize + Grid.IdxY;
            response[row * a.ResponseSize + firstColumn + t] = a.Gain * shares[t * Threads] + a.Bias;
        }
    }
}
