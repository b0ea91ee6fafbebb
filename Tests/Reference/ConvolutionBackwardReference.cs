namespace SiamIlgpu.Tests.Reference;

/// <summary>The gradients of a convolution as its definition reads: one element at a time, in double. All arrays planar.</summary>
internal static class ConvolutionBackwardReference
{
    /// <summary>dL/dx[n,c,a,b]: every output that saw this input, times the weight through which it did.</summary>
    internal static double Input(in ConvolutionSpec spec, double[] filters, double[] outputGradient, int n, int c, int a, int b)
    {
        int inPerGroup = spec.InChannels / spec.Groups;
        int outPerGroup = spec.OutChannels / spec.Groups;
        int group = c / inPerGroup;
        double sum = 0;
        for (int o = group * outPerGroup; o < (group + 1) * outPerGroup; o++)
            for (int u = 0; u < spec.Size; u++)
                for (int v = 0; v < spec.Size; v++)
                {
                    // The output i, j with i * stride + u = a, j * stride + v = b, if there is one.
                    (int i, int restOfI) = Math.DivRem(a - u, spec.Stride);
                    (int j, int restOfJ) = Math.DivRem(b - v, spec.Stride);
                    if (restOfI == 0 && restOfJ == 0 && i >= 0 && j >= 0 && i < spec.MapHeight && j < spec.MapWidth)
                    {
                        double w = filters[((o * inPerGroup + c % inPerGroup) * spec.Size + u) * spec.Size + v];
                        sum += w * outputGradient[OutputIndex(spec, n, o, i, j)];
                    }
                }
        return sum;
    }

    /// <summary>dL/dw[o,c,u,v], c counted within the group.</summary>
    internal static double Filter(in ConvolutionSpec spec, double[] input, double[] outputGradient, int o, int c, int u, int v)
    {
        int channel = o / (spec.OutChannels / spec.Groups) * (spec.InChannels / spec.Groups) + c;
        double sum = 0;
        for (int n = 0; n < spec.Batch; n++)
            for (int i = 0; i < spec.MapHeight; i++)
                for (int j = 0; j < spec.MapWidth; j++)
                {
                    int row = (n * spec.InChannels + channel) * spec.Height + i * spec.Stride + u;
                    double x = input[row * spec.Width + j * spec.Stride + v];
                    sum += x * outputGradient[OutputIndex(spec, n, o, i, j)];
                }
        return sum;
    }

    /// <summary>dL/db[o].</summary>
    internal static double Bias(in ConvolutionSpec spec, double[] outputGradient, int o)
    {
        double sum = 0;
        for (int n = 0; n < spec.Batch; n++)
            for (int i = 0; i < spec.MapHeight; i++)
                for (int j = 0; j < spec.MapWidth; j++)
                    sum += outputGradient[OutputIndex(spec, n, o, i, j)];
        return sum;
    }

    private static int OutputIndex(in ConvolutionSpec spec, int n, int o, int i, int j) =>
        ((n * spec.OutChannels + o) * spec.MapHeight + i) * spec.MapWidth + j;
}
