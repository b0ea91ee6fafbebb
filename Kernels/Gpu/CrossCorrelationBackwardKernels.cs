using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernels of the cross-correlation's gradients.</summary>
internal readonly record struct CrossCorrelationBackwardArguments
{
    /// <summary>Number of searches.</summary>
    internal int Batch { get; init; }

    /// <summary>Blocks of sixteen channels.</summary>
    internal int Blocks { get; init; }

    /// <summary>Rows and columns of the template, a search and a response.</summary>
    internal int TemplateSize { get; init; }

    /// <inheritdoc cref="TemplateSize"/>
    internal int SearchSize { get; init; }

    /// <inheritdoc cref="TemplateSize"/>
    internal int ResponseSize { get; init; }
}

/// <summary>
/// The gradients of r[n,i,j] = sum over c,u,v of z[c,u,v] * x[n,c,i+u,j+v]. Each product hands dL/dr to both of its factors:
/// <code>
/// dL/dz[c,u,v]   = sum over n,i,j of dL/dr[n,i,j] * x[n,c,i+u,j+v]       a correlation of the searches with the gradient
/// dL/dx[n,c,y,x] = sum over u,v of dL/dr[n,y-u,x-v] * z[c,u,v]           a full convolution of the gradient with the template
/// </code>
/// Four channels side by side are one load; unused lanes are zero in z and x, so they are in the gradients.
/// </summary>
internal static class CrossCorrelationBackwardKernels
{
    internal const int TemplateThreads = 128;

    internal const int SearchThreads = 64;

    /// <summary>
    /// dL/dz. Group (x, y, z) = the sixteen channels of block z at row y and column x of the template. Four threads side by side have
    /// four channels each; the others share the responses, and the shares halve in a fixed order until one is left.
    /// offsets: where a response's first place lies in a search.
    /// </summary>
    internal static void Template(
        ArrayView<float> search, ArrayView<float> responseGradient, ArrayView<int> offsets, ArrayView<float> templateGradient,
        CrossCorrelationBackwardArguments a)
    {
        ArrayView<Float4> shares = SharedMemory.Allocate<Float4>(TemplateThreads);
        int t = Group.IdxX;
        ArrayView<Float4> searchQuads = search.Cast<Float4>();
        int responses = a.ResponseSize * a.ResponseSize;
        int searchStep = a.Blocks * a.SearchSize * a.SearchSize * 4;
        int origin = ((Grid.IdxZ * a.SearchSize + Grid.IdxY) * a.SearchSize + Grid.IdxX) * 4 + (t & 3);
        int first = 0;
        Float4 sums = default;
        for (int n = 0; n < a.Batch; n++)
        {
            for (int i = t / 4; i < responses; i += TemplateThreads / 4)
                sums = sums.Add(responseGradient[first + i], searchQuads[origin + offsets[i]]);
            origin += searchStep;
            first += responses;
        }
        shares[t] = sums;
        for (int half = TemplateThreads / 2; half >= 4; half /= 2)
        {
            Group.Barrier();

            if (t < half)
                shares[t] = shares[t].Add(shares[t + half]);
        }

        // Each remaining thread has added up its own share, so no barrier is needed.
        if (t < 4)
        {
            int place = (Grid.IdxZ * a.TemplateSize + Grid.IdxY) * a.TemplateSize + Grid.IdxX;
            ArrayView<Float4> gradientQuads = templateGradient.Cast<Float4>();
            gradientQuads[place * 4 + t] = shares[t];
        }
    }

    /// <summary>
    /// dL/dx. Group (x, y, z) = sixteen columns of row y of plane z, a block of a search; a thread = four channels of a column. The
    /// template's places that meet a response are a rectangle; each of its rows is summed up on its own.
    /// </summary>
    internal static void Search(
        ArrayView<float> template, ArrayView<float> responseGradient, ArrayView<float> searchGradient, CrossCorrelationBackwardArguments a)
    {
        int quad = Grid.IdxX * SearchThreads + Group.IdxX;
        if (quad >= a.SearchSize * 4)
            return;
        int x = quad / 4;
        int y = Grid.IdxY;
        int search = Grid.IdxZ / a.Blocks;
        int block = Grid.IdxZ - search * a.Blocks;
        int firstRow = Math.Max(y - a.ResponseSize + 1, 0);
        int lastRow = Math.Min(y, a.TemplateSize - 1);
        int firstColumn = Math.Max(x - a.ResponseSize + 1, 0);
        int lastColumn = Math.Min(x, a.TemplateSize - 1);

        ArrayView<Float4> templateQuads = template.Cast<Float4>();
        int templateRow = ((block * a.TemplateSize + firstRow) * a.TemplateSize + firstColumn) * 4 + (quad & 3);
        int responseRow = (search * a.ResponseSize + y - firstRow) * a.ResponseSize + x - firstColumn;
        Float4 sums = default;
        for (int u = firstRow; u <= lastRow; u++)
        {
            int z = templateRow;
            int r = responseRow;
            Float4 row = default;
            for (int v = firstColumn; v <= lastColumn; v++)
            {
                row = row.Add(responseGradient[r], templateQuads[z]);
                z += 4;
                r--;
            }
            sums = sums.Add(row);
            templateRow += a.TemplateSize * 4;
            responseRow -= a.ResponseSize;
        }
        ArrayView<Float4> gradientQuads = searchGradient.Cast<Float4>();
        gradientQuads[(Grid.IdxZ * a.SearchSize + y) * a.SearchSize * 4 + quad] = sums;
    }
}
