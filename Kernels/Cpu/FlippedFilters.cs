using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The filters of the convolution that computes dL/dx from dL/dy. They are rotated by half a turn, and their input and output channels are
/// exchanged: g[c,o,u,v] = w[o,c,Size-1-u,Size-1-v]. They have their own packed forms, which every update renews.
/// </summary>
internal sealed unsafe class FlippedFilters : IPackedFilters<FlippedFilters>, IParallelWork
{
    private readonly CpuDevice device;
    private readonly ConvolutionSpec spec;
    private readonly float[] flipped;
    private float* from;
    private float* to;

    private FlippedFilters(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters)
    {
        this.device = device;
        this.spec = spec;
        var shape = new TensorShape(spec.InChannels, spec.OutChannels / spec.Groups, spec.Size, spec.Size);
        flipped = new float[shape.Count];
        Filters = new CpuFilters(device, shape, flipped, new float[spec.InChannels]);
        Repack(filters);
    }

    /// <summary>The flipped filters, with biases of zero.</summary>
    internal CpuFilters Filters { get; }

    public static FlippedFilters Pack(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters) => new(device, spec, filters);

    public void Repack(ReadOnlySpan<float> filters)
    {
        fixed (float* pinnedFrom = filters, pinnedTo = flipped)
        {
            from = pinnedFrom;
            to = pinnedTo;
            device.Workers.Run(this, spec.OutChannels);
            from = to = null;
        }
        Filters.Repack();
    }

    /// <summary>Flips the filters of one output channel. Half a turn is the reverse order of the taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task, int worker)
    {
        int area = spec.Size * spec.Size;
        int inPerGroup = spec.InChannels / spec.Groups;
        int outPerGroup = spec.OutChannels / spec.Groups;
        (int group, int o) = Math.DivRem(task, outPerGroup);
        float* w = from + (nint)task * inPerGroup * area;
        for (int c = group * inPerGroup; c < (group + 1) * inPerGroup; c++)
        {
            float* g = to + ((nint)c * outPerGroup + o) * area;
            for (int tap = area - 1; tap >= 0; tap--)
                g[tap] = *w++;
        }
    }

    public void Dispose() => Filters.Dispose();
}
