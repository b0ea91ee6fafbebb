using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Batch normalization of features, whose speed memory limits. Forward and backward have two passes each: the first one sums, the second
/// one maps values to values. Each band of rows of an image has its own partial sums. The bands depend on the spec alone and are added
/// in order, so the result does not depend on the number of threads. As many blocks of channels as fit into the last-level cache go
/// through both passes before the next blocks do. The second pass runs backwards, because what the first pass read last is still cached.
///
/// Rows are summed in float, bands in double. Squares are taken about a channel's pivot, the mean of the first row of the first
/// image, because sum (x - mean)^2 = sum (x - pivot)^2 - N (mean - pivot)^2 loses nothing while the pivot is near the mean.
/// </summary>
/// <remarks>
/// Backward. With s = 1 / sigma, h = s (x - mean), and d = dL/dy where y is positive or there is no ReLU, else 0:
///   dL/dgain = sum d h,   dL/doffset = sum d,   dL/dh = gain d.
/// mean and sigma depend on each x: dmean/dx = 1/N, dsigma/dx = (x - mean) / (N sigma) = h / N. So
///   dL/dx = s dL/dh - (s/N) sum dL/dh - (s h / N) sum dL/dh h = gain s (d - (sum d) / N - h (sum d h) / N).
/// </remarks>
internal sealed unsafe class BatchNormTrainingCpu : BatchNormTraining, IParallelWork
{
    // Counts x alone; the backward pass reads three times as much.
    private const long GroupBytes = 8 << 20;
    private const int BandBytes = 128 * 1024;

    private readonly WorkerPool workers;
    private readonly int blocks, blocksOfGroup, bands, rowFloats;
    private readonly double count;
    private readonly CpuScratch sumsMemory = new();
    private readonly CpuScratch lanesMemory = new();
    private readonly double* sums;   // [block][image][band][2][16]
    // Of each channel. Forward: pivot, then mean; scale; -; shift. Backward: mean; factor of x - mean; factor of dL/dy; shift.
    private readonly float* center, slope, factor, shift;

    // The arguments of the current call, which its tasks share.
    private Step step;
    private int firstBlock;
    private float* x, y, dy, dx;

    internal BatchNormTrainingCpu(CpuDevice device, BatchNormSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        blocks = spec.Features.Blocks;
        rowFloats = spec.Width * Block.Lanes;
        long planeBytes = (long)spec.Height * rowFloats * sizeof(float);
        blocksOfGroup = (int)Math.Clamp(GroupBytes / (planeBytes * spec.Batch), 1, blocks);
        bands = (int)Math.Clamp(planeBytes / BandBytes, 1, spec.Height);
        count = (double)spec.Batch * spec.Height * spec.Width;
        sums = sumsMemory.Reserve<double>((long)blocks * spec.Batch * bands * 2 * Block.Lanes);
        center = lanesMemory.Reserve<float>(4L * blocks * Block.Lanes);
        slope = center + blocks * Block.Lanes;
        factor = slope + blocks * Block.Lanes;
        shift = factor + blocks * Block.Lanes;
    }

    private enum Step
    {
        Moments,
        Normalize,
        GradientSums,
        Gradient,
    }

    public void Run(int task, int worker)
    {
        bool second = step is Step.Normalize or Step.Gradient;
        int tasks = Math.Min(blocksOfGroup, blocks - firstBlock) * Spec.Batch * bands;
        (int plane, int band) = Math.DivRem(second ? tasks - 1 - task : task, bands);
        (int inGroup, int image) = Math.DivRem(plane, Spec.Batch);
        int block = firstBlock + inGroup;
        Part rows = Part.Of(Spec.Height, band, bands);
        double* to = sums + (((nint)block * Spec.Batch + image) * bands + band) * 2 * Block.Lanes;
        nint first = (((nint)image * blocks + block) * Spec.Height + rows.First) * rowFloats;
        for (int lane = 0; lane < Block.Lanes; lane += Vector<float>.Count)
        {
            int at = block * Block.Lanes + lane;
            switch (step)
            {
                case Step.Moments:
                    SumMoments(x + first + lane, rows.Count, Spec.Width, center + at, to + lane);
                    break;
                case Step.GradientSums:
                    SumGradients(
                        x + first + lane, y + first + lane, dy + first + lane, rows.Count, Spec.Width, center + at, Spec.Relu, to + lane);
                    break;
                case Step.Normalize:
                    Normalize(x + first + lane, y + first + lane, rows.Count * Spec.Width, center + at, slope + at, shift + at, Spec.Relu);
                    break;
                default:
                    Gradient(
                        x + first + lane, y + first + lane, dy + first + lane, dx + first + lane, rows.Count * Spec.Width,
                        center + at, slope + at, factor + at, shift + at, Spec.Relu);
                    break;
            }
        }
    }

