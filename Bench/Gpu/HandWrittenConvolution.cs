using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>
/// A convolution in OpenCL C as one would write it by hand for a processor: what the compiled C# is measured against. A work-item
/// computes six pixels of sixteen channels, twelve vectors of eight sums, and reads its filters in the order they lie. For layers
/// whose groups are whole blocks of sixteen channels, as all of the papers' are.
/// </summary>
internal sealed class HandWrittenConvolution : IDisposable
{
    private const int Pixels = 6;
    private const int Block = 16;

    // With private arrays (float s[6][16], loops unrolled) in place of float16 it is as fast, but half as fast when products and
    // sums may be fused across statements, as the driver's kernels are built; two float8 or fma() are not faster.
    private const string Code =
        """
        struct view { int first; long length; };
        struct arguments
        {
            int pixels, mapArea, mapWidth, imageStep, groupStep, rowStep, columnStep, groupBlocks, outBlocks, steps;
            float least;
        };
        #define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
        #define START(i) \
            int p##i = min(first + i, a.pixels - 1), q##i = p##i % a.mapArea; \
            global const float* w##i = input + p##i / a.mapArea * a.imageStep + block / a.groupBlocks * a.groupStep \
                + q##i / a.mapWidth * a.rowStep + q##i % a.mapWidth * a.columnStep; \
            float16 s##i = bias[block];
        #define ADD(i) s##i += *filters * w##i[OFFSET];
        #define STORE(i) \
            if (first + i < a.pixels) \
                output[(p##i / a.mapArea * a.outBlocks + block) * a.mapArea + q##i] = s##i < a.least ? a.least : s##i;

        kernel void convolve(
            global const float* restrict input, global const float16* restrict filters, global const float16* restrict bias,
            global const int* restrict offsets, global float16* restrict output,
            struct view v0, struct view v1, struct view v2, struct view v3, struct view v4, struct arguments a)
        {
            int first = get_group_id(0) * 6, block = get_group_id(1);
            EACH(START)
            filters += block * a.steps * 16;
            for (int step = 0; step < a.steps; step++)
            {
                for (int product = 0; product < 16; product++, filters++)
                {
                    EACH(ADD)
                }
            }
            EACH(STORE)
        }
        """;

    private readonly GpuKernel kernel;
    private readonly GpuBuffer filters, bias, offsets;
    private readonly GridSize groups;
    private readonly LayerArguments arguments;

    internal HandWrittenConvolution(GpuDevice device, in ConvolutionSpec spec, float[] filters, float[] bias)
    {
        bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
        int inChannels = spec.InChannels / spec.Groups, outChannels = spec.OutChannels / spec.Groups;
        if (outChannels % Block != 0 || (image ? spec.Groups != 1 : inChannels % Block != 0))
            throw new ArgumentException($"{spec} has groups that split a block of {Block} channels");
        int area = spec.Size * spec.Size, pixel = image ? spec.InChannels : Block;
        int steps = (area * inChannels + Block - 1) / Block;

        // Filters: [block of output channels][product][16]; the last step's spare products of an image are zeros.
        var packed = new float[(long)spec.OutChannels * steps * Block];
        var places = new int[image ? steps * Block : steps];
        for (int c = 0; c < inChannels; c++)
        {
            for (int place = 0; place < area; place++)
            {
                int product = image ? place * inChannels + c : (c / Block * area + place) * Block + c % Block;
                for (int o = 0; o < spec.OutChannels; o++)
                    packed[(o / Block * steps * Block + product) * Block + o % Block] = filters[(o * inChannels + c) * area + place];
                int at = (place / spec.Size * spec.Width + place % spec.Size) * pixel;
                if (image)
                    places[product] = at + c;
                else if (c % Block == 0)
                    places[product / Block] = at + c * spec.Height * spec.Width;
            }
        }
        this.filters = device.Store<float>(packed);
        this.bias = device.Store<float>(bias);
        offsets = device.Store<int>(places);
        kernel = device.Driver.Load(new CompiledKernel(
            image ? "HandWritten.Image" : "HandWritten.Features", 1, [4, 4, 4, 4, 4], 11 * sizeof(int), "convolve",
            $"#define OFFSET {(image ? "offsets[step * 16 + product]" : "offsets[step] + product")}\n{Code}"));
        arguments = new LayerArguments
        {
            Pixels = spec.Batch * spec.MapHeight * spec.MapWidth,
            MapArea = spec.MapHeight * spec.MapWidth,
            MapWidth = spec.MapWidth,
            ImageStep = (int)spec.Input.ImageLength(spec.InputLayout(device)),
            GroupStep = inChannels * spec.Height * spec.Width,
            RowStep = spec.Stride * spec.Width * pixel,
            ColumnStep = spec.Stride * pixel,
            GroupBlocks = outChannels / Block,
            OutBlocks = spec.OutChannels / Block,
            Steps = steps,
            Least = spec.Relu ? 0 : float.NegativeInfinity,
        };
        groups = new GridSize((arguments.Pixels + Pixels - 1) / Pixels, arguments.OutBlocks);
    }

    internal void Forward(TensorView input, TensorView output) =>
        kernel.Launch(groups, [input.OnGpu(), filters.All, bias.All, offsets.All, output.OnGpu()], arguments);

    public void Dispose()
    {
        filters.Dispose();
        bias.Dispose();
        offsets.Dispose();
    }

    private readonly record struct LayerArguments
    {
        internal int Pixels { get; init; }

        internal int MapArea { get; init; }

        internal int MapWidth { get; init; }

        internal int ImageStep { get; init; }

        internal int GroupStep { get; init; }

        internal int RowStep { get; init; }

        internal int ColumnStep { get; init; }

        internal int GroupBlocks { get; init; }

        internal int OutBlocks { get; init; }

        internal int Steps { get; init; }

        internal float Least { get; init; }
    }
}
