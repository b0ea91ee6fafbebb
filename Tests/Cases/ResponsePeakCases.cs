using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>Responses in which a peak is searched: noise with a bump, another bump at each scale.</summary>
internal sealed record ResponsePeakCase(string Name, ResponsePeakSpec Spec)
{
    internal float[] Responses()
    {
        int r = Spec.ResponseSize;
        float[] responses = TestValues.Uniform(Spec.Responses.Count, seed: r + Spec.Scales);
        for (int i = 0; i < responses.Length; i++)
        {
            (int scale, _, int y, int x) = Spec.Responses.Position(i);
            double dy = (y - r * 0.3) / (r * 0.2), dx = (x - r * 0.6) / (r * 0.2);
            responses[i] = (float)(0.2 * responses[i] + (2 + 0.1 * scale) * Math.Exp(-dx * dx - dy * dy) - 1);
        }
        return responses;
    }

    public override string ToString() => Name;
}

/// <summary>The searches that every device must get right.</summary>
internal static class ResponsePeakCases
{
    internal static IEnumerable<ResponsePeakCase> All
    {
        get
        {
            yield return Of("SiamFC-3s", 3, 17, 16, 0.9745f, 0.176f);
            yield return Of("SiamFC-5s", 5, 17, 16, 0.962f, 0.168f);
            yield return Of("Baseline-conv5", 3, 33, 8, 0.9825f, 0.175f);
            yield return Of("CFNet-conv2", 3, 33, 8, 0.9780f, 0.2625f);
            foreach (int size in (int[])[2, 3, 7, 8, 9, 15, 57])
            {
                yield return Of($"{size} by 3", 3, size, 3, 0.97f, 0.2f);
                yield return Of($"{size} by 2, one scale", 1, size, 2, 0.5f, 0.9f);
            }
            yield return Of("127 as it is", 3, 127, 1, 0.9f, 0);
            yield return Of("1 by 5", 1, 1, 5, 1, 0.3f);
            yield return Of("window only", 3, 9, 4, 1, 1);
        }
    }

    private static ResponsePeakCase Of(string name, int scales, int size, int upsampling, float penalty, float influence) =>
        new(name, new ResponsePeakSpec(scales, size, upsampling, penalty, influence));
}
