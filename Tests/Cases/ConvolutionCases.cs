using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A convolution with its data.</summary>
internal sealed class ConvolutionCase(string name, ConvolutionSpec spec) : OperationCase("Convolution", name)
{
    internal ConvolutionSpec Spec => spec;

    internal override double Flops => spec.Flops;

    internal override long Bytes => spec.Bytes;

    internal override bool IsSmall => spec.Flops < 150_000;

    internal override Action Prepare(CaseTensors on) => Prepare(on, on.Own(on.Device.Load(spec.Filters, Filters(), Bias())));

    /// <summary>Prepares with filters that are the caller's.</summary>
    internal Action Prepare(CaseTensors on, ConvolutionFilters filters)
    {
        Convolution operation = on.Own(on.Device.Prepare(spec, filters));
        TensorView input = on.Input(Input(), spec.Input, spec.InputLayout(on.Device)), output = on.Output(spec.Output);
        return () => operation.Forward(input, output);
    }

    // The longest sums have 2304 terms; without fused multiply-adds they lose up to 2e-6.
    internal override IReadOnlyList<Expected> Reference()
    {
        double[] x = Input().Doubles(), w = Filters().Doubles(), b = Bias().Doubles();
        return
        [
            new("output", spec.Output, 5e-6,
                (n, c, i, j) => ConvolutionReference.At(spec, x, w, b, n, c, i, j), spec.Flops / spec.Output.Count)
            {
                TensorCoreTolerance = 5e-4,
            },
        ];
    }

    internal float[] Input() => TestValues.Uniform(spec.Input.Count, seed: 1);

    internal float[] Filters() => TestValues.Uniform(spec.Filters.Count, seed: 2);

    internal float[] Bias() => TestValues.Uniform(spec.OutChannels, seed: 3);

    internal ConvolutionCase Named(string other) => new(other, spec);

    internal ConvolutionCase With(PoolWindow window) =>
        new($"{Name} pooled by {window.Size}x{window.Size} stride {window.Stride}", spec with { Pool = window });
}

/// <summary>The convolutions that every device must get right.</summary>
internal static class ConvolutionCases
{
    internal static IEnumerable<ConvolutionCase> All => [.. Odd, .. Paper];

    /// <summary>Small sizes chosen to break vector code: one off a vector, a tile, a block; groups that split no block.</summary>
    internal static IEnumerable<ConvolutionCase> Odd
    {
        get
        {
            foreach (int width in (int[])[1, 7, 8, 9, 15, 17, 57, 127])
                yield return Of(batch: 2, channels: 16, height: 3, width + 2, outChannels: 32, size: 3);
            foreach (int channels in (int[])[1, 2, 3, 4, 5, 16, 17, 24, 48])
                yield return Of(1, channels, 8, 9, outChannels: 17, size: 3);
            foreach (int outChannels in (int[])[1, 3, 4, 5, 16, 17, 24, 48, 80])
                yield return Of(1, 16, 5, 7, outChannels, size: 2);
            foreach (int size in (int[])[1, 2, 4, 5, 7, 11])
                yield return Of(2, 16, 11, 13, outChannels: 16, size);
            foreach (int stride in (int[])[2, 3, 4, 5])
            {
                yield return Of(1, 3, 17, 19, outChannels: 32, size: 5, stride);
                yield return Of(1, 4, 17, 19, outChannels: 32, size: 5, stride);
                yield return Of(1, 32, 17, 19, outChannels: 48, size: 3, stride);
            }
            yield return Of(3, 32, 9, 9, outChannels: 64, size: 3, groups: 2);
            yield return Of(1, 32, 9, 9, outChannels: 32, size: 3, groups: 2);
            yield return Of(1, 48, 9, 9, outChannels: 144, size: 3, groups: 3);
            yield return Of(1, 48, 7, 7, outChannels: 48, size: 1, groups: 48);
            yield return Of(1, 24, 9, 9, outChannels: 10, size: 3, groups: 2);
            yield return Of(1, 32, 9, 9, outChannels: 6, size: 3, groups: 2);
            yield return Of(1, 10, 9, 9, outChannels: 64, size: 3, groups: 2);
            yield return Of(1, 4, 9, 9, outChannels: 4, size: 3, groups: 2);
            yield return Of(1, 32, 9, 9, outChannels: 32, size: 3, relu: false);
            yield return Of(2, 17, 12, 9, outChannels: 24, size: 2, relu: false).With(new PoolWindow(3, 2));
        }
    }

    /// <summary>Shapes that Winograd's filtering covers with tiles: maps around a multiple of the tile, patches past the edge of an image.</summary>
    internal static IEnumerable<ConvolutionCase> Tiles
    {
        get
        {
            foreach (int size in (int[])[3, 5])
                foreach (int outWidth in (int[])[4, 5, 7, 8, 9, 15, 17, 57])
                    yield return Of(batch: 2, channels: 32, height: size + 5, outWidth + size - 1, outChannels: 48, size);
            foreach (int stride in (int[])[2, 4])
                foreach (int width in (int[])[35, 36, 37, 38, 39, 40, 41, 42, 43])
                    yield return Of(2, 3, height: 78 - width, width, outChannels: 32, size: 11, stride);
            yield return Of(1, 3, 11, 13, outChannels: 16, size: 3);
            yield return Of(1, 1, 17, 19, outChannels: 16, size: 5);
            yield return Of(1, 4, 19, 21, outChannels: 32, size: 6, stride: 2);
            yield return Of(3, 32, 9, 9, outChannels: 32, size: 3, groups: 2);
            yield return Of(1, 48, 9, 9, outChannels: 144, size: 3, groups: 3, relu: false);
            yield return Of(1, 96, 30, 30, outChannels: 160, size: 3, groups: 2);
            yield return Of(1, 256, 6, 6, outChannels: 256, size: 3);
            // Bands of one row of tiles and more, windows that reach over their edges by one row or by all, rows left over.
            foreach (PoolWindow window in (PoolWindow[])[new(3, 2), new(3, 1), new(2, 2), new(3, 3), new(5, 1), new(6, 2)])
            {
                foreach (int outHeight in (int[])[6, 8, 9, 13, 41])
                    yield return Of(2, 32, outHeight + 2, 23, outChannels: 32, size: 3).With(window);
                yield return Of(3, 32, 61, 19, outChannels: 96, size: 5, groups: 2).With(window);
                yield return Of(1, 3, 77, 45, outChannels: 48, size: 11, stride: 2, relu: false).With(window);
            }
        }
    }

    /// <summary>The papers' layers, for one search crop and for one exemplar crop.</summary>
    internal static IEnumerable<ConvolutionCase> Paper =>
        PaperNetworks.Names.SelectMany(network => PaperNetworks.Convolutions(network, batch: 1, crop: 255))
            .Concat(PaperNetworks.Names.SelectMany(network => PaperNetworks.PooledConvolutions(network, batch: 1, crop: 255)))
            .Concat(PaperNetworks.Convolutions("siamfc", batch: 1, crop: 127).Select(c => c.Named(c.Name + " exemplar")))
            .DistinctBy(c => c.Spec);

    private static ConvolutionCase Of(
        int batch, int channels, int height, int width, int outChannels, int size, int stride = 1, int groups = 1, bool relu = true)
    {
        string name = $"{batch}x{channels}x{height}x{width} to {outChannels} by {size}x{size} stride {stride} groups {groups}"
            + (relu ? " relu" : "");
        return new(name, new ConvolutionSpec(batch, channels, height, width, outChannels, size, stride, groups, relu));
    }
}
