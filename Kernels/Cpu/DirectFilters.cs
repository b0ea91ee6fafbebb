using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Filters as the direct convolution reads them, in order: [output block][input block][ky][kx][c][lane].</summary>
internal sealed unsafe class DirectFilters : IPackedFilters<DirectFilters>, IParallelWork
{
    private readonly ConvolutionSpec spec;
    private readonly CpuBuffer packed;
    private float* filters;

    private DirectFilters(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters)
    {
        this.spec = spec;
        TensorLayout layout = spec.InputLayout(device);
        Pixel = layout == TensorLayout.Interleaved ? spec.InChannels : 16;
        bool splits = layout == TensorLayout.Blocked16 && spec.InChannels / spec.Groups % 16 == 0 && spec.OutChannels / spec.Groups % 16 == 0;
        Groups = splits ? spec.Groups : 1;
        InputBlocks = (spec.InChannels / Groups + Pixel - 1) / Pixel;
        Blocks = OutputBlock.Cut(spec.OutChannels, Groups, InputBlocks * StepsOfABlock);
        packed = new CpuBuffer(device, (long)InputBlocks * StepsOfABlock * ((spec.OutChannels + 15) / 16 * 16));
        fixed (float* pinned = filters)
        {
            this.filters = pinned;
            device.Workers.Run(this, Blocks.Length);
            this.filters = null;
        }
    }

    /// <summary>Channels that lie side by side in one pixel of the input.</summary>
    internal int Pixel { get; }

    /// <summary>Groups that do not end where a block ends are one group, whose filters are zero outside their own.</summary>
    internal int Groups { get; }

    /// <summary>Blocks of input channels of a group.</summary>
    internal int InputBlocks { get; }

    /// <summary>Products of one block of input channels.</summary>
    internal int StepsOfABlock => spec.Size * spec.Size * Pixel;

    /// <summary>The output channels, as tiles compute them together.</summary>
    internal OutputBlock[] Blocks { get; }

    internal float* Pointer => packed.Pointer;

    public static DirectFilters Pack(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters) => new(device, spec, filters);

    /// <summary>Packs one output block, from OIHW. What belongs to no channel, or to another group, stays zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task, int worker)
    {
        OutputBlock block = Blocks[task];
        int area = spec.Size * spec.Size;
        int inPerFilter = spec.InChannels / spec.Groups;
        int outPerGroup = spec.OutChannels / spec.Groups;
        int lanes = Math.Min(block.Lanes, spec.OutChannels - block.FirstChannel);
        for (int lane = 0; lane < lanes; lane++)
        {
            int o = block.FirstChannel + lane;
            // Of the channels that the tile sees, the first that this filter sees.
            int firstChannel = o / outPerGroup * inPerFilter - block.Group * (spec.InChannels / Groups);
            float* from = filters + (nint)o * inPerFilter * area;
            for (int c = 0; c < inPerFilter; c++)
            {
                (int inBlock, int inLane) = Math.DivRem(firstChannel + c, Pixel);
                float* to = packed.Pointer + block.Weights + ((nint)inBlock * area * Pixel + inLane) * block.Lanes + lane;
                for (int tap = 0; tap < area; tap++, to += Pixel * block.Lanes)
                    *to = *from++;
            }
        }
    }

    public void Dispose() => packed.Dispose();
}

/// <summary>Output channels that one tile computes together.</summary>
/// <param name="FirstChannel">The first of them.</param>
/// <param name="Lanes">How many.</param>
/// <param name="Group">The group whose input they see.</param>
/// <param name="Weights">Where their packed weights begin.</param>
internal readonly record struct OutputBlock(int FirstChannel, int Lanes, int Group, long Weights)
{
    /// <summary>Cuts the channels of each group into blocks. What does not fill a tile goes to narrower ones.</summary>
    internal static OutputBlock[] Cut(int channels, int groups, int steps)
    {
        int perGroup = (channels / groups + 15) / 16 * 16;
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
