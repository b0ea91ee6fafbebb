namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// MATLAB's bicubic <c>imresize</c> along one axis, as a table: output i = sum over t of Weights[i,t] * known[First[i] + t]
/// + Outside[i] * constant. Only a part of the input is "known"; the rest has one constant value (the padding color),
/// whose weights are summed in advance. So a region that is much larger than the frame takes no more memory than the frame.
/// </summary>
internal sealed unsafe class BicubicTaps : IDisposable
{
    private readonly CpuScratch firstMemory = new();
    private readonly CpuScratch weightMemory = new();
    private readonly CpuScratch outsideMemory = new();
    private readonly CpuScratch kernelMemory = new();
    private (int InSize, int OutSize, int KnownFirst, int KnownCount) computed;

    /// <summary>Taps of one output sample.</summary>
    internal int Count { get; private set; }

    /// <summary>The first tap of each output sample, counted from the first known input sample.</summary>
    internal int* First { get; private set; }

    /// <summary>The weights, <see cref="Count"/> for each output sample.</summary>
    internal float* Weights { get; private set; }

    /// <summary>The weight of the constant in each output sample.</summary>
    internal float* Outside { get; private set; }

    /// <summary>Fills the table for the whole input.</summary>
    internal void Compute(int inSize, int outSize) => Compute(inSize, outSize, 0, inSize);

    /// <summary>Fills the table; input samples outside [knownFirst, knownFirst + knownCount) hold the constant.</summary>
    internal void Compute(int inSize, int outSize, int knownFirst, int knownCount)
    {
        if (computed == (inSize, outSize, knownFirst, knownCount))
            return;

        // Sample i (from 1) of the output lies at u = i/scale + (1 - 1/scale)/2 of the input. The kernel reaches 2 samples to
        // each side, 2/scale when shrinking. MATLAB looks at ceil(width) + 2 samples from floor(u - width/2) on; the first and
        // the last of them are always out of reach, which leaves `span`.
        double scale = (double)outSize / inSize;
        double squeeze = Math.Min(scale, 1);
        double width = 4 / squeeze;
        int span = (int)Math.Ceiling(width);
        if (inSize == outSize)
            (width, span) = (2, 1);   // u = i, and all other samples lie where the kernel is 0: an exact copy
        int window = Math.Min(span, inSize);

        Count = Math.Min(window, knownCount);
        First = firstMemory.Reserve<int>(outSize);
        Weights = weightMemory.Reserve<float>((long)outSize * Count);
        Outside = outsideMemory.Reserve<float>(outSize);
        double* kernel = kernelMemory.Reserve<double>(span + (long)Count);
        double* folded = kernel + span;

        for (int i = 0; i < outSize; i++)
        {
            double u = (i + 1) / scale + 0.5 * (1 - 1 / scale);
            long first = (long)Math.Floor(u - width / 2);   // 0-based: the sample after MATLAB's first
            double sum = 0;
            for (int t = 0; t < span; t++)
                sum += kernel[t] = Cubic(squeeze * (u - (first + 1 + t)));

            // The taps that reach past an end come back from it, so all lie in a window that is shifted inside the input,
            // and the known ones in a window that is shifted inside the known samples.
            int start = (int)Math.Clamp(first, 0, inSize - window);
            start = Math.Clamp(start, knownFirst, knownFirst + knownCount - Count);
            new Span<double>(folded, Count).Clear();
            double outside = 0;
            for (int t = 0; t < span; t++)
            {
                int sample = Reflect(first + t, inSize);
                if (sample >= knownFirst && sample < knownFirst + knownCount)
                    folded[sample - start] += kernel[t] / sum;
                else
                    outside += kernel[t] / sum;
            }
            First[i] = start - knownFirst;
            Outside[i] = (float)outside;
            for (int t = 0; t < Count; t++)
                Weights[(long)i * Count + t] = (float)folded[t];
        }
        computed = (inSize, outSize, knownFirst, knownCount);
    }

    /// <summary>
    /// Fills the table from another one: output i lies at places[i] between the outputs of <paramref name="grid"/>, of which there are
    /// <paramref name="gridSize"/>, and is interpolated linearly. At a whole number it is that output, with the same weights.
    /// </summary>
    internal void Interpolate(BicubicTaps grid, int gridSize, ReadOnlySpan<float> places)
    {
        computed = default;
        int furthest = 0;
        for (int i = 0; i + 1 < gridSize; i++)
            furthest = Math.Max(furthest, grid.First[i + 1] - grid.First[i]);
        int taps = grid.Count, last = Math.Max(0, gridSize - 2), next = Math.Min(1, gridSize - 1), end = grid.First[gridSize - 1] + taps;
        Count = Math.Min(taps + furthest, end);
        First = firstMemory.Reserve<int>(places.Length);
        Weights = weightMemory.Reserve<float>((long)places.Length * Count);
        Outside = outsideMemory.Reserve<float>(places.Length);
        for (int i = 0; i < places.Length; i++)
        {
            float place = Math.Clamp(places[i], 0, gridSize - 1);
            int low = Math.Min((int)place, last), high = low + next;
            float toHigh = place - low, toLow = 1 - toHigh;
            // The last outputs begin early enough that their taps end with the known samples.
            int start = Math.Min(grid.First[low], end - Count);
            First[i] = start;
            Outside[i] = toLow * grid.Outside[low] + toHigh * grid.Outside[high];
            var weights = new Span<float>(Weights + (long)i * Count, Count);
            weights.Clear();
            for (int t = 0; t < taps; t++)
            {
                weights[grid.First[low] - start + t] += toLow * grid.Weights[(long)low * taps + t];
                weights[grid.First[high] - start + t] += toHigh * grid.Weights[(long)high * taps + t];
            }
        }
    }

    public void Dispose()
    {
        firstMemory.Dispose();
        weightMemory.Dispose();
        outsideMemory.Dispose();
        kernelMemory.Dispose();
    }

    /// <summary>..2 1 0 0 1 2 .. n-1 n-1 n-2..: the edge is repeated.</summary>
    private static int Reflect(long sample, int size)
    {
        if (sample >= 0 && sample < size)
            return (int)sample;
        long period = 2L * size;
        long m = (sample % period + period) % period;
        return (int)(m < size ? m : period - 1 - m);
    }

    /// <summary>Keys' cubic with a = -0.5.</summary>
    private static double Cubic(double x)
    {
        x = Math.Abs(x);
        if (x <= 1)
            return (1.5 * x - 2.5) * x * x + 1;
        return x <= 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    }
}
