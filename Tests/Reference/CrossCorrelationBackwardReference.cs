namespace SiamIlgpu.Tests.Reference;

/// <summary>The gradients of the cross-correlation as the definition reads, in double. All arrays planar.</summary>
internal static class CrossCorrelationBackwardReference
{
    /// <summary>dL/dz and dL/dx: each product of the forward pass hands the response's gradient to both of its factors.</summary>
    internal static (double[] Template, double[] Search) Gradients(
        in CrossCorrelationSpec spec, double[] template, double[] search, double[] responseGradient)
    {
        int t = spec.TemplateSize, s = spec.SearchSize, r = spec.ResponseSize;
        var templateGradient = new double[template.Length];
        var searchGradient = new double[search.Length];
        for (int n = 0; n < spec.Batch; n++)
            for (int c = 0; c < spec.Channels; c++)
                for (int i = 0; i < r; i++)
                    for (int j = 0; j < r; j++)
                    {
                        double d = responseGradient[(n * r + i) * r + j];
                        for (int u = 0; u < t; u++)
                            for (int v = 0; v < t; v++)
                            {
                                int z = (c * t + u) * t + v;
                                int x = ((n * spec.Channels + c) * s + i + u) * s + j + v;
                                templateGradient[z] += d * search[x];
                                searchGradient[x] += d * template[z];
                            }
                    }
        return (templateGradient, searchGradient);
    }
}
