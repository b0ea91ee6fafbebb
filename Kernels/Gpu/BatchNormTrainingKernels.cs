using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The arguments of the kernels of batch normalization in training. A plane is an image's block of sixteen channels, or the only
/// channel of an image; positions are counted in floats.
/// </summary>
internal readonly record struct BatchNormTrainingArguments
{
    /// <summary>Floats of a plane that a group of threads sums up.</summary>
    internal const int Stretch = 4096;

    /// <summary>What is known of a channel in a stretch: number of values, their mean, the squares of what they differ from it.</summary>
    internal const int MomentParts = 3;

    /// <summary>What is known of a channel's gradient in a stretch: the sum of dL/dy, and that of dL/dy * (x - mean).</summary>
    internal const int GradientParts = 2;

    /// <summary>What the normalization needs of a channel: mean, gain / sigma, offset.</summary>
    internal const int ForwardFactors = 3;

    /// <summary>What the gradient needs of a channel: mean, gain / sigma, o / N, g / (N sigma).</summary>
    internal const int BackwardFactors = 4;

    /// <summary>Channels side by side: 16, or 1.</summary>
    internal int Lanes { get; init; }

    /// <summary>Number of images.</summary>
    internal int Batch { get; init; }

    /// <summary>Planes of an image.</summary>
    internal int Blocks { get; init; }

    /// <summary>Channels, unused lanes not counted.</summary>
    internal int Channels { get; init; }

    /// <summary>Floats of a plane.</summary>
    internal int PlaneLength { get; init; }

    /// <summary>Stretches of a plane.</summary>
    internal int Stretches { get; init; }

    /// <summary>N: values of a channel in the whole batch.</summary>
    internal float Count { get; init; }

    /// <summary>The number added to the variance.</summary>
    internal float Epsilon { get; init; }

    /// <summary>1: negative results become 0.</summary>
    internal int Relu { get; init; }

    /// <summary>1: gradients of parameters are added to what is there.</summary>
    internal int Accumulate { get; init; }
}

/// <summary>
/// Forward and backward are three launches each: every stretch of every plane by itself; one group for each block of channels that
/// joins its stretches; every value. parts: [block][image][stretch][what is known][lane]; factors: [what is needed][channel, unused
/// lanes too].
/// </summary>
internal static class BatchNormTrainingKernels
{
    internal const int Threads = 256;

    private const int MostLanes = Block.Lanes;
    private const int Stretch = BatchNormTrainingArguments.Stretch;

    /// <summary>
    /// Group (x, y) = stretch x of plane y; a thread stays in one lane. Two passes, the second out of the cache: squares of what
    /// differs from the stretch's own mean lose nothing, however far that is from zero.
    /// </summary>
    internal static void Moments(ArrayView<float> input, ArrayView<float> parts, BatchNormTrainingArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        ArrayView<float> means = SharedMemory.Allocate<float>(MostLanes);
        int t = Group.IdxX;
        int plane = Grid.IdxY * a.PlaneLength;
        int first = Grid.IdxX * Stretch;
        int end = Math.Min(first + Stretch, a.PlaneLength);
        float sum = 0;
        for (int i = first + t; i < end; i += Threads)
            sum += input[plane + i];
        sum = SumOfLane(shared, a.Lanes, sum);
        float count = (end - first) / a.Lanes;
        if (t < a.Lanes)
            means[t] = sum / count;

        Group.Barrier();

        int lane = LaneOf(t, a.Lanes);
        float squares = 0;
        for (int i = first + t; i < end; i += Threads)
        {
            float difference = input[plane + i] - means[lane];
            squares += difference * difference;
        }
        squares = SumOfLane(shared, a.Lanes, squares);
        if (t < a.Lanes)
        {
            int to = PlaceOfPart(a) * BatchNormTrainingArguments.MomentParts * a.Lanes + t;
            parts[to] = count;
            parts[to + a.Lanes] = means[t];
            parts[to + 2 * a.Lanes] = squares;
        }
    }

