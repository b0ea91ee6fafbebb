using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A max pooling with its data.</summary>
internal sealed class MaxPoolCase(MaxPoolSpec spec, string? name = null) : OperationCase("MaxPool", name ?? NameOf(spec))
{
    internal MaxPoolSpec Spec => spec;

    internal override long Bytes => spec.Bytes;

    internal override bool IsSmall => spec.Input.Count < 50_000;

    private float[] Input => TestValues.Uniform(spec.Input.Count, seed: 1);

    internal override Action Prepare(CaseTensors on)
    {
        MaxPool operation = on.Own(on.Device.Prepare(spec));
        TensorView input = on.Input(Input, spec.Input), output = on.Output(spec.Output);
        return () => operation.Forward(input, output);
    }

    internal override IReadOnlyList<Expected> Reference() =>
        [new("output", spec.Output, 0, MaxPoolReference.Forward(spec, Input.Doubles()))];

    internal static string NameOf(in MaxPoolSpec spec) => $"{spec.Input} by {spec.Size}x{spec.Size} stride {spec.Stride}";
}

/// <summary>The poolings that every device must get right.</summary>
internal static class MaxPoolCases
{
    internal static IEnumerable<MaxPoolCase> All => [.. Odd.Select(spec => new MaxPoolCase(spec)), .. Paper];

    /// <summary>Small sizes chosen to break vector code.</summary>
    internal static IEnumerable<MaxPoolSpec> Odd
    {
        get
        {
            foreach (int width in (int[])[3, 7, 8, 9, 15, 17, 57, 127])
            {
                yield return new MaxPoolSpec(2, 16, 5, width, Size: 3, Stride: 1);
                yield return new MaxPoolSpec(2, 16, 5, width, Size: 3, Stride: 2);
            }
            foreach (int channels in (int[])[1, 3, 4, 5, 16, 17, 24, 48])
                yield return new MaxPoolSpec(1, channels, 7, 9, Size: 3, Stride: 2);
            yield return new MaxPoolSpec(1, 16, 1, 1, Size: 1, Stride: 1);
            yield return new MaxPoolSpec(1, 17, 9, 7, Size: 2, Stride: 2);
            yield return new MaxPoolSpec(1, 17, 9, 7, Size: 2, Stride: 3);
            yield return new MaxPoolSpec(1, 17, 9, 7, Size: 3, Stride: 3);
            yield return new MaxPoolSpec(1, 17, 9, 7, Size: 5, Stride: 1);
        }
    }

    /// <summary>The papers' poolings, for one search crop.</summary>
    private static IEnumerable<MaxPoolCase> Paper =>
        PaperNetworks.Names.SelectMany(network => PaperNetworks.MaxPools(network, batch: 1, crop: 255)).DistinctBy(c => c.Spec);
}
