using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The search for a peak in noise with a bump, another bump at each scale.</summary>
internal sealed class ResponsePeakCase(string name, ResponsePeakSpec spec) : OperationCase("ResponsePeak", name)
{
    private readonly Lazy<(PeakResult Result, double[,] Mixed)> reference =
        new(() => ResponsePeakReference.Search(spec, ResponsesOf(spec)));

    internal override long Bytes => sizeof(float) * (spec.Responses.Count + (long)spec.Scales * spec.MapSize * spec.MapSize);

    internal override bool MeetsHost => true;

    internal override bool IsSmall => spec.MapSize < 70;

    internal override Action Prepare(CaseTensors on)
    {
        ResponsePeak operation = on.Own(on.Device.Prepare(spec));
        TensorView responses = on.Input(ResponsesOf(spec), spec.Responses, TensorLayout.Planar);
        PeakResult result = default;
        on.Result(() => result.Scale);
        on.Result(() => result.Response);
        on.Result(() => result.PeakToSidelobe);
        // Where the peak is flat, rounding decides; so the place may differ, but not the height.
        on.Result(() =>
        {
            (PeakResult expected, double[,] mixed) = reference.Value;
            return (float)(mixed[result.Row, result.Column] / mixed[expected.Row, expected.Column] - 1);
        });
        return () =>
        {
            operation.Forward(responses);
            result = operation.Read();
        };
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        PeakResult expected = reference.Value.Result;
        var one = new TensorShape(1, 1, 1, 1);
        return
        [
            new("scale", one, 0, [expected.Scale]),
            new("response", one, 1e-5, [expected.Response]) { Scale = _ => 1 },
            new("peak to sidelobe", one, 1e-6, [expected.PeakToSidelobe]),
            new("height of the place", one, 1e-7, [0]),
        ];
    }

    internal static float[] ResponsesOf(in ResponsePeakSpec spec)
    {
        int r = spec.ResponseSize;
        float[] responses = TestValues.Uniform(spec.Responses.Count, seed: r + spec.Scales);
        for (int i = 0; i < responses.Length; i++)
        {
            (int scale, _, int y, int x) = spec.Responses.Position(i);
            double dy = (y - r * 0.3) / (r * 0.2), dx = (x - r * 0.6) / (r * 0.2);
            responses[i] = (float)(0.2 * responses[i] + (2 + 0.1 * scale) * Math.Exp(-dx * dx - dy * dy) - 1);
        }
        return responses;
    }
}

/// <summary>The searches that every device must get right.</summary>
internal static class ResponsePeakCases
{
    internal static IEnumerable<ResponsePeakCase> All
    {
        get
        {
            yield return Of("SiamFC-3s peak", 3, 17, 16, 0.9745f, 0.176f);
            yield return Of("SiamFC-5s peak", 5, 17, 16, 0.962f, 0.168f);
            yield return Of("Baseline-conv5 peak", 3, 33, 8, 0.9825f, 0.175f);
            yield return Of("CFNet-conv2 peak", 3, 33, 8, 0.9780f, 0.2625f);
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
