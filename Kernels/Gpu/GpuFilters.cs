using SiamIlgpu.Kernels.Gpu.Source;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Filters as the kernels read them, packed when the first convolution asks for them.</summary>
internal sealed class GpuFilters : ConvolutionFilters
{
    private readonly GpuDevice device;
    private readonly float[] bias;
    private readonly Dictionary<(bool Image, int Groups), PackedFilters> packed = [];
    private float[]? filters;

    internal GpuFilters(GpuDevice device, TensorShape shape, float[] filters, float[] bias)
        : base(device, shape)
    {
        this.device = device;
        this.filters = filters;
        this.bias = bias;
    }

    /// <summary>The packed filters for a convolution; they depend on nothing of it but input layout and groups.</summary>
    internal PackedFilters For(in ConvolutionSpec spec)
    {
        bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
        lock (packed)
        {
            if (!packed.TryGetValue((image, spec.Groups), out PackedFilters? form))
                packed.Add((image, spec.Groups), form = PackedFilters.Pack(device, spec, image, filters!, bias));
            return form;
        }
    }

    protected override void UpdateCore(TensorView filters, TensorView bias) => throw new NotSupportedException("update");

    protected override void Seal() => filters = null;

    protected override void Free()
    {
        foreach (PackedFilters form in packed.Values)
            form.Dispose();
    }
}

/// <summary>
/// [group][step][16][channels of the group, zeros up to a whole tile]. A step of features is one block of sixteen channels at one
/// place of the window, (block, v, u); of an image sixteen values of the window in the order they lie, (v, u, c). Groups that
/// would split a block are one group, with zeros where a channel is not seen; no published network has such groups.
/// </summary>
internal sealed class PackedFilters : IDisposable
{
    private const int Depth = ConvolutionArguments.Depth;

    // Whole tiles of channels are read, so the rows are padded to the widest tile.
    private const int Pitch = 128;

    private PackedFilters(GpuBuffer filters, GpuBuffer bias, int groups, int groupChannels, int groupPitch, int steps)
    {
        Filters = filters;
        Bias = bias;
        Groups = groups;
        GroupChannels = groupChannels;
        GroupPitch = groupPitch;
        Steps = steps;
    }

    internal GpuBuffer Filters { get; }

    internal GpuBuffer Bias { get; }

    /// <summary>Groups as the kernel sees them.</summary>
    internal int Groups { get; }

    /// <summary>Output channels of a group, and floats of a row of filters.</summary>
    internal int GroupChannels { get; }

    /// <inheritdoc cref="GroupChannels"/>
    internal int GroupPitch { get; }

    /// <summary>Steps of a sum.</summary>
    internal int Steps { get; }

    /// <summary>Output channels of a group with the unused lanes of the last block.</summary>
    internal int GroupLanes => (GroupChannels + Depth - 1) / Depth * Depth;

    internal static PackedFilters Pack(GpuDevice device, in ConvolutionSpec spec, bool image, float[] filters, float[] bias)
    {
        int inChannels = spec.InChannels / spec.Groups, outChannels = spec.OutChannels / spec.Groups;
        bool split = spec.Groups > 1 && (image || inChannels % Depth != 0 || outChannels % Depth != 0);
        int groups = split ? 1 : spec.Groups;
        int groupIn = spec.InChannels / groups, groupOut = spec.OutChannels / groups;
        int pitch = (groupOut + Pitch - 1) / Pitch * Pitch;
        int area = spec.Size * spec.Size;
        int steps = image ? (area * groupIn + Depth - 1) / Depth : (groupIn + Depth - 1) / Depth * area;

        var packed = new float[(long)groups * steps * Depth * pitch];
        var packedBias = new float[groups * pitch];
        int at = 0;
        for (int o = 0; o < spec.OutChannels; o++)
        {
            int group = o / groupOut, column = o % groupOut;
            int firstIn = split ? o / outChannels * inChannels : 0;
            packedBias[group * pitch + column] = bias[o];
            for (int c = firstIn; c < firstIn + inChannels; c++)
            {
                for (int place = 0; place < area; place++)
                {
                    int product = image ? place * groupIn + c : (c / Depth * area + place) * Depth + c % Depth;
                    packed[((long)group * steps * Depth + product) * pitch + column] = filters[at++];
                }
            }
        }
        return new PackedFilters(device.Store<float>(packed), device.Store<float>(packedBias), groups, groupOut, pitch, steps);
    }

    public void Dispose()
    {
        Filters.Dispose();
        Bias.Dispose();
    }
}
