namespace SiamIlgpu.Tests.Reference;

/// <summary>The cross-correlation as its definition reads, in double. All arrays planar.</summary>
internal static class CrossCorrelationReference
{
    internal static double[] Responses(in CrossCorrelationSpec spec, double[] template, double[] search)
    {
        int t = spec.TemplateSize, s = spec.SearchSize, r = spec.ResponseSize;
        var responses = new double[spec.Batch * r * r];
        for (int n = 0; n < spec.Batch; n++)
            for (int i = 0; i < r; i++)
                for (int j = 0; j < r; j++)
                {
                    double sum = 0;
                    for (int c = 0; c < spec.Channels; c++)
                        for (int u = 0; u < t; u++)
                            for (int v = 0; v < t; v++)
                                sum += template[(c * t + u) * t + v] * search[((n * spec.Channels + c) * s + i + u) * s + j + v];
                    responses[(n * r + i) * r + j] = spec.Gain * sum + spec.Bias;
                }
        return responses;
    }
}
