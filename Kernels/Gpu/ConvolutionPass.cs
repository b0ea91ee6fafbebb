namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The launches of a convolution whose filters are packed already.</summary>
internal sealed class ConvolutionPass : IDisposable
{
    private readonly PackedFilters filters;
    private readonly GpuBuffer offsets;
    private readonly GpuKernel kernel;
    private readonly GridSize groups;
    private readonly ConvolutionArguments arguments;

    // For sums in several parts: the memory of the parts, and the kernel that adds them up and then adds the bias.
    private readonly GpuBuffer? parts, noBias;
    private readonly GpuKernel? sumParts;
    private readonly ConvolutionPartsArguments partsArguments;

    /// <summary>Prepares a convolution of images, interleaved, or of features.</summary>
    internal ConvolutionPass(GpuDevice device, in ConvolutionSpec spec, bool image, PackedFilters filters)
    {
        this.filters = filters;
        ConvolutionSchedule schedule = ConvolutionSchedule.For(device, spec, filters.Layout);
        kernel = device.Load($"Convolution.{(image ? "Image" : "Features")}.{schedule.Tile}");
        groups = schedule.Groups;
        offsets = device.Store<int>(Offsets(spec, image, filters.Layout));
        arguments = Arguments(device, spec, image, filters.Layout) with
        {
            StepsPerPart = filters.Layout.Steps.DivideUp(schedule.Parts),
            Least = spec.Relu && schedule.Parts == 1 ? 0 : float.NegativeInfinity,
            PartLength = checked((int)spec.Output.Length(device.FeatureLayout)),
        };
        if (schedule.Parts == 1)
            return;
        noBias = device.Store<float>(new float[filters.Bias.Length]);
        parts = new GpuBuffer(device, schedule.Parts * (long)arguments.PartLength);
        sumParts = device.Load("Convolution.SumParts");
        partsArguments = new ConvolutionPartsArguments
        {
            Parts = schedule.Parts,
            Quads = arguments.PartLength / 4,
            MapArea = arguments.MapArea,
            OutBlocks = arguments.OutBlocks,
            Groups = filters.Layout.Groups,
            GroupChannels = arguments.GroupChannels,
            GroupPitch = arguments.GroupPitch,
            Least = spec.Relu ? 0 : float.NegativeInfinity,
        };
    }

    /// <summary>The arguments that the kernels of a convolution and of its filters' gradient have in common.</summary>
    internal static ConvolutionArguments Arguments(GpuDevice device, in ConvolutionSpec spec, bool image, in FilterLayout filters)
    {
        // Positions in the input are counted in floats for images, in groups of four floats for features.
        int pixel = image ? spec.InChannels : 4;
        long imageStep = spec.Input.ImageLength(image ? TensorLayout.Interleaved : device.FeatureLayout) / (image ? 1 : 4);
        return new ConvolutionArguments
        {
            Pixels = checked(spec.Batch * spec.MapHeight * spec.MapWidth),
            MapArea = spec.MapHeight * spec.MapWidth,
            MapWidth = spec.MapWidth,
            ImageStep = checked((int)imageStep),
            GroupStep = image ? 0 : checked((int)(imageStep / filters.Groups)),
            RowStep = spec.Stride * spec.Width * pixel,
            ColumnStep = spec.Stride * pixel,
            GroupChannels = filters.GroupChannels,
            GroupPitch = filters.GroupPitch,
            GroupLanes = filters.GroupLanes,
            OutBlocks = spec.Output.Blocks,
            Steps = filters.Steps,
        };
    }

    /// <summary>The offsets of a window's products from its start: one for each step of features, one for each product of images.</summary>
    internal static int[] Offsets(in ConvolutionSpec spec, bool image, in FilterLayout filters)
    {
        int area = spec.Size * spec.Size;
        var places = new int[image ? filters.Steps * Block.Lanes : filters.Steps];
        for (int i = 0; i < places.Length; i++)
        {
            if (image)
            {
                // The last step's spare products have filters of zero and read the window's first value.
                (int place, int c) = Math.DivRem(i, spec.InChannels);
                places[i] = place < area ? (place / spec.Size * spec.Width + place % spec.Size) * spec.InChannels + c : 0;
            }
            else
            {
                (int block, int place) = Math.DivRem(i, area);
                places[i] = ((block * spec.Height + place / spec.Size) * spec.Width + place % spec.Size) * 4;
            }
        }
        return places;
    }

    internal void Run(GpuView input, GpuView output)
    {
        kernel.Launch(groups, [input, filters.Filters.All, (noBias ?? filters.Bias).All, offsets.All, parts?.All ?? output], arguments);
        sumParts?.LaunchOver(partsArguments.Quads, [parts!.All, filters.Bias.All, output], partsArguments);
    }

    public void Dispose()
    {
        offsets.Dispose();
        parts?.Dispose();
        noBias?.Dispose();
    }
}
