using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The gradient of a convolution's input, as a convolution of stride 1, with the algorithm that is fastest for it. Let k = Size - 1 and
/// <code>
/// p[k + i*s, k + j*s] = dL/dy[i,j], zero elsewhere;   g[u,v] = w[k-u, k-v], channels exchanged (FlippedFilters)
/// dL/dx[a,b] = sum over i,u with i*s+u = a, ... of w[u,v] * dL/dy[i,j] = sum over u,v of w[u,v] * p[k+a-u, k+b-v]
///            = sum over u,v of g[u,v] * p[a+u, b+v]
/// </code>
/// p is k wider and higher than x, so that rows and columns of x which no filter reached get zero.
/// </summary>
internal sealed unsafe class InputGradientCpu : IParallelWork, IDisposable
{
    // More tasks than threads, so that the others need not wait for a thread that was interrupted.
    private const int TasksPerThread = 8;

    private readonly CpuDevice device;
    private readonly ConvolutionSpec spec;
    private readonly Convolution convolution;
    private readonly TensorLayout paddedLayout;
    // Channels of a pixel of p: a block, or the few of an interleaved one.
    private readonly int pixel;
    // Over all images and blocks.
    private readonly int paddedRows;
    private readonly int tasks;
    private float* outputGradient;
    private float* padded;

    internal InputGradientCpu(CpuDevice device, in ConvolutionSpec spec, CpuFilters filters)
    {
        this.device = device;
        this.spec = spec;
        var back = new ConvolutionSpec(
            spec.Batch, spec.OutChannels, spec.Height + spec.Size - 1, spec.Width + spec.Size - 1, spec.InChannels, spec.Size,
            Stride: 1, spec.Groups, Relu: false);
        convolution = ConvolutionCpu.Create(device, back, filters.Packed<FlippedFilters>(spec).Filters);
        paddedLayout = back.InputLayout(device);
        pixel = paddedLayout == TensorLayout.Interleaved ? spec.OutChannels : Block.Lanes;
        paddedRows = spec.Batch * spec.OutChannels.DivideUp(pixel) * back.Height;
        tasks = Math.Min(paddedRows, TasksPerThread * device.Threads);
        // The convolution rents scratch memory of its own meanwhile.
        CpuBuffer own = device.Scratch.Rent(back.Input.Length(paddedLayout));
        device.Scratch.Reserve(own.Length);
        device.Scratch.Return(own);
    }

    internal void Compute(TensorView outputGradient, TensorView inputGradient)
    {
        TensorShape shape = convolution.Spec.Input;
        CpuBuffer rented = device.Scratch.Rent(shape.Length(paddedLayout));
        try
        {
            this.outputGradient = outputGradient.Pointer();
            padded = rented.Pointer;
            device.Workers.Run(this, tasks);
            convolution.Forward(new TensorView(rented, 0, shape, paddedLayout), inputGradient);
        }
        finally
        {
            device.Scratch.Return(rented);
        }
    }

    /// <summary>Some rows of p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task, int worker)
    {
        int border = spec.Size - 1;
        int height = spec.Height + border;
        int rowFloats = (spec.Width + border) * pixel;
        int mapFloats = spec.MapWidth * Block.Lanes;
        Part rows = Part.Of(paddedRows, task, tasks);
        for (int row = rows.First; row < rows.End; row++)
        {
            var to = new Span<float>(padded + (nint)row * rowFloats, rowFloats);
            to.Clear();
            (int plane, int y) = Math.DivRem(row, height);
            (int mapRow, int between) = Math.DivRem(y - border, spec.Stride);
            if (y < border || between != 0 || mapRow >= spec.MapHeight)
                continue;
            var from = new ReadOnlySpan<float>(outputGradient + ((nint)plane * spec.MapHeight + mapRow) * mapFloats, mapFloats);
            to = to[(border * pixel)..];
            if (spec.Stride == 1 && pixel == Block.Lanes)
            {
                from.CopyTo(to);
                continue;
            }
            for (int x = 0; x < mapFloats / Block.Lanes; x++)
                from.Slice(x * Block.Lanes, pixel).CopyTo(to[(x * spec.Stride * pixel)..]);
        }
    }

    public void Dispose() => convolution.Dispose();
}