    protected override void ForwardCore(TensorView input, TensorView gain, TensorView offset, TensorView moments, TensorView output)
    {
        x = input.Pointer();
        y = output.Pointer();
        for (firstBlock = 0; firstBlock < blocks; firstBlock += blocksOfGroup)
        {
            int end = Math.Min(firstBlock + blocksOfGroup, blocks);
            for (int block = firstBlock; block < end; block++)
                FindPivots(block);
            Run(Step.Moments);
            for (int channel = firstBlock * Block.Lanes; channel < Math.Min(end * Block.Lanes, Spec.Channels); channel++)
                FinishMoments(channel, gain.Pointer(), offset.Pointer(), moments.Pointer());
            Run(Step.Normalize);
        }
    }

    protected override void BackwardCore(
        TensorView input, TensorView output, TensorView gain, TensorView moments, TensorView outputGradient,
        TensorView inputGradient, TensorView gainGradient, TensorView offsetGradient, TensorView momentsGradient, GradientWrite write)
    {
        x = input.Pointer();
        y = output.Pointer();
        dy = outputGradient.Pointer();
        dx = inputGradient.Pointer();
        float* stored = moments.Pointer();
        new Span<float>(stored, Spec.Channels).CopyTo(new Span<float>(center, Spec.Channels));
        for (firstBlock = 0; firstBlock < blocks; firstBlock += blocksOfGroup)
        {
            Run(Step.GradientSums);
            int end = Math.Min((firstBlock + blocksOfGroup) * Block.Lanes, Spec.Channels);
            for (int channel = firstBlock * Block.Lanes; channel < end; channel++)
            {
                (double offsetSum, double gainSum) = Total(channel);
                double sigma = stored[Spec.Channels + channel];
                gainSum /= sigma;   // of d h; it was one of d (x - mean)
                double scale = gain.Pointer()[channel] / sigma;
                factor[channel] = (float)scale;
                slope[channel] = (float)(-scale * gainSum / count / sigma);
                shift[channel] = (float)(-scale * offsetSum / count);
                ParameterGradients.Write(ref gainGradient.Pointer()[channel], gainSum, write);
                ParameterGradients.Write(ref offsetGradient.Pointer()[channel], offsetSum, write);
            }
            Run(Step.Gradient);
        }
        for (int i = 0; i < 2 * Spec.Channels; i++)
            ParameterGradients.Write(ref momentsGradient.Pointer()[i], stored[i], write);
    }

    protected override void Dispose(bool disposing)
    {
        sumsMemory.Dispose();
        lanesMemory.Dispose();
    }

    private void Run(Step todo)
    {
        step = todo;
        workers.Run(this, Math.Min(blocksOfGroup, blocks - firstBlock) * Spec.Batch * bands);
    }

    private void FindPivots(int block)
    {
        float* row = x + (nint)block * Spec.Height * rowFloats;
        for (int lane = 0; lane < Block.Lanes; lane++)
        {
            double sum = 0;
            for (int i = 0; i < Spec.Width; i++)
                sum += row[i * Block.Lanes + lane];
            center[block * Block.Lanes + lane] = (float)(sum / Spec.Width);
        }
    }

    private void FinishMoments(int channel, float* gain, float* offset, float* moments)
    {
        (double sum, double squares) = Total(channel);
        double fromPivot = sum / count;
        double mean = center[channel] + fromPivot;
        double sigma = Math.Sqrt(Math.Max(squares / count - fromPivot * fromPivot, 0) + Spec.Epsilon);
        moments[channel] = (float)mean;
        moments[Spec.Channels + channel] = (float)sigma;
        // x - mean uses the rounded mean, which loses nothing where it matters; the shift makes up for the rounding.
        double scale = gain[channel] / sigma;
        center[channel] = (float)mean;
        slope[channel] = (float)scale;
        shift[channel] = (float)(offset[channel] + ((float)mean - mean) * scale);
    }

    /// <summary>Both sums of a channel over the batch.</summary>
    private (double First, double Second) Total(int channel)
    {
        (int block, int lane) = Math.DivRem(channel, Block.Lanes);
        double* part = sums + (nint)block * Spec.Batch * bands * 2 * Block.Lanes + lane;
        double first = 0, second = 0;
        for (int i = 0; i < Spec.Batch * bands; i++, part += 2 * Block.Lanes)
        {
            first += part[0];
            second += part[Block.Lanes];
        }
        return (first, second);
    }

