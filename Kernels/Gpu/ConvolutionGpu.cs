using SiamIlgpu.Kernels.Gpu.Source;

namespace SiamIlgpu.Kernels.Gpu;

internal sealed class ConvolutionGpu : Convolution
{
    private readonly PackedFilters filters;
    private readonly GpuBuffer offsets;
    private readonly GpuKernel kernel;
    private readonly GridSize groups;
    private readonly ConvolutionArguments arguments;

    // Sums in several parts: where they go, and what adds them up; the bias comes then.
    private readonly GpuBuffer? parts, noBias;
    private readonly GpuKernel? sumParts;
    private readonly ConvolutionPartsArguments partsArguments;

    internal ConvolutionGpu(GpuDevice device, ConvolutionSpec spec, GpuFilters filters)
        : base(filters, spec)
    {
        this.filters = filters.For(spec);
        bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
        ConvolutionSchedule schedule = ConvolutionSchedule.For(device, spec, this.filters);
        kernel = device.Load($"Convolution.{(image ? "Image" : "Features")}.{schedule.Tile}", schedule.TensorCores);
        groups = schedule.Groups;
        offsets = device.Store<int>(Offsets(spec, image, this.filters));

        // Positions in the input count in floats of an image, in groups of four floats of features.
        int pixel = image ? spec.InChannels : 4;
        long imageStep = spec.Input.ImageLength(spec.InputLayout(device)) / (image ? 1 : 4);
        arguments = new ConvolutionArguments
        {
            Pixels = checked(spec.Batch * spec.MapHeight * spec.MapWidth),
            MapArea = spec.MapHeight * spec.MapWidth,
            MapWidth = spec.MapWidth,
            ImageStep = checked((int)imageStep),
            GroupStep = image ? 0 : checked((int)(imageStep / this.filters.Groups)),
            RowStep = spec.Stride * spec.Width * pixel,
            ColumnStep = spec.Stride * pixel,
            GroupChannels = this.filters.GroupChannels,
            GroupPitch = this.filters.GroupPitch,
            GroupLanes = this.filters.GroupLanes,
            OutBlocks = (spec.OutChannels + 15) / 16,
            Steps = this.filters.Steps,
            StepsPerPart = (this.filters.Steps + schedule.Parts - 1) / schedule.Parts,
            Least = spec.Relu && schedule.Parts == 1 ? 0 : float.NegativeInfinity,
            PartLength = checked((int)spec.Output.Length(device.FeatureLayout)),
        };
        if (schedule.Parts == 1)
            return;
        noBias = device.Store<float>(new float[this.filters.Bias.Length]);
        parts = new GpuBuffer(device, schedule.Parts * (long)arguments.PartLength);
        sumParts = device.Load("Convolution.SumParts");
        partsArguments = new ConvolutionPartsArguments
        {
            Parts = schedule.Parts,
            Quads = arguments.PartLength / 4,
            MapArea = arguments.MapArea,
            OutBlocks = arguments.OutBlocks,
            Groups = this.filters.Groups,
            GroupChannels = arguments.GroupChannels,
            GroupPitch = arguments.GroupPitch,
            Least = spec.Relu ? 0 : float.NegativeInfinity,
        };
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        GpuView to = output.OnGpu();
        kernel.Launch(groups, [input.OnGpu(), filters.Filters.All, (noBias ?? filters.Bias).All, offsets.All, parts?.All ?? to], arguments);
        sumParts?.LaunchOver(partsArguments.Quads, [parts!.All, filters.Bias.All, to], partsArguments);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        offsets.Dispose();
        parts?.Dispose();
        noBias?.Dispose();
    }

    /// <summary>Where each product of a window lies from its start: of features one number a step, of images one a product.</summary>
    private static int[] Offsets(in ConvolutionSpec spec, bool image, PackedFilters filters)
    {
        int area = spec.Size * spec.Size;
        var places = new int[image ? filters.Steps * 16 : filters.Steps];
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
}
