namespace SiamIlgpu.Tests.Reference;

/// <summary>Max pooling and its gradient: each window by itself, its first maximum row by row. All arrays planar.</summary>
internal static class MaxPoolReference
{
    internal static double[] Forward(in MaxPoolSpec spec, double[] input)
    {
        var output = new double[spec.Output.Count];
        for (int index = 0; index < output.Length; index++)
            output[index] = input[FirstMaximum(spec, input, index)];
        return output;
    }

    /// <summary>dL/dx.</summary>
    internal static double[] Gradient(in MaxPoolSpec spec, double[] input, double[] outputGradient)
    {
        var gradient = new double[spec.Input.Count];
        for (int index = 0; index < outputGradient.Length; index++)
            gradient[FirstMaximum(spec, input, index)] += outputGradient[index];
        return gradient;
    }

    private static int FirstMaximum(in MaxPoolSpec spec, double[] input, int outputIndex)
    {
        (int plane, int place) = Math.DivRem(outputIndex, spec.OutHeight * spec.OutWidth);
        (int i, int j) = Math.DivRem(place, spec.OutWidth);
        int best = -1;
        for (int u = 0; u < spec.Size; u++)
            for (int v = 0; v < spec.Size; v++)
            {
                int at = (plane * spec.Height + i * spec.Stride + u) * spec.Width + j * spec.Stride + v;
                if (best < 0 || input[at] > input[best])
                    best = at;
            }
        return best;
    }
}