    /// <summary>
    /// Group x = block x of channels. Of parts with counts n, means m and squares s: mean = sum n m / N, and the squares of all are
    /// sum s + n (m - mean)^2.
    /// </summary>
    internal static void JoinMoments(
        ArrayView<float> parts, ArrayView<float> gain, ArrayView<float> offset, ArrayView<float> moments, ArrayView<float> factors,
        BatchNormTrainingArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        ArrayView<float> means = SharedMemory.Allocate<float>(MostLanes);
        int t = Group.IdxX;
        int lane = LaneOf(t, a.Lanes);
        int step = BatchNormTrainingArguments.MomentParts * a.Lanes;
        int first = Grid.IdxX * a.Batch * a.Stretches * step + lane;
        int end = first + a.Batch * a.Stretches * step;
        int stride = Threads / a.Lanes * step;
        float sum = 0;
        for (int i = first + t / a.Lanes * step; i < end; i += stride)
            sum += parts[i] * parts[i + a.Lanes];
        sum = SumOfLane(shared, a.Lanes, sum);
        if (t < a.Lanes)
            means[t] = sum / a.Count;

        Group.Barrier();

        float squares = 0;
        for (int i = first + t / a.Lanes * step; i < end; i += stride)
        {
            float difference = parts[i + a.Lanes] - means[lane];
            squares += parts[i + 2 * a.Lanes] + parts[i] * difference * difference;
        }
        squares = SumOfLane(shared, a.Lanes, squares);
        float sigma = XMath.Sqrt(squares / a.Count + a.Epsilon);
        if (t < a.Lanes)
        {
            int channel = Grid.IdxX * a.Lanes + t;
            int channels = a.Blocks * a.Lanes;
            bool used = channel < a.Channels;
            if (used)
            {
                moments[channel] = means[t];
                moments[a.Channels + channel] = sigma;
            }
            // Unused lanes become 0 * (0 - 0) + 0.
            factors[channel] = used ? means[t] : 0;
            factors[channels + channel] = used ? gain[channel] / sigma : 0;
            factors[2 * channels + channel] = used ? offset[channel] : 0;
        }
    }

