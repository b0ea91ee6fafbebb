using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// U = G g G^T of all filters of a convolution, in double, packed as the matrix products read them:
/// [chunk][point][lanes of a tile][depth][lane].
/// </summary>
internal sealed unsafe class WinogradFilters<TTransform> : IPackedFilters<WinogradFilters<TTransform>>, IParallelWork
    where TTransform : struct, IWinogradTransform
{
    /// <summary>Output channels of a chunk: those of the widest register tile.</summary>
    internal const int ChunkChannels = 32;

    private readonly CpuDevice device;
    private readonly ConvolutionSpec spec;
    private readonly WinogradInput source;
    private readonly CpuBuffer packed;
    private float* filters;

    private WinogradFilters(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters)
    {
        this.device = device;
        this.spec = spec;
        source = WinogradInput.Of(spec, device);
        packed = new CpuBuffer(device, (long)Points * Points * source.Depth * spec.OutChannels.RoundUp(Block.Lanes), zeroed: false);
        Chunks = Cut();
        Repack(filters);
    }

    /// <summary>The output channels, as they are computed together.</summary>
    internal OutputBlock[] Chunks { get; }

    internal float* Pointer => packed.Pointer;

    internal long Length => packed.Length;

    // Points of a row: n.
    private static int Points => TTransform.Outputs + TTransform.Taps - 1;

    public static WinogradFilters<TTransform> Pack(CpuDevice device, in ConvolutionSpec spec, ReadOnlySpan<float> filters) => new(device, spec, filters);

    public void Repack(ReadOnlySpan<float> filters)
    {
        fixed (float* pinned = filters)
        {
            this.filters = pinned;
            device.Workers.Run(this, Chunks.Length);
            this.filters = null;
        }
    }

    /// <summary>
    /// Transforms one chunk, all lanes of a tile together. With one filter at a time, the points were stored a power of two apart, and the
    /// stores took longer than the arithmetic.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task, int worker)
    {
        OutputBlock chunk = Chunks[task];
        int taps = TTransform.Taps;
        int lanes = ConvolutionTiles.LanesOf(chunk.Lanes);
        int width = Vector<double>.Count;
        double* g = stackalloc double[Points * taps];
        TTransform.Filter.CopyTo(new Span<double>(g, Points * taps));
        double* filter = stackalloc double[taps * taps * lanes];
        double* half = stackalloc double[taps * lanes];
        for (int first = 0; first < chunk.Lanes; first += lanes)
            for (int k = 0; k < source.Depth; k++)
            {
                Gather(chunk.FirstChannel + first, lanes, k, filter);
                float* to = packed.Pointer + chunk.Weights + (first * source.Depth + k * lanes);
                for (int i = 0; i < Points; i++)
                {
                    for (int x = 0; x < taps * lanes; x += width)
                    {
                        Vector<double> sum = default;
                        for (int y = 0; y < taps; y++)
                            sum += g[i * taps + y] * Vector.Load(filter + y * taps * lanes + x);
                        sum.Store(half + x);
                    }
                    for (int j = 0; j < Points; j++, to += source.Depth * chunk.Lanes)
                    {
                        int lane = 0;
                        for (; lane <= lanes - 2 * width; lane += 2 * width)
                        {
                            Vector<double> low = default, high = default;
                            for (int x = 0; x < taps; x++)
                            {
                                var factor = Vector.Create(g[j * taps + x]);
                                double* from = half + x * lanes + lane;
                                low += factor * Vector.Load(from);
                                high += factor * Vector.Load(from + width);
                            }
                            Vector.Narrow(low, high).Store(to + lane);
                        }
                        // Without vectors a tile has only two lanes.
                        for (; lane < lanes; lane++)
                        {
                            double sum = 0;
                            for (int x = 0; x < taps; x++)
                                sum += g[j * taps + x] * half[x * lanes + lane];
                            to[lane] = (float)sum;
                        }
                    }
                }
            }
    }

    public void Dispose() => packed.Dispose();

    private OutputBlock[] Cut()
    {
        int perGroup = (spec.OutChannels / source.Groups).RoundUp(Block.Lanes);
        var cut = new List<OutputBlock>();
        for (int first = 0; first < source.Groups * perGroup; first += cut[^1].Lanes)
        {
            int lanes = Math.Min(ChunkChannels, perGroup - first % perGroup);
            cut.Add(new OutputBlock(first, lanes, first / perGroup, (long)first * Points * Points * source.Depth));
        }
        return [.. cut];
    }

    // One channel's taps [ky][kx][lane] of consecutive filters. A phase that ends early has zeros, and so has what fills up the last block
    // of input or output channels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather(int firstChannel, int lanes, int depth, double* filter)
    {
        int size = spec.Size;
        int inPerGroup = spec.InChannels / source.Groups;
        (int channel, int firstRow, int firstColumn) = source.FilterAt(depth, spec.InChannels);
        for (int y = 0; y < TTransform.Taps; y++)
            for (int x = 0; x < TTransform.Taps; x++)
            {
                int row = y * source.Stride + firstRow;
                int column = x * source.Stride + firstColumn;
                int inside = row < size && column < size && channel < inPerGroup ? spec.OutChannels - firstChannel : 0;
                for (int lane = 0; lane < lanes; lane++)
                    *filter++ = lane < inside ? filters[(((long)(firstChannel + lane) * inPerGroup + channel) * size + row) * size + column] : 0;
            }
    }
}
