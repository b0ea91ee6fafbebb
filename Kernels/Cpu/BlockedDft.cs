using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The 2-D DFT of planes of sixteen channels side by side, forward from real planes to half spectra [H][W/2+1][16] and back,
/// of any size. The sizes of features are small and have few factors (62, 57, 53, 49), so each one-dimensional
/// transform is a product with a dense real matrix. Two rows, or two columns, are transformed at a time: 32 lanes.
///
/// Cosine is even in n and sine is odd, so a sum over all n needs half of them only. With N samples, M = N/2 (rounded down),
/// e[n] = x[n] + x[N-n] and o[n] = x[n] - x[N-n] for 0 &lt; n &lt; N/2, e = x and o = 0 for n = 0 and (N even) n = N/2:
///   C[k] = sum over n = 0..M of e[n] cos(2 pi k n / N),   S[k] = sum over n = 0..M of o[n] sin(2 pi k n / N),
///   X[k] = C[k] - i S[k],   X[N-k] = C[k] + i S[k],       k = 0..M,
/// for real and for complex x alike: N^2/4 products for C and as many for S. The inverse swaps the two results. A row of a
/// real plane is kept for k = 0..W/2 only, and comes back as
///   x[n] = c[n] - s[n],   x[W-n] = c[n] + s[n],
///   c[n] = sum over k = 0..M of a[k] Re X[k] cos(2 pi k n / W),   s[n] = the same of Im X[k] and the sine,
/// where a[k] = 2, for the half that was not kept, but 1 where k is its own mirror image (0 and W/2).
/// </summary>
internal sealed unsafe class BlockedDft : IDisposable
{
    private const int Pair = 2 * Block.Lanes;
    private const int OutputsAtATime = 4;

    private readonly int height;
    private readonly int width;
    private readonly int margin;
    private readonly int halfHeight;
    private readonly int halfWidth;
    private readonly CpuScratch matrixMemory = new();
    private readonly CpuScratch scratchMemory = new();
    private readonly float* downCosine, downSine, alongCosine, alongSine, backCosine, backSine;
    private readonly float* scratch;
    private readonly long column;

    /// <summary>Computes the matrices; the inverse leaves out a margin on each side of the plane.</summary>
    internal BlockedDft(int height, int width, int margin, int threads)
    {
        (this.height, this.width, this.margin) = (height, width, margin);
        halfHeight = height / 2 + 1;
        halfWidth = width / 2 + 1;

        // Each matrix ends with rows of zeros, because outputs are computed four at a time.
        long downLength = (long)(halfHeight + OutputsAtATime) * halfHeight;
        long alongLength = (long)(halfWidth + OutputsAtATime) * halfWidth;
        float* m = matrixMemory.Reserve<float>(2 * downLength + 4 * alongLength);
        downCosine = m;
        downSine = downCosine + downLength;
        alongCosine = downSine + downLength;
        alongSine = alongCosine + alongLength;
        backCosine = alongSine + alongLength;
        backSine = backCosine + alongLength;
        Fill(downCosine, downSine, height);
        Fill(alongCosine, alongSine, width);
        double area = (double)height * width;
        for (int n = 0; n < halfWidth; n++)
        {
            for (int k = 0; k < halfWidth; k++)
            {
                double scale = (k == 0 || 2 * k == width ? 1 : 2) / area;
                (double sine, double cosine) = Turn(k, n, width);
                backCosine[n * halfWidth + k] = (float)(scale * cosine);
                backSine[n * halfWidth + k] = (float)(scale * sine);
            }
        }

        column = (long)(Math.Max(halfHeight, halfWidth) + OutputsAtATime) * Pair;
        scratch = scratchMemory.Reserve<float>(8 * column * threads);
    }

    /// <summary>Pairs of rows of a plane.</summary>
    internal int RowPairs => (height + 1) / 2;

    /// <summary>Pairs of columns of a spectrum.</summary>
    internal int ColumnPairs => (halfWidth + 1) / 2;

    /// <summary>Pairs of rows of a plane without its margin.</summary>
    internal int InnerRowPairs => (height - 2 * margin + 1) / 2;

    /// <summary>Floats from one row of a spectrum to the next.</summary>
    internal int SpectrumStride => halfWidth * Block.Lanes;

    /// <summary>Floats of one spectrum's real part.</summary>
    internal long SpectrumLength => (long)height * SpectrumStride;