    /// <summary>Thread (x, y) = float x of plane y.</summary>
    internal static void Normalize(ArrayView<float> input, ArrayView<float> factors, ArrayView<float> output, BatchNormTrainingArguments a)
    {
        int i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= a.PlaneLength)
            return;
        int at = Grid.IdxY * a.PlaneLength + i;
        int channels = a.Blocks * a.Lanes;
        int channel = Grid.IdxY % a.Blocks * a.Lanes + LaneOf(i, a.Lanes);
        float y = (input[at] - factors[channel]) * factors[channels + channel] + factors[2 * channels + channel];
        output[at] = a.Relu != 0 && y < 0 ? 0 : y;
    }

    /// <summary>Group (x, y) = stretch x of plane y, as in <see cref="Moments"/>.</summary>
    internal static void SumGradients(
        ArrayView<float> input, ArrayView<float> output, ArrayView<float> moments, ArrayView<float> outputGradient, ArrayView<float> parts,
        BatchNormTrainingArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        int t = Group.IdxX;
        // What unused lanes subtract does not matter, because their gradient is zero.
        float mean = moments[Math.Min(Grid.IdxY % a.Blocks * a.Lanes + LaneOf(t, a.Lanes), a.Channels - 1)];
        int plane = Grid.IdxY * a.PlaneLength;
        int first = Grid.IdxX * Stretch;
        int end = Math.Min(first + Stretch, a.PlaneLength);
        float sum = 0, product = 0;
        for (int i = first + t; i < end; i += Threads)
        {
            float gradient = GradientAt(output, outputGradient, plane + i, a);
            sum += gradient;
            product += gradient * (input[plane + i] - mean);
        }
        sum = SumOfLane(shared, a.Lanes, sum);
        product = SumOfLane(shared, a.Lanes, product);
        if (t < a.Lanes)
        {
            int to = PlaceOfPart(a) * BatchNormTrainingArguments.GradientParts * a.Lanes + t;
            parts[to] = sum;
            parts[to + a.Lanes] = product;
        }
    }

    /// <summary>
    /// Group x = block x of channels: o = sum dL/dy and g = sum dL/dy * h of all stretches, which are the gradients of offset and gain.
    /// </summary>
    internal static void JoinGradients(
        ArrayView<float> parts, ArrayView<float> gain, ArrayView<float> moments, ArrayView<float> gainGradient, ArrayView<float> offsetGradient,
        ArrayView<float> momentsGradient, ArrayView<float> factors, BatchNormTrainingArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        int t = Group.IdxX;
        int step = BatchNormTrainingArguments.GradientParts * a.Lanes;
        int first = Grid.IdxX * a.Batch * a.Stretches * step + LaneOf(t, a.Lanes);
        int end = first + a.Batch * a.Stretches * step;
        int stride = Threads / a.Lanes * step;
        float sum = 0, product = 0;
        for (int i = first + t / a.Lanes * step; i < end; i += stride)
        {
            sum += parts[i];
            product += parts[i + a.Lanes];
        }
        sum = SumOfLane(shared, a.Lanes, sum);
        product = SumOfLane(shared, a.Lanes, product);
        if (t < a.Lanes)
        {
            int channel = Grid.IdxX * a.Lanes + t;
            int channels = a.Blocks * a.Lanes;
            bool used = channel < a.Channels;
            float mean = 0, scale = 0, share = 0, slope = 0;
            if (used)
            {
                mean = moments[channel];
                float sigma = moments[a.Channels + channel];
                float ofGain = product / sigma;
                scale = gain[channel] / sigma;
                share = sum / a.Count;
                slope = ofGain / (a.Count * sigma);
                Write(gainGradient, channel, ofGain, a);
                Write(offsetGradient, channel, sum, a);
                Write(momentsGradient, channel, mean, a);
                Write(momentsGradient, a.Channels + channel, sigma, a);
            }
            factors[channel] = mean;
            factors[channels + channel] = scale;
            factors[2 * channels + channel] = share;
            factors[3 * channels + channel] = slope;
        }
    }

    /// <summary>
    /// Thread (x, y) = float x of plane y. y = gain h + offset, h = (x - mean) / sigma, where mean and sigma depend on every x: of
    /// dL/dh = gain dL/dy they take away what it has in common with 1 and with h, so dL/dx = gain / sigma * (dL/dy - o / N - h g / N).
    /// </summary>
    internal static void Gradient(
        ArrayView<float> input, ArrayView<float> output, ArrayView<float> factors, ArrayView<float> outputGradient, ArrayView<float> inputGradient,
        BatchNormTrainingArguments a)
    {
        int i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= a.PlaneLength)
            return;
        int at = Grid.IdxY * a.PlaneLength + i;
        int channels = a.Blocks * a.Lanes;
        int channel = Grid.IdxY % a.Blocks * a.Lanes + LaneOf(i, a.Lanes);
        float common = factors[2 * channels + channel] + (input[at] - factors[channel]) * factors[3 * channels + channel];
        inputGradient[at] = factors[channels + channel] * (GradientAt(output, outputGradient, at, a) - common);
    }

    // A power of two: the remainder without a division.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LaneOf(int place, int lanes) => place & (lanes - 1);

    /// <summary>dL/dy, through the ReLU if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float GradientAt(ArrayView<float> output, ArrayView<float> outputGradient, int at, BatchNormTrainingArguments a) =>
        a.Relu != 0 && !(output[at] > 0) ? 0 : outputGradient[at];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ArrayView<float> gradients, int at, float gradient, BatchNormTrainingArguments a) =>
        gradients[at] = a.Accumulate != 0 ? gradients[at] + gradient : gradient;

    /// <summary>Number of the group's part among all: those of a block lie together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlaceOfPart(BatchNormTrainingArguments a)
    {
        int image = Grid.IdxY / a.Blocks;
        int block = Grid.IdxY - image * a.Blocks;
        return (block * a.Batch + image) * a.Stretches + Grid.IdxX;
    }

    /// <summary>
    /// The sum of the values of all threads of a lane, to all of them: as <see cref="Reductions.Sum"/>, but halving ends at the lanes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfLane(ArrayView<float> shared, int lanes, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        for (int half = Threads / 2; half >= lanes; half /= 2)
        {
            Group.Barrier();

            if (t < half)
                shared[t] += shared[t + half];
        }

        Group.Barrier();

        float result = shared[LaneOf(t, lanes)];

        Group.Barrier();

        return result;
    }
}
