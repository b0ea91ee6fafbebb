using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The batch normalisations in training that every device must get right, with their data.</summary>
internal static class BatchNormTrainingCases
{
    internal static IEnumerable<BatchNormSpec> All
    {
        get
        {
            foreach (int width in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new BatchNormSpec(3, 16, 3, width, Relu: true);
            foreach (int channels in (int[])[2, 7, 8, 9, 15, 17, 57])
                yield return new BatchNormSpec(2, channels, 5, 6, Relu: channels % 2 == 0);
            foreach (int size in (int[])[3, 17, 33])
                yield return new BatchNormSpec(8, 1, size, size, Relu: false);
            yield return new BatchNormSpec(2, 1, 5, 7, Relu: true, Epsilon: 0.1f);
            yield return new BatchNormSpec(1, 20, 4, 4, Relu: false, Epsilon: 0.1f);
            yield return new BatchNormSpec(2, 20, 70, 61, Relu: true);
            yield return new BatchNormSpec(1, 24, 123, 123, Relu: true);
        }
    }

    /// <summary>Channels of different means and spreads, some far from zero.</summary>
    internal static float[] Input(in BatchNormSpec spec)
    {
        float[] values = TestValues.Uniform(spec.Features.Count, seed: 11);
        for (int i = 0; i < values.Length; i++)
        {
            int channel = spec.Features.Position(i).C;
            values[i] = (values[i] + channel % 5 * 3 - 4) * (1 + channel % 3);
        }
        return values;
    }

    internal static float[] Gain(in BatchNormSpec spec) => TestValues.Uniform(spec.Channels, seed: 12);

    internal static float[] Offset(in BatchNormSpec spec) => TestValues.Uniform(spec.Channels, seed: 13);

    internal static float[] OutputGradient(in BatchNormSpec spec) => TestValues.Uniform(spec.Features.Count, seed: 14);
}
