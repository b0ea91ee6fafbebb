using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the max-pooling kernels; features lie in blocks of sixteen channels.</summary>
internal readonly record struct MaxPoolArguments
{
    /// <summary>Groups of four floats of what is written: the output, or the gradient of the input.</summary>
    internal int Quads { get; init; }

    /// <summary>Rows and columns of the input.</summary>
    internal int Height { get; init; }

    /// <inheritdoc cref="Height"/>
    internal int Width { get; init; }

    /// <summary>Rows and columns of the output.</summary>
    internal int OutHeight { get; init; }

    /// <inheritdoc cref="OutHeight"/>
    internal int OutWidth { get; init; }

    /// <summary>Rows and columns of a window.</summary>
    internal int Size { get; init; }

    /// <summary>Step between windows.</summary>
    internal int Stride { get; init; }
}

internal static class MaxPoolKernels
{
    internal const int Threads = 256;

    /// <summary>Thread = four channels of one output pixel.</summary>
    internal static void Forward(ArrayView<float> input, ArrayView<float> output, MaxPoolArguments a)
    {
        int quad = Grid.IdxX * Threads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        int pixel = quad / 4;
        int x = pixel % a.OutWidth;
        int row = pixel / a.OutWidth;
        int plane = row / a.OutHeight;
        int y = row - plane * a.OutHeight;

        ArrayView<Float4> from = input.Cast<Float4>();
        int first = ((plane * a.Height + y * a.Stride) * a.Width + x * a.Stride) * 4 + (quad & 3);
        Float4 most = from[first];
        for (int v = 0; v < a.Size; v++)
        {
            for (int u = 0; u < a.Size; u++)
            {
                Float4 next = from[first + (v * a.Width + u) * 4];
                most.A = Reductions.Greater(most.A, next.A);
                most.B = Reductions.Greater(most.B, next.B);
                most.C = Reductions.Greater(most.C, next.C);
                most.D = Reductions.Greater(most.D, next.D);
            }
        }
        output.Cast<Float4>()[quad] = most;
    }

    /// <summary>
    /// Thread = four channels of one input pixel, which gathers from the windows that it lies in: a window's gradient is its own if it
    /// has the maximum and no pixel before it, row by row, has it too.
    /// </summary>
    internal static void Backward(
        ArrayView<float> input, ArrayView<float> output, ArrayView<float> outputGradient, ArrayView<float> inputGradient, MaxPoolArguments a)
    {
        int quad = Grid.IdxX * Threads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        int pixel = quad / 4;
        int x = pixel % a.Width;
        int row = pixel / a.Width;
        int plane = row / a.Height;
        int y = row - plane * a.Height;
        ArrayView<Float4> from = input.Cast<Float4>();
        ArrayView<Float4> maxima = output.Cast<Float4>();
        ArrayView<Float4> gradients = outputGradient.Cast<Float4>();
        Float4 own = from[quad];
        int lastRow = Math.Min(y / a.Stride, a.OutHeight - 1);
        int lastColumn = Math.Min(x / a.Stride, a.OutWidth - 1);
        Float4 sum = default;
        for (int i = y < a.Size ? 0 : (y - a.Size) / a.Stride + 1; i <= lastRow; i++)
        {
            for (int j = x < a.Size ? 0 : (x - a.Size) / a.Stride + 1; j <= lastColumn; j++)
            {
                int window = ((plane * a.OutHeight + i) * a.OutWidth + j) * 4 + (quad & 3);
                Float4 most = maxima[window];
                Float4 share = gradients[window];
                share.A = own.A == most.A ? share.A : 0;
                share.B = own.B == most.B ? share.B : 0;
                share.C = own.C == most.C ? share.C : 0;
                share.D = own.D == most.D ? share.D : 0;
                int ownRow = y - i * a.Stride;
                int ownColumn = x - j * a.Stride;
                int first = ((plane * a.Height + i * a.Stride) * a.Width + j * a.Stride) * 4 + (quad & 3);
                for (int v = 0; v <= ownRow; v++)
                {
                    int columns = v < ownRow ? a.Size : ownColumn;
                    for (int u = 0; u < columns; u++)
                    {
                        Float4 before = from[first + (v * a.Width + u) * 4];
                        share.A = before.A == own.A ? 0 : share.A;
                        share.B = before.B == own.B ? 0 : share.B;
                        share.C = before.C == own.C ? 0 : share.C;
                        share.D = before.D == own.D ? 0 : share.D;
                    }
                }
                sum.A += share.A;
                sum.B += share.B;
                sum.C += share.C;
                sum.D += share.D;
            }
        }
        inputGradient.Cast<Float4>()[quad] = sum;
    }
}
