using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The convolution of <see cref="ConvolutionKernels"/> on tensor cores: operands rounded to tf32, sums in float. CUDA alone.
/// </summary>
internal static class TensorCoreConvolutionKernels
{
    private const int Depth = ConvolutionArguments.Depth;

    // A row of shared memory is eight words longer than its tile, so that the four rows which a load touches lie in different banks.
    private const int Pad = 8;

    /// <summary>
    /// Group (x, y, z) as in <see cref="ConvolutionKernels.Forward"/>. A warp computes 32 pixels x 32 channels as 2 x 4 products of
    /// m16n8k8: rows are pixels, columns channels. Lane 4g + q holds of each product rows g and g + 8, columns 2q and 2q + 1.
    /// </summary>
    internal static void Forward<TInput, TTile>(
        ArrayView<float> input, ArrayView<float> filters, ArrayView<float> bias, ArrayView<int> offsets, ArrayView<float> output,
        ConvolutionArguments a)
        where TInput : struct, IConvolutionInput
        where TTile : struct, IConvolutionTile
    {
        int threads = TTile.Channels * TTile.Pixels / 32;
        int channelPitch = TTile.Channels + Pad;
        int pixelPitch = TTile.Pixels + Pad;
        ArrayView<uint> filterTile = SharedMemory.Allocate<uint>(Depth * (TTile.Channels + Pad));
        ArrayView<uint> pixelTile = SharedMemory.Allocate<uint>(Depth * (TTile.Pixels + Pad));

        int t = Group.IdxX;
        int tilesPerGroup = a.GroupLanes.DivideUp(TTile.Channels);
        int group = Grid.IdxY / tilesPerGroup;
        int firstChannel = (Grid.IdxY - group * tilesPerGroup) * TTile.Channels;
        int firstPixel = Grid.IdxX * TTile.Pixels;

        ArrayView<int> windows = SharedMemory.Allocate<int>(TTile.Pixels);
        for (int i = t; i < TTile.Pixels; i += threads)
            windows[i] = ConvolutionKernels.Window(firstPixel + i, group, a);

        int warp = t / 32;
        int row = (t & 31) / 4;
        int quad = t & 3;
        int warpChannel = (warp & (TTile.Channels / 32 - 1)) * 32;
        int warpPixel = warp / (TTile.Channels / 32) * 32;
        Float4 s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;

        int step = Grid.IdxZ * a.StepsPerPart;
        int end = Math.Min(step + a.StepsPerPart, a.Steps);
        int filterAt = (group * a.Steps + step) * Depth * a.GroupPitch + firstChannel;
        for (; step < end; step++)
        {
            Group.Barrier();

            for (int i = 0; i < 4 * TTile.Pixels / threads; i++)
            {
                int load = t + i * threads;
                int pixel = load & (TTile.Pixels - 1);
                int quarter = load / TTile.Pixels;
                Float4 values = TInput.Load(input, offsets, windows[pixel], step, quarter);
                int to = quarter * 4 * pixelPitch + pixel;
                pixelTile[to] = Round(values.A);
                pixelTile[to + pixelPitch] = Round(values.B);
                pixelTile[to + 2 * pixelPitch] = Round(values.C);
                pixelTile[to + 3 * pixelPitch] = Round(values.D);
            }
            for (int i = 0; i < Depth * TTile.Channels / threads; i++)
            {
                int load = t + i * threads;
                int k = load / TTile.Channels;
                int channel = load & (TTile.Channels - 1);
                filterTile[k * channelPitch + channel] = Round(filters[filterAt + k * a.GroupPitch + channel]);
            }
            filterAt += Depth * a.GroupPitch;

            Group.Barrier();

            for (int k = 0; k < Depth; k += 8)
            {
                int pixel = (k + quad) * pixelPitch + warpPixel + row;
                int below = pixel + 4 * pixelPitch;
                uint a0 = pixelTile[pixel], a1 = pixelTile[pixel + 8], a2 = pixelTile[below], a3 = pixelTile[below + 8];
                uint a4 = pixelTile[pixel + 16], a5 = pixelTile[pixel + 24], a6 = pixelTile[below + 16], a7 = pixelTile[below + 24];
                int channel = (k + quad) * channelPitch + warpChannel + row;
                int under = channel + 4 * channelPitch;
                s00 = MultiplyAdd(a0, a1, a2, a3, filterTile[channel], filterTile[under], s00);
                s01 = MultiplyAdd(a0, a1, a2, a3, filterTile[channel + 8], filterTile[under + 8], s01);
                s02 = MultiplyAdd(a0, a1, a2, a3, filterTile[channel + 16], filterTile[under + 16], s02);
                s03 = MultiplyAdd(a0, a1, a2, a3, filterTile[channel + 24], filterTile[under + 24], s03);
                s10 = MultiplyAdd(a4, a5, a6, a7, filterTile[channel], filterTile[under], s10);
                s11 = MultiplyAdd(a4, a5, a6, a7, filterTile[channel + 8], filterTile[under + 8], s11);
                s12 = MultiplyAdd(a4, a5, a6, a7, filterTile[channel + 16], filterTile[under + 16], s12);
                s13 = MultiplyAdd(a4, a5, a6, a7, filterTile[channel + 24], filterTile[under + 24], s13);
            }
        }

        int outChannel = firstChannel + warpChannel + 2 * quad;
        int outPixel = firstPixel + warpPixel + row;
        Store(bias, output, a, group, outChannel, outPixel, s00);
        Store(bias, output, a, group, outChannel + 8, outPixel, s01);
        Store(bias, output, a, group, outChannel + 16, outPixel, s02);
        Store(bias, output, a, group, outChannel + 24, outPixel, s03);
        Store(bias, output, a, group, outChannel, outPixel + 16, s10);
        Store(bias, output, a, group, outChannel + 8, outPixel + 16, s11);
        Store(bias, output, a, group, outChannel + 16, outPixel + 16, s12);
        Store(bias, output, a, group, outChannel + 24, outPixel + 16, s13);
    }