    /// <summary>Transforms two rows of a real plane, times a window where there is one.</summary>
    internal void ForwardRows<TLanes>(float* plane, float* window, float* real, float* imaginary, int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        float* even = Scratch(worker, 0), odd = Scratch(worker, 1), c = Scratch(worker, 2), s = Scratch(worker, 3);
        for (int side = 0; side < 2; side++)
        {
            int row = Math.Min(2 * pair + side, height - 1);   // an odd last row is done twice
            float* windowRow = window == null ? null : window + (nint)row * width;
            FoldRow<TLanes>(plane + (nint)row * width * Block.Lanes, windowRow, even + side * Block.Lanes, odd + side * Block.Lanes);
        }
        Multiply<TLanes>(alongCosine, halfWidth, halfWidth, even, c);
        Multiply<TLanes>(alongSine, halfWidth, halfWidth, odd, s);
        for (int side = 0; side < 2; side++)
        {
            int row = Math.Min(2 * pair + side, height - 1);
            float* toReal = real + (nint)row * SpectrumStride;
            float* toImaginary = imaginary + (nint)row * SpectrumStride;
            for (int k = 0; k < halfWidth; k++)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    int from = k * Pair + side * Block.Lanes + lane;
                    TLanes.Load(c + from).Store(toReal + k * Block.Lanes + lane);
                    (default(TLanes) - TLanes.Load(s + from)).Store(toImaginary + k * Block.Lanes + lane);
                }
            }
        }
    }

    /// <summary>Transforms two columns of a spectrum downwards. It may be done in place.</summary>
    internal void ForwardColumns<TLanes>(float* real, float* imaginary, int pair, int worker)
        where TLanes : struct, ILanes<TLanes> =>
        Columns<TLanes>(real, imaginary, real, imaginary, pair, inverse: false, worker);

    /// <summary>Transforms two columns of a spectrum back, but for the rows of the margin. It may be done in place.</summary>
    internal void InverseColumns<TLanes>(float* real, float* imaginary, float* toReal, float* toImaginary, int pair, int worker)
        where TLanes : struct, ILanes<TLanes> =>
        Columns<TLanes>(real, imaginary, toReal, toImaginary, pair, inverse: true, worker);

    /// <summary>
    /// Transforms two rows, whose columns are already back, to the inner part of a real plane. Divides by the plane's area.
    /// </summary>
    internal void InverseRows<TLanes>(float* real, float* imaginary, float* inner, int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        float* re = Scratch(worker, 0), im = Scratch(worker, 1), c = Scratch(worker, 2), s = Scratch(worker, 3);
        int innerWidth = width - 2 * margin;
        for (int side = 0; side < 2; side++)
        {
            int row = Math.Min(margin + 2 * pair + side, height - 1 - margin);
            for (int k = 0; k < halfWidth; k++)
            {
                nint from = (nint)row * SpectrumStride + k * Block.Lanes;
                new Span<float>(real + from, Block.Lanes).CopyTo(new Span<float>(re + k * Pair + side * Block.Lanes, Block.Lanes));
                new Span<float>(imaginary + from, Block.Lanes).CopyTo(new Span<float>(im + k * Pair + side * Block.Lanes, Block.Lanes));
            }
        }
        Multiply<TLanes>(backCosine + margin * halfWidth, halfWidth, halfWidth - margin, re, c);
        Multiply<TLanes>(backSine + margin * halfWidth, halfWidth, halfWidth - margin, im, s);
        for (int side = 0; side < 2; side++)
        {
            int row = Math.Min(2 * pair + side, height - 1 - 2 * margin);
            float* to = inner + (nint)row * innerWidth * Block.Lanes;
            for (int n = margin; n < halfWidth; n++)
            {
                int near = n - margin;
                int far = (width - n) % width - margin;
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    int from = (n - margin) * Pair + side * Block.Lanes + lane;
                    TLanes cosines = TLanes.Load(c + from), sines = TLanes.Load(s + from);
                    if (near < innerWidth)
                        (cosines - sines).Store(to + near * Block.Lanes + lane);
                    if (far < innerWidth)
                        (cosines + sines).Store(to + far * Block.Lanes + lane);
                }
            }
        }
    }

    public void Dispose()
    {
        matrixMemory.Dispose();
        scratchMemory.Dispose();
    }

    private static void Fill(float* cosines, float* sines, int length)
    {
        int half = length / 2 + 1;
        for (int k = 0; k < half; k++)
        {
            for (int n = 0; n < half; n++)
            {
                (double sine, double cosine) = Turn(k, n, length);
                cosines[k * half + n] = (float)cosine;
                sines[k * half + n] = (float)sine;
            }
        }
    }

    /// <summary>Sine and cosine of 2 pi k n / length; exact at quarter turns.</summary>
    private static (double Sine, double Cosine) Turn(int k, int n, int length) => double.SinCosPi(2.0 * ((long)k * n % length) / length);

    /// <summary>The i-th of eight stretches of a thread's scratch, each a column of pairs of blocks.</summary>
    private float* Scratch(int worker, int i) => scratch + (8 * worker + i) * column;

    /// <summary>e and o of one row of a real plane.</summary>
    private void FoldRow<TLanes>(float* row, float* window, float* even, float* odd)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int n = 0; n < halfWidth; n++)
        {
            int mirror = (width - n) % width;
            TLanes near = TLanes.Broadcast(window == null ? 1 : window[n]);
            TLanes far = TLanes.Broadcast(window == null ? 1 : window[mirror]);
            for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
            {
                TLanes x = near * TLanes.Load(row + n * Block.Lanes + lane);
                TLanes y = far * TLanes.Load(row + mirror * Block.Lanes + lane);
                (mirror == n ? x : x + y).Store(even + n * Pair + lane);
                (mirror == n ? default : x - y).Store(odd + n * Pair + lane);
            }
        }
    }

    /// <summary>e and o of two columns.</summary>
    private void FoldColumns<TLanes>(float* from, int left, int right, float* even, float* odd)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int n = 0; n < halfHeight; n++)
        {
            int mirror = (height - n) % height;
            for (int side = 0; side < 2; side++)
            {
                int offset = side == 0 ? left : right;
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    TLanes x = TLanes.Load(from + (nint)n * SpectrumStride + offset + lane);
                    TLanes y = TLanes.Load(from + (nint)mirror * SpectrumStride + offset + lane);
                    int to = n * Pair + side * Block.Lanes + lane;
                    (mirror == n ? x : x + y).Store(even + to);
                    (mirror == n ? default : x - y).Store(odd + to);
                }
            }
        }
    }

    private void Columns<TLanes>(float* real, float* imaginary, float* toReal, float* toImaginary, int pair, bool inverse, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        int left = 2 * pair * Block.Lanes;
        int right = Math.Min(2 * pair + 1, halfWidth - 1) * Block.Lanes;   // an odd last column is done twice
        float* evenReal = Scratch(worker, 0), oddReal = Scratch(worker, 1);
        float* evenImaginary = Scratch(worker, 2), oddImaginary = Scratch(worker, 3);
        float* cReal = Scratch(worker, 4), sReal = Scratch(worker, 5);
        float* cImaginary = Scratch(worker, 6), sImaginary = Scratch(worker, 7);
        FoldColumns<TLanes>(real, left, right, evenReal, oddReal);
        FoldColumns<TLanes>(imaginary, left, right, evenImaginary, oddImaginary);

        int skip = inverse ? margin : 0;
        int outputs = halfHeight - skip;
        Multiply<TLanes>(downCosine + skip * halfHeight, halfHeight, outputs, evenReal, cReal);
        Multiply<TLanes>(downSine + skip * halfHeight, halfHeight, outputs, oddReal, sReal);
        Multiply<TLanes>(downCosine + skip * halfHeight, halfHeight, outputs, evenImaginary, cImaginary);
        Multiply<TLanes>(downSine + skip * halfHeight, halfHeight, outputs, oddImaginary, sImaginary);

        for (int k = 0; k < outputs; k++)
        {
            int near = k + skip;
            int far = (height - near) % height;
            (int minus, int plus) = inverse ? (far, near) : (near, far);
            for (int side = 0; side < 2; side++)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    int from = k * Pair + side * Block.Lanes + lane;
                    int offset = (side == 0 ? left : right) + lane;
                    TLanes cr = TLanes.Load(cReal + from), ci = TLanes.Load(cImaginary + from);
                    TLanes sr = TLanes.Load(sReal + from), si = TLanes.Load(sImaginary + from);
                    // C - iS and C + iS
                    (cr + si).Store(toReal + (nint)minus * SpectrumStride + offset);
                    (ci - sr).Store(toImaginary + (nint)minus * SpectrumStride + offset);
                    (cr - si).Store(toReal + (nint)plus * SpectrumStride + offset);
                    (ci + sr).Store(toImaginary + (nint)plus * SpectrumStride + offset);
                }
            }
        }
    }

    /// <summary>y[k] = sum over n of matrix[k,n] * x[n], each x and y 32 lanes; outputs are rounded up to whole fours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TLanes>(float* matrix, int inputs, int outputs, float* x, float* y)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int k = 0; k < outputs; k += OutputsAtATime, matrix += OutputsAtATime * inputs, y += OutputsAtATime * Pair)
        {
            for (int lane = 0; lane < Pair; lane += 2 * TLanes.Count)
            {
                TLanes a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
                float* from = x + lane;
                for (int n = 0; n < inputs; n++, from += Pair)
                {
                    TLanes x0 = TLanes.Load(from), x1 = TLanes.Load(from + TLanes.Count);
                    var w = TLanes.Broadcast(matrix[n]);
                    a0 = TLanes.MultiplyAdd(w, x0, a0);
                    a1 = TLanes.MultiplyAdd(w, x1, a1);
                    w = TLanes.Broadcast(matrix[n + inputs]);
                    b0 = TLanes.MultiplyAdd(w, x0, b0);
                    b1 = TLanes.MultiplyAdd(w, x1, b1);
                    w = TLanes.Broadcast(matrix[n + 2 * inputs]);
                    c0 = TLanes.MultiplyAdd(w, x0, c0);
                    c1 = TLanes.MultiplyAdd(w, x1, c1);
                    w = TLanes.Broadcast(matrix[n + 3 * inputs]);
                    d0 = TLanes.MultiplyAdd(w, x0, d0);
                    d1 = TLanes.MultiplyAdd(w, x1, d1);
                }
                float* to = y + lane;
                a0.Store(to);
                a1.Store(to + TLanes.Count);
                b0.Store(to + Pair);
                b1.Store(to + Pair + TLanes.Count);
                c0.Store(to + 2 * Pair);
                c1.Store(to + 2 * Pair + TLanes.Count);
                d0.Store(to + 3 * Pair);
                d1.Store(to + 3 * Pair + TLanes.Count);
            }
        }
    }
}
