using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The operations of the papers' branches, with their sizes for a batch of crops.</summary>
internal static class PaperNetworks
{
    /// <summary>SiamFC's branch, and CFNet's cut after its first, second, third and fifth convolution.</summary>
    internal static readonly string[] Names = ["siamfc", "cfnet-conv1", "cfnet-conv2", "cfnet-conv3", "cfnet-conv5"];

    internal static IEnumerable<ConvolutionCase> Convolutions(string network, int batch, int crop) =>
        Chain(network, batch, crop).OfType<ConvolutionCase>();

    internal static IEnumerable<MaxPoolCase> MaxPools(string network, int batch, int crop) =>
        Chain(network, batch, crop).OfType<MaxPoolCase>();

    private static List<object> Chain(string network, int batch, int crop)
    {
        var chain = new List<object>();
        int channels = 3;
        int side = crop;

        void Convolution(int outChannels, int size, int stride = 1, int groups = 1, bool relu = true)
        {
            var spec = new ConvolutionSpec(batch, channels, side, side, outChannels, size, stride, groups, relu);
            chain.Add(new ConvolutionCase($"{network} conv{chain.OfType<ConvolutionCase>().Count() + 1}", spec));
            (channels, side) = (outChannels, spec.OutWidth);
        }

        void MaxPool(int stride)
        {
            var spec = new MaxPoolSpec(batch, channels, side, side, 3, stride);
            chain.Add(new MaxPoolCase($"{network} pool{chain.OfType<MaxPoolCase>().Count() + 1}", spec));
            side = spec.OutWidth;
        }

        if (network == "cfnet-conv1")
        {
            Convolution(32, 11, stride: 4);
            return chain;
        }
        Convolution(96, 11, stride: 2);
        MaxPool(2);
        if (network == "cfnet-conv2")
        {
            Convolution(32, 5, groups: 2);
            return chain;
        }
        Convolution(256, 5, groups: 2);
        MaxPool(network == "siamfc" ? 2 : 1);
        if (network == "cfnet-conv3")
        {
            Convolution(32, 3);
            return chain;
        }
        Convolution(384, 3);
        Convolution(384, 3, groups: 2);
        Convolution(network == "siamfc" ? 256 : 32, 3, groups: 2, relu: false);
        return chain;
    }
}
