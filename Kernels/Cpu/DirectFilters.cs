using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Filters as the direct convolution reads them, in order: [output block][input block][ky][kx][c][lane].</summary>
internal sealed unsafe class DirectFilters : IPackedFilters<DirectFilters>, IParallelWork
{
    private readonly CpuDevice device;
    private readonly ConvolutionSpec spec;
    private readonly CpuBuffer packed;
    private float* filters;

    private DirectFilters(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters)
    {
        this.device = device;
        this.spec = spec;
        Input = DirectInput.Of(spec, device);
        Blocks = OutputBlock.Cut(spec.OutChannels, Input.Groups, Input.Blocks * StepsOfABlock);
        packed = new CpuBuffer(device, (long)Input.Blocks * StepsOfABlock * spec.OutChannels.RoundUp(Block.Lanes));
        Repack(filters);
    }

    /// <summary>How the input lies.</summary>
    internal DirectInput Input { get; }

    /// <summary>Products of one block of input channels.</summary>
    internal int StepsOfABlock => spec.Size * spec.Size * Input.Pixel;

    /// <summary>The output channels, as tiles compute them together.</summary>
    internal OutputBlock[] Blocks { get; }

    internal float* Pointer => packed.Pointer;

    public static DirectFilters Pack(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters) => new(device, spec, filters);

    public void Repack(ReadOnlySpan<float> filters)
    {
        fixed (float* pinned = filters)
        {
            this.filters = pinned;
            device.Workers.Run(this, Blocks.Length);
            this.filters = null;
        }
    }

    /// <summary>Packs one output block, from OIHW. Lanes of no channel, and weights between two groups, stay zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task, int worker)
    {
        OutputBlock block = Blocks[task];
        int pixel = Input.Pixel;
        int area = spec.Size * spec.Size;
        int inPerFilter = spec.InChannels / spec.Groups;
        int outPerGroup = spec.OutChannels / spec.Groups;
        int lanes = Math.Min(block.Lanes, spec.OutChannels - block.FirstChannel);
        for (int lane = 0; lane < lanes; lane++)
        {
            int o = block.FirstChannel + lane;
            // The first channel of this filter, counted from the first channel that the tile reads.
            int firstChannel = o / outPerGroup * inPerFilter - block.Group * (spec.InChannels / Input.Groups);
            float* from = filters + (nint)o * inPerFilter * area;
            for (int c = 0; c < inPerFilter; c++)
            {
                (int inBlock, int inLane) = Math.DivRem(firstChannel + c, pixel);
                float* to = packed.Pointer + block.Weights + ((nint)inBlock * area * pixel + inLane) * block.Lanes + lane;
                for (int tap = 0; tap < area; tap++, to += pixel * block.Lanes)
                    *to = *from++;
            }
        }
    }

    public void Dispose() => packed.Dispose();
}

/// <summary>The order in which the direct kernels read the input of a convolution.</summary>
/// <param name="Pixel">Channels that lie side by side in one pixel.</param>
/// <param name="Groups">
/// Number of groups. Groups that do not end at the end of a block are computed as one group, with filters that are zero outside their own
/// group.
/// </param>
/// <param name="Blocks">Blocks of channels of a group.</param>
internal readonly record struct DirectInput(int Pixel, int Groups, int Blocks)
{
    internal static DirectInput Of(in ConvolutionSpec spec, ComputeDevice device)
    {
        TensorLayout layout = spec.InputLayout(device);
        int pixel = layout == TensorLayout.Interleaved ? spec.InChannels : Block.Lanes;
        bool splits = layout == TensorLayout.Blocked16
            && spec.InChannels / spec.Groups % Block.Lanes == 0
            && spec.OutChannels / spec.Groups % Block.Lanes == 0;
        int groups = splits ? spec.Groups : 1;
        return new DirectInput(pixel, groups, (spec.InChannels / groups).DivideUp(pixel));
    }
}

/// <summary>Output channels that one tile computes together.</summary>
/// <param name="FirstChannel">The first of these channels.</param>
/// <param name="Lanes">Number of these channels.</param>
/// <param name="Group">The group whose input they read.</param>
/// <param name="Weights">Where their packed weights begin.</param>
internal readonly record struct OutputBlock(int FirstChannel, int Lanes, int Group, long Weights)
{
    /// <summary>Cuts the channels of each group into blocks. Channels that do not fill a tile go to narrower tiles.</summary>
    internal static OutputBlock[] Cut(int channels, int groups, int steps)
    {
        int perGroup = (channels / groups).RoundUp(Block.Lanes);
        var blocks = new List<OutputBlock>();
        for (int first = 0; first < groups * perGroup;)
        {
            int left = perGroup - first % perGroup;
            int lanes = ConvolutionTiles.LanesOf(left);
            blocks.Add(new OutputBlock(first, lanes, first / perGroup, (long)first * steps));
            first += lanes;
        }
        return [.. blocks];
    }
}