    /// <summary>To the nearest tf32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Round(float value)
    {
        CudaAsm.Emit("cvt.rna.tf32.f32 %0, %1;", out uint rounded, value);
        return rounded;
    }

    /// <summary>Sums + A B for a 16x8 and an 8x8 matrix that lie spread over a warp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 MultiplyAdd(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, Float4 sums)
    {
        Ref<float> d0 = sums.A, d1 = sums.B, d2 = sums.C, d3 = sums.D;
        Input<uint> i0 = a0, i1 = a1, i2 = a2, i3 = a3, j0 = b0, j1 = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
            ref d0, ref d1, ref d2, ref d3, ref i0, ref i1, ref i2, ref i3, ref j0, ref j1);
        Float4 result;
        result.A = d0.Value;
        result.B = d1.Value;
        result.C = d2.Value;
        result.D = d3.Value;
        return result;
    }

    /// <summary>Two channels of a pixel, and of the one eight further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ArrayView<float> bias, ArrayView<float> output, ConvolutionArguments a, int group, int channel, int pixel, Float4 sums)
    {
        if (channel >= a.GroupLanes)
            return;
        float even = bias[group * a.GroupPitch + channel];
        float odd = bias[group * a.GroupPitch + channel + 1];
        StoreTwo(output, a, group, channel, pixel, sums.A + even, sums.B + odd);
        StoreTwo(output, a, group, channel, pixel + 8, sums.C + even, sums.D + odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTwo(ArrayView<float> output, ConvolutionArguments a, int group, int channel, int pixel, float even, float odd)
    {
        if (pixel >= a.Pixels)
            return;
        float first = even < a.Least ? a.Least : even;
        float second = odd < a.Least ? a.Least : odd;
        int place = Grid.IdxZ * a.PartLength + ConvolutionKernels.Place(a, group, channel, pixel);
        output[place] = channel < a.GroupChannels ? first : 0;
        output[place + 1] = channel + 1 < a.GroupChannels ? second : 0;
    }
}
