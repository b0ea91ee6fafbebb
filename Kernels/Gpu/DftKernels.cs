using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The arguments of the kernels of one pass of a DFT: lines of samples become lines of results, sixteen channels side by side.
/// Positions are counted in floats.
/// </summary>
internal readonly record struct DftArguments
{
    /// <summary>Threads with work: planes x lines x quads of results x 16.</summary>
    internal int Threads { get; init; }

    /// <summary>Lines of a plane.</summary>
    internal int Lines { get; init; }

    /// <summary>Samples of a line.</summary>
    internal int Samples { get; init; }

    /// <summary>Results of a line.</summary>
    internal int Results { get; init; }

    /// <summary>From one plane, line and sample to the next.</summary>
    internal int PlaneStep { get; init; }

    /// <inheritdoc cref="PlaneStep"/>
    internal int LineStep { get; init; }

    /// <inheritdoc cref="PlaneStep"/>
    internal int SampleStep { get; init; }

    /// <summary>From one plane, line and result to the next.</summary>
    internal int OutPlaneStep { get; init; }

    /// <inheritdoc cref="OutPlaneStep"/>
    internal int OutLineStep { get; init; }

    /// <inheritdoc cref="OutPlaneStep"/>
    internal int ResultStep { get; init; }
}

/// <summary>The arguments of the kernel that solves for the correlation filter's spectrum.</summary>
internal readonly record struct RidgeArguments
{
    /// <summary>Blocks of sixteen channels.</summary>
    internal int Blocks { get; init; }

    /// <summary>Frequencies of a spectrum.</summary>
    internal int Frequencies { get; init; }

    /// <summary>1 / n, n being the number of samples of a plane.</summary>
    internal float Share { get; init; }

    /// <summary>Regularization.</summary>
    internal float Lambda { get; init; }
}

/// <summary>How samples are multiplied before they are transformed.</summary>
internal interface IDftWindow
{
    static abstract float Weigh(ArrayView<float> window, int sample, float value);
}

internal readonly struct NoWindow : IDftWindow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Weigh(ArrayView<float> window, int sample, float value) => value;
}

internal readonly struct PlaneWindow : IDftWindow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Weigh(ArrayView<float> window, int sample, float value) => window[sample] * value;
}

/// <summary>
/// The sizes of these planes (49, 53, 57) have no small factors, so each pass is a product with a dense matrix. A thread = one
/// channel of one line, four results; matrix: [quad of results][sample][four cosines, four sines], scaled and signed by the
/// host, so that forward and inverse, whole and cropped, are the same kernels. Positions are advanced by a step, not computed from the
/// sample's number, because ILGPU would repeat the divisions in every round.
/// </summary>
internal static class DftKernels
{
    internal const int Threads = 128;

    /// <summary>Threads of <see cref="Ridge"/>: four blocks of channels at a time.</summary>
    internal const int RidgeThreads = 64;

    /// <summary>Real lines to spectra: F = sum of x * (cos, sin).</summary>
    internal static void RealToComplex<TWindow>(
        ArrayView<float> samples, ArrayView<float> window, ArrayView<float> matrix, ArrayView<float> real, ArrayView<float> imaginary, DftArguments a)
        where TWindow : struct, IDftWindow
    {
        int thread = Grid.IdxX * Threads + Group.IdxX;
        if (thread >= a.Threads)
            return;
        var line = new Line(thread, a);
        ArrayView<Float4> rows = matrix.Cast<Float4>();
        int from = line.From;
        int row = line.Row;
        Float8 sums = default;
        int sample = line.InPlane * a.Samples;
        for (int i = 0; i < a.Samples; i++)
        {
            sums = sums.Add(TWindow.Weigh(window, sample, samples[from]), rows[row], rows[row + 1]);
            sample++;
            from += a.SampleStep;
            row += 2;
        }
        StoreFour(real, sums.Low, line, a);
        StoreFour(imaginary, sums.High, line, a);
    }

    /// <summary>Spectra along the other axis: (re + i im) * (cos + i sin).</summary>
    internal static void ComplexToComplex(
        ArrayView<float> real, ArrayView<float> imaginary, ArrayView<float> matrix, ArrayView<float> outReal, ArrayView<float> outImaginary, DftArguments a)
    {
        int thread = Grid.IdxX * Threads + Group.IdxX;
        if (thread >= a.Threads)
            return;
        var line = new Line(thread, a);
        ArrayView<Float4> rows = matrix.Cast<Float4>();
        int from = line.From;
        int row = line.Row;
        Float8 sums = default;
        for (int i = 0; i < a.Samples; i++)
        {
            float re = real[from];
            float im = imaginary[from];
            Float4 cos = rows[row];
            Float4 sin = rows[row + 1];
            from += a.SampleStep;
            row += 2;
            sums = sums.Add(re, cos, sin);
            sums.Low.A -= im * sin.A;
            sums.Low.B -= im * sin.B;
            sums.Low.C -= im * sin.C;
            sums.Low.D -= im * sin.D;
            sums.High.A += im * cos.A;
            sums.High.B += im * cos.B;
            sums.High.C += im * cos.C;
            sums.High.D += im * cos.D;
        }
        StoreFour(outReal, sums.Low, line, a);
        StoreFour(outImaginary, sums.High, line, a);
    }

