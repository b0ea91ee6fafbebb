using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The 2-D DFT of planes of sixteen channels side by side, forward from real planes to half spectra [H][W/2+1][16] and back,
/// of any size. The sizes of features are small and have few factors (62, 57, 53, 49), so each one-dimensional
/// transform is a product with a dense real matrix, or with two of half the size. Two rows, or two columns, are transformed at a
/// time: 32 lanes.
///
/// Cosine is even in n and sine is odd, so a sum over all n needs half of them only. With M samples,
/// e[n] = x[n] + x[M-n] and o[n] = x[n] - x[M-n] for 0 &lt; n &lt; M/2, e = x and o = 0 for n = 0 and (M even) n = M/2:
///   C[k] = sum over n = 0..M/2 of e[n] cos(2 pi k n / M),   S[k] = sum over n = 0..M/2 of o[n] sin(2 pi k n / M),
///   X[k] = C[k] - i S[k],   X[M-k] = C[k] + i S[k],         k = 0..M/2,
/// for real and for complex x alike: M^2/4 products for C and as many for S. The inverse swaps the two results.
///
/// Where the length is N = 2 M with an odd M, X[k] of even and of odd k are two transforms of M samples, without factors between
/// them, because exp(-2 pi i (2 j + M) n / N) = (-1)^n exp(-2 pi i j n / M) and (-1)^(n+M) = -(-1)^n:
///   X[2 j] is the transform of x[n] + x[n+M],   X[2 j + M] is that of (-1)^n (x[n] - x[n+M]),   n = 0..M-1.
/// This halves the products again. The matrices of the second part contain the signs.
///
/// A row of a real plane is kept for k = 0..W/2 only. It comes back in the same two parts. With X[k+M] = conj X[M-k],
///   x[2 j] is the inverse of X[k] + conj X[M-k],   x[2 j + M] is that of (-1)^k (X[k] - conj X[M-k]),   k = 0..M-1,
/// which are themselves spectra V of real rows:
///   c[j] = sum over k = 0..M/2 of a[k] Re V[k] cos(2 pi k j / M),   s[j] = the same of Im V[k] and the sine,
/// give c[j] - s[j] at j and c[j] + s[j] at M-j, where a[k] = 2, for the half that was not kept, but 1 where k is its own mirror
/// image (0 and M/2).
/// </summary>
internal sealed unsafe class BlockedDft : IDisposable
{
    private const int Pair = 2 * Block.Lanes;
    private const int OutputsAtATime = 4;

    // Stretches of a thread's scratch: four kinds of folded samples, in two parts each, and four kinds of results.
    private const int Folds = 4;
    private const int Stretches = 3 * Folds;

    private readonly int height;
    private readonly int width;
    private readonly int spectrumWidth;
    private readonly Axis down, along, back;
    private readonly CpuScratch matrixMemory = new();
    private readonly CpuScratch scratchMemory = new();
    private readonly float* scratch;
    private readonly long column;

    /// <summary>Computes the matrices.</summary>
    internal BlockedDft(int height, int width, int threads)
    {
        (this.height, this.width) = (height, width);
        spectrumWidth = width / 2 + 1;
        down = new Axis(height);
        along = new Axis(width);
        back = along;
        float* matrices = matrixMemory.Reserve<float>(down.MatrixLength + 2 * along.MatrixLength);
        down.Place(ref matrices);
        along.Place(ref matrices);
        back.Place(ref matrices);
        down.Fill();
        along.Fill();
        back.FillBack((double)height * width);
        column = (long)(Math.Max(down.Half, along.Half) + OutputsAtATime) * Pair;
        scratch = scratchMemory.Reserve<float>(Stretches * column * threads);
    }

    /// <summary>Pairs of rows of a plane.</summary>
    internal int RowPairs => PairsOf(height);

    /// <summary>Pairs of columns of a spectrum.</summary>
    internal int ColumnPairs => PairsOf(spectrumWidth);

    /// <summary>The whole plane.</summary>
    internal DftCrop Whole => new(0, height, width);

    /// <summary>Floats from one row of a spectrum to the next.</summary>
    internal int SpectrumStride => spectrumWidth * Block.Lanes;

    /// <summary>Floats of one spectrum's real part.</summary>
    internal long SpectrumLength => (long)height * SpectrumStride;

    /// <summary>Floats of a packed pair of columns.</summary>
    internal long PackedLength => 2L * height * Pair;

    /// <summary>Pairs of so many rows.</summary>
    internal static int PairsOf(int rows) => (rows + 1) / 2;

