namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The gradients of a convolution's filters and biases: a launch for parts of the sums over all pixels, and a launch that adds the parts.
/// See ConvolutionBackwardKernels.
/// </summary>
internal sealed class FilterGradientGpu : IDisposable
{
    private readonly GpuKernel filters, bias, sumParts;
    private readonly GpuBuffer offsets, parts, biasParts;
    private readonly GridSize filterGroups, biasGroups;
    private readonly FilterGradientArguments filterArguments;
    private readonly BiasGradientArguments biasArguments;
    private readonly GradientPartsArguments partsArguments;

    internal FilterGradientGpu(GpuDevice device, in ConvolutionSpec spec)
    {
        bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
        FilterLayout layout = FilterLayout.Of(spec, image, flipped: false, pitch: Block.Lanes);
        ConvolutionArguments convolution = ConvolutionPass.Arguments(device, spec, image, layout) with { PartLength = layout.Length };
        int steps = (convolution.Pixels - 1) / ConvolutionArguments.Depth + 1;
        ConvolutionSchedule schedule = ConvolutionSchedule.ForFilterGradient(device, layout, steps);
        filters = device.Load($"ConvolutionBackward.{(image ? "Image" : "Features")}.{schedule.Tile}");
        filterGroups = schedule.Groups;
        offsets = device.Store<int>(ConvolutionPass.Offsets(spec, image, layout));
        parts = new GpuBuffer(device, checked(schedule.Parts * layout.Length));
        filterArguments = new FilterGradientArguments
        {
            Convolution = convolution,
            Steps = steps,
            StepsPerPart = (steps - 1) / schedule.Parts + 1,
        };

        bias = device.Load("ConvolutionBackward.Bias");
        biasGroups = new GridSize((convolution.Pixels - 1) / BiasGradientArguments.PixelsPerPart + 1, convolution.OutBlocks);
        int biasLanes = convolution.OutBlocks * Block.Lanes;
        biasParts = new GpuBuffer(device, biasGroups.X * biasLanes);
        biasArguments = new BiasGradientArguments
        {
            Pixels = convolution.Pixels,
            MapArea = convolution.MapArea,
            OutBlocks = convolution.OutBlocks,
        };

        sumParts = device.Load("ConvolutionBackward.SumParts");
        partsArguments = new GradientPartsArguments
        {
            Order = layout.Order,
            Parts = schedule.Parts,
            PartLength = layout.Length,
            BiasParts = biasGroups.X,
            BiasPartLength = biasLanes,
        };
    }

    internal void Compute(GpuView input, GpuView outputGradient, GpuView filterGradient, GpuView biasGradient, GradientWrite write)
    {
        filters.Launch(filterGroups, [input, outputGradient, offsets.All, parts.All], filterArguments);
        bias.Launch(biasGroups, [outputGradient, biasParts.All], biasArguments);
        GradientPartsArguments sums = partsArguments with { Accumulate = write == GradientWrite.Accumulate ? 1 : 0 };
        sumParts.LaunchOver(sums.Order.Values, [parts.All, biasParts.All, filterGradient, biasGradient], sums);
    }

    public void Dispose()
    {
        offsets.Dispose();
        parts.Dispose();
        biasParts.Dispose();
    }
}
