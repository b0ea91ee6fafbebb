namespace SiamIlgpu.Tests.Reference;

/// <summary>The convolution as its definition reads: one output at a time, in double. All arrays planar.</summary>
internal static class ConvolutionReference
{
    internal static double At(
        in ConvolutionSpec spec, double[] input, double[] filters, double[] bias, int n, int o, int i, int j)
    {
        if (spec.Pool is not { } window)
            return AtMap(spec, input, filters, bias, n, o, i, j);
        double max = double.NegativeInfinity;
        for (int y = i * window.Stride; y < i * window.Stride + window.Size; y++)
            for (int x = j * window.Stride; x < j * window.Stride + window.Size; x++)
                max = Math.Max(max, AtMap(spec, input, filters, bias, n, o, y, x));
        return max;
    }

    private static double AtMap(
        in ConvolutionSpec spec, double[] input, double[] filters, double[] bias, int n, int o, int i, int j)
    {
        int inPerGroup = spec.InChannels / spec.Groups;
        int group = o / (spec.OutChannels / spec.Groups);
        double sum = bias[o];
        for (int c = 0; c < inPerGroup; c++)
            for (int u = 0; u < spec.Size; u++)
                for (int v = 0; v < spec.Size; v++)
                {
                    int plane = n * spec.InChannels + group * inPerGroup + c;
                    double x = input[(plane * spec.Height + i * spec.Stride + u) * spec.Width + j * spec.Stride + v];
                    sum += x * filters[((o * inPerGroup + c) * spec.Size + u) * spec.Size + v];
                }
        return spec.Relu ? Math.Max(sum, 0) : sum;
    }
}