    /// <summary>Multiply-adds of the transform of one plane, for each channel.</summary>
    internal static long Products(int height, int width) =>
        height * new Axis(width).Products + 2L * (width / 2 + 1) * new Axis(height).Products;

    /// <summary>Transforms two rows of a real plane, times a window where there is one.</summary>
    internal void ForwardRows<TLanes>(float* plane, float* window, float* real, float* imaginary, int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int side = 0; side < 2; side++)
        {
            int row = Math.Min(2 * pair + side, height - 1);   // an odd last row is done twice
            float* windowRow = window == null ? null : window + (nint)row * width;
            Fold<TLanes>(along, plane + (nint)row * width * Block.Lanes, Block.Lanes, windowRow, side, 0, worker);
        }
        float* c = Result(worker, 0), s = Result(worker, 1);
        for (int part = 0; part < along.Parts; part++)
        {
            Multiply<TLanes>(along.Cosine(part), along.Half, along.Half, Folded(worker, 0, part), c);
            Multiply<TLanes>(along.Sine(part), along.Half, along.Half, Folded(worker, 1, part), s);
            for (int side = 0; side < 2; side++)
            {
                int row = Math.Min(2 * pair + side, height - 1);
                StoreRow<TLanes>(part, c, s, side, real + (nint)row * SpectrumStride, imaginary + (nint)row * SpectrumStride);
            }
        }
    }

    /// <summary>Writes what two rows of zeros are transformed to.</summary>
    internal void ClearRows(float* real, float* imaginary, int pair)
    {
        int first = 2 * pair;
        int floats = Math.Min(2, height - first) * SpectrumStride;
        new Span<float>(real + (nint)first * SpectrumStride, floats).Clear();
        new Span<float>(imaginary + (nint)first * SpectrumStride, floats).Clear();
    }

    /// <summary>A pair of columns of a spectrum.</summary>
    internal DftColumns ColumnsOf(float* real, float* imaginary, int pair)
    {
        int left = 2 * pair * Block.Lanes;
        int right = Math.Min(2 * pair + 1, spectrumWidth - 1) * Block.Lanes;   // an odd last column is done twice
        return new DftColumns { Real = real + left, Imaginary = imaginary + left, RowStride = SpectrumStride, ToRight = right - left };
    }

    /// <summary>
    /// A pair of columns in <see cref="PackedLength"/> floats. In a spectrum, the rows are often a power of two apart and fall into the same
    /// few sets of the first-level cache.
    /// </summary>
    internal DftColumns Packed(float* memory) =>
        new() { Real = memory, Imaginary = memory + height * Pair, RowStride = Pair, ToRight = Block.Lanes };

    /// <summary>Transforms two columns downwards.</summary>
    internal void ForwardColumns<TLanes>(in DftColumns from, in DftColumns to, int worker)
        where TLanes : struct, ILanes<TLanes> =>
        Columns<TLanes>(from, to, Whole, inverse: false, worker);

    /// <summary>Transforms two columns back, for the rows of a crop.</summary>
    internal void InverseColumns<TLanes>(in DftColumns from, in DftColumns to, DftCrop crop, int worker)
        where TLanes : struct, ILanes<TLanes> =>
        Columns<TLanes>(from, to, crop, inverse: true, worker);

    /// <summary>
    /// Transforms two rows of a crop, whose columns are already back, to the plane that consists of the crop alone. Divides by the
    /// whole plane's area.
    /// </summary>
    internal void InverseRows<TLanes>(float* real, float* imaginary, float* cropped, DftCrop crop, int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int side = 0; side < 2; side++)
        {
            nint row = (nint)(crop.First + Math.Min(2 * pair + side, crop.Height - 1)) * SpectrumStride;
            FoldSpectrum<TLanes>(real + row, imaginary + row, side, worker);
        }
        float* c = Result(worker, 0), s = Result(worker, 1);
        for (int part = 0; part < back.Parts; part++)
        {
            Part outputs = back.Outputs(part, crop.First, crop.Width);
            Multiply<TLanes>(back.Cosine(part, outputs.First), back.Half, outputs.Count, Folded(worker, 0, part), c);
            Multiply<TLanes>(back.Sine(part, outputs.First), back.Half, outputs.Count, Folded(worker, 1, part), s);
            for (int side = 0; side < 2; side++)
            {
                int row = Math.Min(2 * pair + side, crop.Height - 1);
                float* to = cropped + (nint)row * crop.Width * Block.Lanes;
                for (int i = 0; i < outputs.Count; i++)
                {
                    int n = back.At(part, outputs.First + i);
                    int near = n - crop.First;
                    int far = (n == 0 ? 0 : width - n) - crop.First;
                    for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                    {
                        int from = i * Pair + side * Block.Lanes + lane;
                        TLanes cosines = TLanes.Load(c + from), sines = TLanes.Load(s + from);
                        if ((uint)near < (uint)crop.Width)
                            (cosines - sines).Store(to + near * Block.Lanes + lane);
                        if ((uint)far < (uint)crop.Width)
                            (cosines + sines).Store(to + far * Block.Lanes + lane);
                    }
                }
            }
        }
    }

    public void Dispose()
    {
        matrixMemory.Dispose();
        scratchMemory.Dispose();
    }

    private float* Stretch(int worker, int i) => scratch + (Stretches * worker + i) * column;

    private float* Folded(int worker, int kind, int part) => Stretch(worker, 2 * kind + part);

    private float* Result(int worker, int kind) => Stretch(worker, 2 * Folds + kind);

    /// <summary>e and o of one row or column, of each part, as the kinds <paramref name="kind"/> and the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fold<TLanes>(in Axis axis, float* from, nint stride, float* window, int side, int kind, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        (int samples, bool split) = (axis.Samples, axis.Parts == 2);
        float* even = Folded(worker, kind, 0) + side * Block.Lanes, odd = Folded(worker, kind + 1, 0) + side * Block.Lanes;
        float* even1 = Folded(worker, kind, 1) + side * Block.Lanes, odd1 = Folded(worker, kind + 1, 1) + side * Block.Lanes;
        nint next = samples * stride;
        for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
        {
            // What is its own mirror image: the first sample, and the middle one of an even number of samples, which are not split.
            TLanes first = TLanes.Load(from + lane) * TLanes.Broadcast(window == null ? 1 : window[0]);
            default(TLanes).Store(odd + lane);
            if (split)
            {
                TLanes second = TLanes.Load(from + next + lane) * TLanes.Broadcast(window == null ? 1 : window[samples]);
                (first - second).Store(even1 + lane);
                default(TLanes).Store(odd1 + lane);
                first += second;
            }
            first.Store(even + lane);
            int middle = samples / 2;
            if (samples % 2 == 0)
            {
                TLanes value = TLanes.Load(from + middle * stride + lane) * TLanes.Broadcast(window == null ? 1 : window[middle]);
                value.Store(even + middle * Pair + lane);
                default(TLanes).Store(odd + middle * Pair + lane);
            }
            float* near = from + stride + lane, far = from + (samples - 1) * stride + lane;
            int to = Pair + lane;
            for (int n = 1; 2 * n < samples; n++, near += stride, far -= stride, to += Pair)
            {
                TLanes x = TLanes.Load(near), y = TLanes.Load(far);
                if (window != null)
                {
                    x *= TLanes.Broadcast(window[n]);
                    y *= TLanes.Broadcast(window[samples - n]);
                }
                if (split)
                {
                    TLanes u = TLanes.Load(near + next), v = TLanes.Load(far + next);
                    if (window != null)
                    {
                        u *= TLanes.Broadcast(window[n + samples]);
                        v *= TLanes.Broadcast(window[2 * samples - n]);
                    }
                    // M is odd, so that the sign of the mirror image is the opposite.
                    TLanes a = x - u, b = y - v;
                    (a - b).Store(even1 + to);
                    (a + b).Store(odd1 + to);
                    x += u;
                    y += v;
                }
                (x + y).Store(even + to);
                (x - y).Store(odd + to);
            }
        }
    }

    /// <summary>The spectra V of the parts of one row that goes back: real parts as kind 0, imaginary parts as kind 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FoldSpectrum<TLanes>(float* real, float* imaginary, int side, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        (int half, int samples, bool split) = (back.Half, back.Samples, back.Parts == 2);
        float* re = Folded(worker, 0, 0) + side * Block.Lanes, im = Folded(worker, 1, 0) + side * Block.Lanes;
        float* re1 = Folded(worker, 0, 1) + side * Block.Lanes, im1 = Folded(worker, 1, 1) + side * Block.Lanes;
        for (int k = 0; k < half; k++)
        {
            for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
            {
                int near = k * Block.Lanes + lane, to = k * Pair + lane;
                TLanes xr = TLanes.Load(real + near), xi = TLanes.Load(imaginary + near);
                if (split)
                {
                    int far = (samples - k) * Block.Lanes + lane;
                    TLanes yr = TLanes.Load(real + far), yi = TLanes.Load(imaginary + far);
                    (xr - yr).Store(re1 + to);
                    (xi + yi).Store(im1 + to);
                    xr += yr;
                    xi -= yi;
                }
                xr.Store(re + to);
                xi.Store(im + to);
            }
        }
    }

    /// <summary>One part of a row's half spectrum. What lies past its middle is the conjugate of what lies before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreRow<TLanes>(int part, float* c, float* s, int side, float* real, float* imaginary)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int j = 0; j < along.Half; j++)
        {
            int k = along.At(part, j);
            bool past = k >= spectrumWidth;
            int at = (past ? width - k : k) * Block.Lanes;
            int from = j * Pair + side * Block.Lanes;
            for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
            {
                TLanes.Load(c + from + lane).Store(real + at + lane);
                TLanes sines = TLanes.Load(s + from + lane);
                (past ? sines : default(TLanes) - sines).Store(imaginary + at + lane);
            }
        }
    }

    private void Columns<TLanes>(in DftColumns from, in DftColumns to, DftCrop crop, bool inverse, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        Fold<TLanes>(down, from.Real, from.RowStride, null, 0, 0, worker);
        Fold<TLanes>(down, from.Real + from.ToRight, from.RowStride, null, 1, 0, worker);
        Fold<TLanes>(down, from.Imaginary, from.RowStride, null, 0, 2, worker);
        Fold<TLanes>(down, from.Imaginary + from.ToRight, from.RowStride, null, 1, 2, worker);
        for (int part = 0; part < down.Parts; part++)
        {
            Part outputs = down.Outputs(part, crop.First, crop.Height);
            float* cosine = down.Cosine(part, outputs.First), sine = down.Sine(part, outputs.First);
            Multiply<TLanes>(cosine, down.Half, outputs.Count, Folded(worker, 0, part), Result(worker, 0));
            Multiply<TLanes>(sine, down.Half, outputs.Count, Folded(worker, 1, part), Result(worker, 1));
            Multiply<TLanes>(cosine, down.Half, outputs.Count, Folded(worker, 2, part), Result(worker, 2));
            Multiply<TLanes>(sine, down.Half, outputs.Count, Folded(worker, 3, part), Result(worker, 3));
            for (int side = 0; side < 2; side++)
                StoreColumn<TLanes>(part, outputs, inverse, side, to, worker);
        }
    }

    /// <summary>One part of a column: C - i S and C + i S.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreColumn<TLanes>(int part, Part outputs, bool inverse, int side, in DftColumns to, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        float* real = to.Real + side * to.ToRight, imaginary = to.Imaginary + side * to.ToRight;
        nint stride = to.RowStride;
        float* cReal = Result(worker, 0), sReal = Result(worker, 1), cImaginary = Result(worker, 2), sImaginary = Result(worker, 3);
        for (int i = 0; i < outputs.Count; i++)
        {
            int k = down.At(part, outputs.First + i);
            nint near = k * stride, far = k == 0 ? 0 : (height - k) * stride;
            nint minus = inverse ? far : near, plus = inverse ? near : far;
            for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
            {
                int from = i * Pair + side * Block.Lanes + lane;
                TLanes cr = TLanes.Load(cReal + from), ci = TLanes.Load(cImaginary + from);
                TLanes sr = TLanes.Load(sReal + from), si = TLanes.Load(sImaginary + from);
                (cr + si).Store(real + minus + lane);
                (ci - sr).Store(imaginary + minus + lane);
                (cr - si).Store(real + plus + lane);
                (ci + sr).Store(imaginary + plus + lane);
            }
        }
    }

    /// <summary>
    /// y[k] = sum over n of matrix[k,n] * x[n], each x and y 32 lanes. The matrix lies as [k / 4][n][k % 4], and outputs are rounded up to
    /// whole fours.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TLanes>(float* matrix, int inputs, int outputs, float* x, float* y)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int k = 0; k < outputs; k += OutputsAtATime, matrix += OutputsAtATime * inputs, y += OutputsAtATime * Pair)
        {
            float* end = matrix + OutputsAtATime * inputs;
            for (int lane = 0; lane < Pair; lane += 2 * TLanes.Count)
            {
                TLanes a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
                float* from = x + lane;
                for (float* m = matrix; m < end; m += OutputsAtATime, from += Pair)
                {
                    TLanes x0 = TLanes.Load(from), x1 = TLanes.Load(from + TLanes.Count);
                    var w = TLanes.Broadcast(m[0]);
                    a0 = TLanes.MultiplyAdd(w, x0, a0);
                    a1 = TLanes.MultiplyAdd(w, x1, a1);
                    w = TLanes.Broadcast(m[1]);
                    b0 = TLanes.MultiplyAdd(w, x0, b0);
                    b1 = TLanes.MultiplyAdd(w, x1, b1);
                    w = TLanes.Broadcast(m[2]);
                    c0 = TLanes.MultiplyAdd(w, x0, c0);
                    c1 = TLanes.MultiplyAdd(w, x1, c1);
                    w = TLanes.Broadcast(m[3]);
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

    /// <summary>One-dimensional transforms of one length: their parts and matrices.</summary>
    private struct Axis(int length)
    {
        private float* cosines, sines;

        /// <summary>Two where the length is twice an odd number, else one.</summary>
        internal int Parts { get; } = length % 4 == 2 ? 2 : 1;

        /// <summary>Samples of a part: M.</summary>
        internal readonly int Samples => length / Parts;

        /// <summary>Samples that remain when mirror images are folded.</summary>
        internal readonly int Half => Samples / 2 + 1;

        /// <summary>Multiply-adds of a real transform.</summary>
        internal readonly long Products => 2L * Parts * Half * Half;

        /// <summary>Floats of the matrices.</summary>
        internal readonly long MatrixLength => 2 * Parts * PartLength;

        // Each matrix ends with rows of zeros, because outputs are computed four at a time.
        private readonly long PartLength => (long)Half.RoundUp(OutputsAtATime) * Half;

        /// <summary>The matrix from an output on, a multiple of four.</summary>
        internal readonly float* Cosine(int part, int output = 0) => cosines + part * PartLength + output * Half;

        /// <inheritdoc cref="Cosine"/>
        internal readonly float* Sine(int part, int output = 0) => sines + part * PartLength + output * Half;

        /// <summary>The place of a part's output in the whole.</summary>
        internal readonly int At(int part, int output)
        {
            int at = Parts * output + part * Samples;
            return at < length ? at : at - length;
        }

        /// <summary>
        /// Outputs of a part that, themselves or as their mirror images, may lie among <paramref name="count"/> places. The first one is a
        /// multiple of four.
        /// </summary>
        internal readonly Part Outputs(int part, int first, int count)
        {
            int skipped = Math.Min(first, length - first - count);   // at both ends
            return part == 0
                ? new Part(skipped.DivideUp(Parts) / OutputsAtATime * OutputsAtATime, Half)
                : new Part(0, (Samples - skipped) / 2 + 1);
        }

        /// <summary>Takes memory for the matrices.</summary>
        internal void Place(ref float* memory)
        {
            cosines = memory;
            sines = cosines + Parts * PartLength;
            memory += MatrixLength;
        }

        internal readonly void Fill()
        {
            for (int part = 0; part < Parts; part++)
                for (int k = 0; k < Half; k++)
                    for (int n = 0; n < Half; n++)
                        Set(part, k, n, SignOf(part, n));
        }

        /// <summary>The matrices of the way back to real rows, which also divide by <paramref name="area"/>.</summary>
        internal readonly void FillBack(double area)
        {
            for (int part = 0; part < Parts; part++)
                for (int n = 0; n < Half; n++)
                    for (int k = 0; k < Half; k++)
                        Set(part, n, k, SignOf(part, k) * (k == 0 || 2 * k == Samples ? 1 : 2) / area);
        }

        private static double SignOf(int part, int input) => part == 1 && input % 2 == 1 ? -1 : 1;

        private readonly void Set(int part, int output, int input, double scale)
        {
            (double sine, double cosine) = Turn(output, input, Samples);
            (int four, int inFour) = Math.DivRem(output, OutputsAtATime);
            int at = (four * Half + input) * OutputsAtATime + inFour;
            Cosine(part)[at] = (float)(scale * cosine);
            Sine(part)[at] = (float)(scale * sine);
        }

        /// <summary>Sine and cosine of 2 pi k n / length; exact at quarter turns.</summary>
        private static (double Sine, double Cosine) Turn(int k, int n, int length) =>
            double.SinCosPi(2.0 * ((long)k * n % length) / length);
    }
}

/// <summary>A part of a plane: the first row, which is the first column too, and the number of rows and columns.</summary>
internal readonly record struct DftCrop(int First, int Height, int Width);

/// <summary>Two columns of sixteen channels each, complex. Distances in floats.</summary>
internal readonly unsafe struct DftColumns
{
    internal float* Real { get; init; }

    internal float* Imaginary { get; init; }

    /// <summary>From a row to the next.</summary>
    internal nint RowStride { get; init; }

    /// <summary>From the left column to the right one.</summary>
    internal int ToRight { get; init; }
}
