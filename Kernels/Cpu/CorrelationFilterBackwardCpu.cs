using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Three steps over pairs, like <see cref="CorrelationFilterCpu"/>: transform the rows of the windowed features and of the template's
/// gradient; then, for two columns of all channels at once, transform both down, solve, and transform the features' gradient back;
/// then its rows back, and with them the target's gradient.
/// </summary>
/// <remarks>
/// Forward, per frequency, with X_c = F(h x_c) and n = m m: k = (1/n) sum_c |X_c|^2 + lambda, A = (1/n) Y / k, W_c = conj(A) X_c,
/// w_c = F^-1 W_c, cropped. The gradient of what is cropped away is zero: g_c = dL/dw_c with a margin of zeros, G_c = F g_c.
/// F is n times a unitary map, so for real planes p and q, sum p q = (1/n) Re sum conj(P) Q. Then
///   dL = sum_c sum g_c dw_c = (1/n) Re sum_frequencies sum_c conj(G_c) (conj(dA) X_c + conj(A) dX_c).
/// A spectrum's gradient V' is what makes this (1/n) Re sum conj(V') dV: it is F of the plane's gradient. Term by term:
///   A' = sum_c X_c conj(G_c);                                   from Re(P conj(dA)) = Re(conj(P) dA)
///   X'_c = A G_c + (2/n) k' X_c,  k' = -Re(conj(A') A) / k;     from dk = (2/n) Re sum_c conj(X_c) dX_c, dA = dY / (n k) - A dk / k
///   Y' = A' / (n k);
///   d(hx)_c = F^-1 X'_c,  dL/dx_c = h d(hx)_c,  dL/dh = sum_c x_c d(hx)_c,  dL/dy = F^-1 Y'.
/// All planes are real, so V'[-k,-l] = conj(V'[k,l]), and no formula joins two frequencies: columns 0..m/2 say everything. On the
/// way back the columns that were not kept count by doubling those between 0 and m/2.
/// </remarks>
internal sealed unsafe class CorrelationFilterBackwardCpu : CorrelationFilterBackward, ILanesWork
{
    private readonly WorkerPool workers;
    private readonly BlockedDft dft;
    private readonly int blocks, spectrumWidth, planeWidth;
    private readonly CpuScratch memory = new();
    private readonly float* real, imaginary;                     // X, then X' [block][m][m/2+1][16]
    private readonly float* gradientReal, gradientImaginary;     // G
    private readonly float* packed;                              // two columns of X and G, of each thread
    private readonly float* embedded;                            // g [block][m][m][16], its margin always zero
    private readonly float* slopeReal, slopeImaginary;           // Y' [m][planeWidth], zeros behind m/2
    private readonly float* cosines, sines;                      // of 2 pi i / m, m of each
    private readonly float* alongCosines, alongSines;            // a[l] cos(2 pi l j / m) / n [m/2+1][planeWidth of m]
    private readonly CpuFilterPlanes given;
    private readonly int rowWidth;
    private readonly float* rows;                                // scratch of a thread: one row of Y' on its way back, and of y'

    // The arguments of the current call, which its tasks share.
    private Step step;
    private float* features, featureGradient, windowGradient, targetGradient;
    private GradientWrite write;