    /// <summary>
    /// Spectra back to real lines: the sum of re * cos - im * sin over the kept half, the other half's share in the matrix.
    /// </summary>
    internal static void ComplexToReal(
        ArrayView<float> real, ArrayView<float> imaginary, ArrayView<float> matrix, ArrayView<float> results, DftArguments a)
    {
        int thread = Grid.IdxX * Threads + Group.IdxX;
        if (thread >= a.Threads)
            return;
        var line = new Line(thread, a);
        ArrayView<Float4> rows = matrix.Cast<Float4>();
        int from = line.From;
        int row = line.Row;
        Float4 sums = default;
        for (int i = 0; i < a.Samples; i++)
        {
            float re = real[from];
            float im = imaginary[from];
            Float4 cos = rows[row];
            Float4 sin = rows[row + 1];
            from += a.SampleStep;
            row += 2;
            sums.A += re * cos.A - im * sin.A;
            sums.B += re * cos.B - im * sin.B;
            sums.C += re * cos.C - im * sin.C;
            sums.D += re * cos.D - im * sin.D;
        }
        StoreFour(results, sums, line, a);
    }

    /// <summary>
    /// The correlation filter's spectrum, in place. Group = one frequency; the threads share the channels, sum up the energy
    /// k = (1/n) sum |F|^2 + lambda, then F becomes conj(a) F with a = target / k. target: (1/n) F(y).
    /// </summary>
    internal static void Ridge(
        ArrayView<float> real, ArrayView<float> imaginary, ArrayView<float> targetReal, ArrayView<float> targetImaginary, RidgeArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(RidgeThreads);
        int t = Group.IdxX;
        int frequency = Grid.IdxX;
        float energy = 0;
        for (int block = t / Block.Lanes; block < a.Blocks; block += RidgeThreads / Block.Lanes)
        {
            int at = (block * a.Frequencies + frequency) * Block.Lanes + (t & (Block.Lanes - 1));
            energy += real[at] * real[at] + imaginary[at] * imaginary[at];
        }
        float k = a.Share * Reductions.Sum(shared, RidgeThreads, energy) + a.Lambda;
        float alphaReal = targetReal[frequency] / k;
        float alphaImaginary = targetImaginary[frequency] / k;
        for (int block = t / Block.Lanes; block < a.Blocks; block += RidgeThreads / Block.Lanes)
        {
            int at = (block * a.Frequencies + frequency) * Block.Lanes + (t & (Block.Lanes - 1));
            float re = real[at];
            float im = imaginary[at];
            real[at] = alphaReal * re + alphaImaginary * im;
            imaginary[at] = alphaReal * im - alphaImaginary * re;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(ArrayView<float> to, Float4 values, Line line, DftArguments a)
    {
        to[line.To] = values.A;
        if (line.Left > 1)
            to[line.To + a.ResultStep] = values.B;
        if (line.Left > 2)
            to[line.To + 2 * a.ResultStep] = values.C;
        if (line.Left > 3)
            to[line.To + 3 * a.ResultStep] = values.D;
    }

    /// <summary>Where a thread finds its samples and its rows of the matrix, and puts its four results.</summary>
    private readonly struct Line
    {
        /// <summary>Number of the line in its plane.</summary>
        internal readonly int InPlane;

        /// <summary>The first sample, the first row of the matrix, the first result.</summary>
        internal readonly int From, Row, To;

        /// <summary>Results from this quad's first to the line's last.</summary>
        internal readonly int Left;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Line(int thread, DftArguments a)
        {
            int quads = (a.Results + 3) / 4;
            int quad = thread / Block.Lanes % quads;
            int line = thread / Block.Lanes / quads;
            int plane = line / a.Lines;
            InPlane = line - plane * a.Lines;
            From = plane * a.PlaneStep + InPlane * a.LineStep + (thread & (Block.Lanes - 1));
            Row = quad * a.Samples * 2;
            To = plane * a.OutPlaneStep + InPlane * a.OutLineStep + quad * 4 * a.ResultStep + (thread & (Block.Lanes - 1));
            Left = a.Results - 4 * quad;
        }
    }
}
