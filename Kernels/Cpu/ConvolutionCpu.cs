namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Chooses how the processor computes a convolution.</summary>
internal static class ConvolutionCpu
{
    internal static Convolution Create(CpuDevice device, ConvolutionSpec spec, CpuFilters filters)
    {
        bool possible = device.Convolution != ConvolutionAlgorithm.Direct && WinogradInput.Exists(spec, device);
        return (possible ? WinogradInput.TapsOf(spec) : 0) switch
        {
            3 when Pays<F4x3>(device, spec) => new WinogradConvolutionCpu<F4x3>(filters, spec),
            5 when Pays<F4x5>(device, spec) => new WinogradConvolutionCpu<F4x5>(filters, spec),
            6 when Pays<F3x6>(device, spec) => new WinogradConvolutionCpu<F3x6>(filters, spec),
            _ when spec.Pool is not null => new ConvolutionThenPool(filters, spec),
            _ => new DirectConvolutionCpu(filters, spec),
        };
    }

    // Compares both algorithms in multiply-adds. Measured on one core, the transforms of input and output cost about ten for each point
    // and channel, and fetching a transformed filter value from the outer caches costs fifty; the direct convolution hides its fetches.
    // So the direct algorithm is faster for maps of few tiles, as in the last layers of an exemplar.
    private static bool Pays<TTransform>(CpuDevice device, in ConvolutionSpec spec)
        where TTransform : struct, IWinogradTransform
    {
        const long PerTransformed = 10;
        const long PerFilterValue = 50;
        int outputs = TTransform.Outputs;
        if (spec.MapHeight < outputs || spec.MapWidth < outputs)
            return false;
        if (spec.Pool is { } window && !WinogradConvolutionCpu<TTransform>.CanPool(window))
            return false;
        if (device.Convolution == ConvolutionAlgorithm.Winograd)
            return true;
        WinogradInput input = WinogradInput.Of(spec, device);
        long points = (outputs + TTransform.Taps - 1) * (outputs + TTransform.Taps - 1);
        long images = spec.Batch / spec.Sets;
        long tiles = images * spec.MapHeight.DivideUp(outputs) * spec.MapWidth.DivideUp(outputs);
        int outChannels = spec.OutChannels.RoundUp(Block.Lanes);
        long filterValues = (long)input.Depth * outChannels;
        long channels = input.Groups * input.Blocks * input.Lanes + outChannels;
        return points * (filterValues * (tiles + PerFilterValue) + PerTransformed * tiles * channels) < spec.Flops / 2 / spec.Sets;
    }
}