    internal CorrelationFilterBackwardCpu(
        CpuDevice device, CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
        : base(device, spec)
    {
        workers = device.Workers;
        int m = spec.Size;
        dft = new BlockedDft(m, m, workers.Threads);
        blocks = spec.Features.Blocks;
        spectrumWidth = m / 2 + 1;
        planeWidth = spectrumWidth.RoundUp(Block.Lanes);
        rowWidth = m.RoundUp(Block.Lanes);

        // The spectra first: they want the alignment.
        long spectra = blocks * dft.SpectrumLength, plane = (long)m * m;
        real = memory.Reserve<float>(
            4 * spectra + 2 * blocks * dft.PackedLength * workers.Threads + blocks * plane * Block.Lanes
            + 2L * m * planeWidth + 2L * spectrumWidth * rowWidth
            + (2L * planeWidth + rowWidth) * workers.Threads + CpuFilterPlanes.Length(spec) + 2 * m);
        imaginary = real + spectra;
        gradientReal = imaginary + spectra;
        gradientImaginary = gradientReal + spectra;
        packed = gradientImaginary + spectra;
        embedded = packed + 2 * blocks * dft.PackedLength * workers.Threads;
        slopeReal = embedded + blocks * plane * Block.Lanes;
        slopeImaginary = slopeReal + m * planeWidth;
        alongCosines = slopeImaginary + m * planeWidth;
        alongSines = alongCosines + spectrumWidth * rowWidth;
        rows = alongSines + spectrumWidth * rowWidth;
        cosines = rows + (2 * planeWidth + rowWidth) * workers.Threads;
        sines = cosines + m;
        given = new CpuFilterPlanes(spec, sines + m);
        FillTables();
        UpdateCore(window, target);
    }

    private enum Step
    {
        ForwardRows,
        Columns,
        InverseRows,
    }

    public void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        if (step == Step.ForwardRows)
            ForwardRows<TLanes>(task, worker);
        else if (step == Step.Columns)
            Columns<TLanes>(task, worker);
        else if (task < dft.RowPairs)
            FeatureRows<TLanes>(task, worker);
        else
            TargetRow<TLanes>(task - dft.RowPairs, worker);
    }

    protected override void BackwardCore(
        TensorView features, TensorView templateGradient, TensorView featureGradient,
        TensorView windowGradient, TensorView targetGradient, GradientWrite write)
    {
        this.features = features.Pointer();
        this.featureGradient = featureGradient.Pointer();
        this.windowGradient = windowGradient.Pointer();
        this.targetGradient = targetGradient.Pointer();
        this.write = write;
        Embed(templateGradient.Pointer());
        Run(Step.ForwardRows, 2 * blocks * dft.RowPairs);
        Run(Step.Columns, dft.ColumnPairs);
        Run(Step.InverseRows, dft.RowPairs + Spec.Size);
    }

    protected override void UpdateCore(ReadOnlySpan<float> window, ReadOnlySpan<float> target) => given.Update(window, target);

    protected override void Dispose(bool disposing)
    {
        dft.Dispose();
        memory.Dispose();
    }

    private void FillTables()
    {
        int m = Spec.Size;
        for (int i = 0; i < m; i++)
        {
            (double sine, double cosine) = double.SinCosPi(2.0 * i / m);
            (cosines[i], sines[i]) = ((float)cosine, (float)sine);
        }
        for (int l = 0; l < spectrumWidth; l++)
        {
            double scale = (l == 0 || 2 * l == m ? 1.0 : 2.0) / ((double)m * m);
            for (int j = 0; j < m; j++)
            {
                (double sine, double cosine) = double.SinCosPi(2.0 * (l * j % m) / m);
                alongCosines[l * rowWidth + j] = (float)(scale * cosine);
                alongSines[l * rowWidth + j] = (float)(scale * sine);
            }
        }
    }

    private void Embed(float* templateGradient)
    {
        int t = Spec.TemplateSize, m = Spec.Size;
        for (int block = 0; block < blocks; block++)
            for (int i = 0; i < t; i++)
            {
                float* to = embedded + (((nint)block * m + i + Spec.Margin) * m + Spec.Margin) * Block.Lanes;
                float* from = templateGradient + ((nint)block * t + i) * t * Block.Lanes;
                new Span<float>(from, t * Block.Lanes).CopyTo(new Span<float>(to, t * Block.Lanes));
            }
    }

    private void Run(Step todo, int tasks)
    {
        step = todo;
        workers.Run(this, tasks);
    }