    /// <summary>to[0] = sum of x - pivot, to[16] = sum of their squares, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumMoments(float* x, int rows, int width, float* pivot, double* to)
    {
        Vector<float> origin = Vector.Load(pivot);
        LaneSums first = default, second = default;
        for (int row = 0; row < rows; row++)
        {
            Vector<float> s0 = default, s1 = default, q0 = default, q1 = default;
            float* end = x + (nint)width * Block.Lanes;
            for (; x < end - Block.Lanes; x += 2 * Block.Lanes)
            {
                Vector<float> a = Vector.Load(x) - origin, b = Vector.Load(x + Block.Lanes) - origin;
                s0 += a;
                s1 += b;
                q0 = Vector.MultiplyAddEstimate(a, a, q0);
                q1 = Vector.MultiplyAddEstimate(b, b, q1);
            }
            if (x < end)
            {
                Vector<float> a = Vector.Load(x) - origin;
                s0 += a;
                q0 = Vector.MultiplyAddEstimate(a, a, q0);
                x += Block.Lanes;
            }
            first.Add(s0 + s1);
            second.Add(q0 + q1);
        }
        first.Store(to);
        second.Store(to + Block.Lanes);
    }

    /// <summary>to[0] = sum of d, to[16] = sum of d (x - mean), lane by lane; d is dL/dy where y is positive or there is no ReLU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumGradients(float* x, float* y, float* dy, int rows, int width, float* mean, bool relu, double* to)
    {
        Vector<float> origin = Vector.Load(mean);
        LaneSums first = default, second = default;
        nint at = 0;
        for (int row = 0; row < rows; row++)
        {
            Vector<float> o0 = default, o1 = default, g0 = default, g1 = default;
            nint end = at + (nint)width * Block.Lanes;
            for (; at < end - Block.Lanes; at += 2 * Block.Lanes)
            {
                Vector<float> a = Vector.Load(dy + at), b = Vector.Load(dy + at + Block.Lanes);
                if (relu)
                {
                    a = WherePositive(Vector.Load(y + at), a);
                    b = WherePositive(Vector.Load(y + at + Block.Lanes), b);
                }
                o0 += a;
                o1 += b;
                g0 = Vector.MultiplyAddEstimate(a, Vector.Load(x + at) - origin, g0);
                g1 = Vector.MultiplyAddEstimate(b, Vector.Load(x + at + Block.Lanes) - origin, g1);
            }
            if (at < end)
            {
                Vector<float> a = Vector.Load(dy + at);
                if (relu)
                    a = WherePositive(Vector.Load(y + at), a);
                o0 += a;
                g0 = Vector.MultiplyAddEstimate(a, Vector.Load(x + at) - origin, g0);
                at += Block.Lanes;
            }
            first.Add(o0 + o1);
            second.Add(g0 + g1);
        }
        first.Store(to);
        second.Store(to + Block.Lanes);
    }

    /// <summary>y = scale (x - mean) + shift, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize(float* x, float* y, int pixels, float* mean, float* scale, float* shift, bool relu)
    {
        Vector<float> origin = Vector.Load(mean), m = Vector.Load(scale), s = Vector.Load(shift);
        for (float* end = x + (nint)pixels * Block.Lanes; x < end; x += Block.Lanes, y += Block.Lanes)
        {
            Vector<float> value = Vector.MultiplyAddEstimate(Vector.Load(x) - origin, m, s);
            (relu ? Vector.MaxNative(value, Vector<float>.Zero) : value).Store(y);
        }
    }

    /// <summary>dx = factor d + slope (x - mean) + shift, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradient(
        float* x, float* y, float* dy, float* dx, int pixels, float* mean, float* slope, float* factor, float* shift, bool relu)
    {
        Vector<float> origin = Vector.Load(mean), a = Vector.Load(slope), b = Vector.Load(factor), s = Vector.Load(shift);
        nint end = (nint)pixels * Block.Lanes;
        for (nint at = 0; at < end; at += Block.Lanes)
        {
            Vector<float> d = Vector.Load(dy + at);
            if (relu)
                d = WherePositive(Vector.Load(y + at), d);
            Vector.MultiplyAddEstimate(d, b, Vector.MultiplyAddEstimate(Vector.Load(x + at) - origin, a, s)).Store(dx + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> WherePositive(Vector<float> y, Vector<float> d) =>
        Vector.ConditionalSelect(Vector.GreaterThan(y, Vector<float>.Zero), d, Vector<float>.Zero);

    /// <summary>The sum of vectors of floats, in double.</summary>
    private struct LaneSums
    {
        private Vector<double> low, high;

        internal void Add(Vector<float> value)
        {
            Vector.Widen(value, out Vector<double> valueLow, out Vector<double> valueHigh);
            low += valueLow;
            high += valueHigh;
        }

        internal readonly void Store(double* to)
        {
            low.Store(to);
            high.Store(to + Vector<double>.Count);
        }
    }
}