    private void ForwardRows<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        (int pair, int plane) = Math.DivRem(task, 2 * blocks);
        bool ofGradient = plane >= blocks;
        int block = ofGradient ? plane - blocks : plane;
        nint spectrum = (nint)(block * dft.SpectrumLength);
        nint first = (nint)block * Spec.Size * Spec.Size * Block.Lanes;
        if (ofGradient && (2 * pair + 1 < Spec.Margin || 2 * pair >= Spec.Margin + Spec.TemplateSize))
            dft.ClearRows(gradientReal + spectrum, gradientImaginary + spectrum, pair);
        else if (ofGradient)
            dft.ForwardRows<TLanes>(embedded + first, window: null, gradientReal + spectrum, gradientImaginary + spectrum, pair, worker);
        else
            dft.ForwardRows<TLanes>(features + first, given.Window, real + spectrum, imaginary + spectrum, pair, worker);
    }

    private void Columns<TLanes>(int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        float* ownX = packed + worker * 2 * blocks * dft.PackedLength, ownG = ownX + blocks * dft.PackedLength;
        for (int block = 0; block < blocks; block++)
        {
            nint spectrum = (nint)(block * dft.SpectrumLength), at = (nint)(block * dft.PackedLength);
            DftColumns x = dft.ColumnsOf(real + spectrum, imaginary + spectrum, pair);
            DftColumns g = dft.ColumnsOf(gradientReal + spectrum, gradientImaginary + spectrum, pair);
            dft.ForwardColumns<TLanes>(x, dft.Packed(ownX + at), worker);
            dft.ForwardColumns<TLanes>(g, dft.Packed(ownG + at), worker);
        }
        for (int side = 0; side < 2; side++)   // both, also where an odd last column is done twice
        {
            int column = Math.Min(2 * pair + side, spectrumWidth - 1), at = side * Block.Lanes;
            Solve<TLanes>(column, dft.Packed(ownX + at), dft.Packed(ownG + at));
        }
        for (int block = 0; block < blocks; block++)
        {
            nint spectrum = (nint)(block * dft.SpectrumLength), at = (nint)(block * dft.PackedLength);
            DftColumns to = dft.ColumnsOf(real + spectrum, imaginary + spectrum, pair);
            dft.InverseColumns<TLanes>(dft.Packed(ownX + at), to, dft.Whole, worker);
        }
    }

    /// <summary>Replaces one column of X by X', and writes that of Y'. The columns of the blocks follow one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Solve<TLanes>(int column, in DftColumns x, in DftColumns g)
        where TLanes : struct, ILanes<TLanes>
    {
        float* xReal = x.Real, xImaginary = x.Imaginary, gReal = g.Real, gImaginary = g.Imaginary;
        float scale = 1f / (Spec.Size * Spec.Size);
        for (int row = 0; row < Spec.Size; row++)
        {
            nint first = row * x.RowStride;
            TLanes energy = default, sumReal = default, sumImaginary = default;
            nint at = first;
            for (int block = 0; block < blocks; block++, at += (nint)dft.PackedLength)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    TLanes xr = TLanes.Load(xReal + at + lane), xi = TLanes.Load(xImaginary + at + lane);
                    TLanes gr = TLanes.Load(gReal + at + lane), gi = TLanes.Load(gImaginary + at + lane);
                    energy = TLanes.MultiplyAdd(xi, xi, TLanes.MultiplyAdd(xr, xr, energy));
                    // X conj(G) = (xr gr + xi gi) + i (xi gr - xr gi)
                    sumReal = TLanes.MultiplyAdd(xi, gi, TLanes.MultiplyAdd(xr, gr, sumReal));
                    sumImaginary = TLanes.MultiplyAdd(xi, gr, sumImaginary) - xr * gi;
                }
            }
            float inverse = 1 / (scale * TLanes.Sum(energy) + Spec.Lambda);
            float slopeR = TLanes.Sum(sumReal), slopeI = TLanes.Sum(sumImaginary);
            float a = given.TargetReal[row * spectrumWidth + column] * inverse, b = given.TargetImaginary[row * spectrumWidth + column] * inverse;
            slopeReal[row * planeWidth + column] = slopeR * scale * inverse;
            slopeImaginary[row * planeWidth + column] = slopeI * scale * inverse;

            TLanes ar = TLanes.Broadcast(a), ai = TLanes.Broadcast(b);
            var own = TLanes.Broadcast(-2 * scale * inverse * (slopeR * a + slopeI * b));
            at = first;
            for (int block = 0; block < blocks; block++, at += (nint)dft.PackedLength)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    TLanes xr = TLanes.Load(xReal + at + lane), xi = TLanes.Load(xImaginary + at + lane);
                    TLanes gr = TLanes.Load(gReal + at + lane), gi = TLanes.Load(gImaginary + at + lane);
                    (TLanes.MultiplyAdd(ar, gr, own * xr) - ai * gi).Store(xReal + at + lane);
                    TLanes.MultiplyAdd(ai, gr, TLanes.MultiplyAdd(ar, gi, own * xi)).Store(xImaginary + at + lane);
                }
            }
        }
    }

    /// <summary>Two rows of all channels of d(hx), and from them of dL/dx and dL/dh.</summary>
    private void FeatureRows<TLanes>(int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        int m = Spec.Size;
        for (int block = 0; block < blocks; block++)
        {
            nint spectrum = (nint)(block * dft.SpectrumLength);
            float* plane = featureGradient + (nint)block * m * m * Block.Lanes;
            dft.InverseRows<TLanes>(real + spectrum, imaginary + spectrum, plane, dft.Whole, pair, worker);
        }
        for (int place = 2 * pair * m; place < Math.Min(2 * pair + 2, m) * m; place++)
        {
            TLanes sum = default;
            var h = TLanes.Broadcast(given.Window[place]);
            for (int block = 0; block < blocks; block++)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    nint at = ((nint)block * m * m + place) * Block.Lanes + lane;
                    var d = TLanes.Load(featureGradient + at);
                    sum = TLanes.MultiplyAdd(TLanes.Load(features + at), d, sum);
                    (h * d).Store(featureGradient + at);
                }
            }
            ParameterGradients.Write(ref windowGradient[place], TLanes.Sum(sum), write);
        }
    }

    /// <summary>
    /// One row of dL/dy, straight from the spectrum: first its column sums T[l] = sum over k of Y'[k,l] exp(2 pi i row k / m), then
    /// y'[j] = sum over l of a[l] (Re T[l] cos(2 pi l j / m) - Im T[l] sin(2 pi l j / m)) / n.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TargetRow<TLanes>(int row, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        int m = Spec.Size;
        float* re = rows + (nint)worker * (2 * planeWidth + rowWidth);
        float* im = re + planeWidth;
        float* result = im + planeWidth;
        for (int l = 0; l < planeWidth; l += TLanes.Count)
        {
            TLanes sumReal = default, sumImaginary = default;
            for (int k = 0, turn = 0; k < m; k++, turn += row)
            {
                if (turn >= m)
                    turn -= m;
                TLanes cosine = TLanes.Broadcast(cosines[turn]), sine = TLanes.Broadcast(sines[turn]);
                TLanes r = TLanes.Load(slopeReal + k * planeWidth + l), i = TLanes.Load(slopeImaginary + k * planeWidth + l);
                sumReal = TLanes.MultiplyAdd(r, cosine, sumReal) - i * sine;
                sumImaginary = TLanes.MultiplyAdd(r, sine, TLanes.MultiplyAdd(i, cosine, sumImaginary));
            }
            sumReal.Store(re + l);
            sumImaginary.Store(im + l);
        }
        for (int j = 0; j < rowWidth; j += TLanes.Count)
        {
            TLanes sum = default;
            for (int l = 0; l < spectrumWidth; l++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(re[l]), TLanes.Load(alongCosines + l * rowWidth + j), sum)
                    - TLanes.Broadcast(im[l]) * TLanes.Load(alongSines + l * rowWidth + j);
            }
            sum.Store(result + j);
        }
        for (int j = 0; j < m; j++)
            ParameterGradients.Write(ref targetGradient[row * m + j], result[j], write);
    }
}
