using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The gradients of a large cross-correlation of one search, by transforms of the search's size s. With d = dL/dr, and capital letters
/// for the spectra of planes that are filled up with zeros:
///   dL/dz[u,v] = sum over i,j of d[i,j] x[i+u,j+v],   so its spectrum is conj(D) X,
///   dL/dx[a,b] = sum over i,j of d[i,j] z[a-i,b-j],   so its spectrum is D Z.
/// Nothing wraps around: i + u and so a reach (r - 1) + (t - 1) = s - 1.
/// First the rows of d and then pairs of its columns are transformed. Then block by block, so that a block's spectra stay in the
/// second-level cache: transform the rows of x and z; then, for two columns at once, transform them down, multiply, and transform
/// back; then the rows back.
/// </summary>
internal sealed unsafe class SpectralCorrelationBackwardCpu : CrossCorrelationBackward, ILanesWork
{
    private readonly WorkerPool workers;
    private readonly BlockedDft dft;
    private readonly DftCrop ofTemplate;
    private readonly int blocks, templatePairs, responsePairs;
    private readonly CpuScratch memory = new();
    private readonly float* searchReal, searchImaginary;        // of one block: X, then conj(D) X [s][s/2+1][16]; d on its way to D
    private readonly float* templateReal, templateImaginary;    // of one block: Z, then D Z
    private readonly float* packed;                             // two columns, of each thread
    private readonly float* gradientReal, gradientImaginary;    // D [s/2+1][s]
    private readonly float* embeddedTemplate;                   // z [block][t + 1][s][16], zeros behind each row and at the end
    private readonly float* embeddedGradient;                   // d in the first lane [r + 1][s][16], likewise

    // The arguments of the current call, which its tasks share.
    private Step step;
    private int block;
    private float* search, toTemplate, toSearch;

    internal SpectralCorrelationBackwardCpu(CpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        dft = new BlockedDft(spec.SearchSize, spec.SearchSize, workers.Threads);
        ofTemplate = new DftCrop(0, spec.TemplateSize, spec.TemplateSize);
        blocks = spec.Search.Blocks;
        templatePairs = BlockedDft.PairsOf(spec.TemplateSize);
        responsePairs = BlockedDft.PairsOf(spec.ResponseSize);
        long packedLength = workers.Threads * dft.PackedLength, plane = (long)spec.SearchSize * (spec.SearchSize / 2 + 1);
        long row = (long)spec.SearchSize * Block.Lanes, template = blocks * (spec.TemplateSize + 1) * row;
        searchReal = memory.Reserve<float>(
            4 * dft.SpectrumLength + packedLength + template + (spec.ResponseSize + 1) * row + 2 * plane);
        searchImaginary = searchReal + dft.SpectrumLength;
        templateReal = searchImaginary + dft.SpectrumLength;
        templateImaginary = templateReal + dft.SpectrumLength;
        packed = templateImaginary + dft.SpectrumLength;
        embeddedTemplate = packed + packedLength;
        embeddedGradient = embeddedTemplate + template;
        gradientReal = embeddedGradient + (spec.ResponseSize + 1) * row;
        gradientImaginary = gradientReal + plane;
    }

    private enum Step
    {
        GradientRows,
        GradientColumns,
        ForwardRows,
        Columns,
        InverseRows,
    }

    /// <summary>
    /// Whether it is faster than the definition. For one pair of CFNet-conv1 it takes 1.1 ms instead of 1.8 with 512 bits, and 1.4 instead
    /// of 3.0 with 256.
    /// </summary>
    internal static bool Pays(in CrossCorrelationSpec spec)
    {
        // Of a channel: there are two transforms and two inverse ones, and the definition has the products of two forward passes.
        // A product in a transform, with all that belongs to it, takes twice the time of one in the register tiles.
        const long TimeOfAProduct = 2;
        long transforms = 4 * BlockedDft.Products(spec.SearchSize, spec.SearchSize);
        long definition = spec.Flops / spec.Channels;
        return spec.Batch == 1 && TimeOfAProduct * transforms < definition;
    }

    public void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        switch (step)
        {
            case Step.GradientRows: GradientRows<TLanes>(task, worker); break;
            case Step.GradientColumns: GradientColumns<TLanes>(task, worker); break;
            case Step.ForwardRows: ForwardRows<TLanes>(task, worker); break;
            case Step.Columns: Columns<TLanes>(task, worker); break;
            default: InverseRows<TLanes>(task, worker); break;
        }
    }

    protected override void BackwardCore(
        TensorView template, TensorView search, TensorView responseGradient, TensorView templateGradient, TensorView searchGradient)
    {
        this.search = search.Pointer();
        toTemplate = templateGradient.Pointer();
        toSearch = searchGradient.Pointer();
        Embed(template.Pointer(), responseGradient.Pointer());
        Run(Step.GradientRows, dft.RowPairs);
        Run(Step.GradientColumns, dft.ColumnPairs);
        for (block = 0; block < blocks; block++)
        {
            Run(Step.ForwardRows, 2 * dft.RowPairs);
            Run(Step.Columns, 2 * dft.ColumnPairs);
            Run(Step.InverseRows, dft.RowPairs + templatePairs);
        }
    }

    protected override void Dispose(bool disposing)
    {
        dft.Dispose();
        memory.Dispose();
    }

    private void Run(Step todo, int tasks)
    {
        step = todo;
        workers.Run(this, tasks);
    }

    private void Embed(float* template, float* gradient)
    {
        int t = Spec.TemplateSize, s = Spec.SearchSize, r = Spec.ResponseSize;
        for (int plane = 0; plane < blocks; plane++)
            for (int i = 0; i < t; i++)
            {
                float* from = template + ((nint)plane * t + i) * t * Block.Lanes;
                float* to = embeddedTemplate + ((nint)plane * (t + 1) + i) * s * Block.Lanes;
                new Span<float>(from, t * Block.Lanes).CopyTo(new Span<float>(to, t * Block.Lanes));
            }
        for (int i = 0; i < r; i++)
            for (int j = 0; j < r; j++)
                embeddedGradient[((nint)i * s + j) * Block.Lanes] = gradient[i * r + j];
    }

    private void ForwardRows<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        nint row = (nint)Spec.SearchSize * Block.Lanes;
        if (task < dft.RowPairs)
        {
            dft.ForwardRows<TLanes>(search + block * Spec.SearchSize * row, window: null, searchReal, searchImaginary, task, worker);
            return;
        }
        float* template = embeddedTemplate + block * (Spec.TemplateSize + 1) * row;
        ForwardOrClear<TLanes>(template, templatePairs, templateReal, templateImaginary, task - dft.RowPairs, worker);
    }

    private void ForwardOrClear<TLanes>(float* rows, int pairs, float* real, float* imaginary, int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        if (pair < pairs)
            dft.ForwardRows<TLanes>(rows, window: null, real, imaginary, pair, worker);
        else
            dft.ClearRows(real, imaginary, pair);
    }

    private void GradientRows<TLanes>(int pair, int worker)
        where TLanes : struct, ILanes<TLanes> =>
        ForwardOrClear<TLanes>(embeddedGradient, responsePairs, searchReal, searchImaginary, pair, worker);

    private void GradientColumns<TLanes>(int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        int s = Spec.SearchSize;
        DftColumns columns = dft.Packed(packed + worker * dft.PackedLength);
        dft.ForwardColumns<TLanes>(dft.ColumnsOf(searchReal, searchImaginary, pair), columns, worker);
        for (int side = 0; side < Math.Min(2, s / 2 + 1 - 2 * pair); side++)
        {
            nint to = (nint)(2 * pair + side) * s;
            for (int row = 0; row < s; row++)
            {
                gradientReal[to + row] = columns.Real[row * columns.RowStride + side * columns.ToRight];
                gradientImaginary[to + row] = columns.Imaginary[row * columns.RowStride + side * columns.ToRight];
            }
        }
    }

    // Even tasks replace two columns of X by conj(D) X, odd ones two of Z by D Z.
    private void Columns<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        (int pair, int odd) = Math.DivRem(task, 2);
        DftColumns columns = odd == 0
            ? dft.ColumnsOf(searchReal, searchImaginary, pair)
            : dft.ColumnsOf(templateReal, templateImaginary, pair);
        DftColumns own = dft.Packed(packed + worker * dft.PackedLength);
        dft.ForwardColumns<TLanes>(columns, own, worker);
        int last = Spec.SearchSize / 2;
        for (int side = 0; side < 2; side++)
            Multiply<TLanes>(Math.Min(2 * pair + side, last), own, side, odd == 0 ? -1 : 1);
        dft.InverseColumns<TLanes>(own, columns, odd == 0 ? ofTemplate : dft.Whole, worker);
    }

    /// <summary>Multiplies one packed column by D, or by conj(D) where <paramref name="sign"/> is -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<TLanes>(int column, in DftColumns packed, int side, float sign)
        where TLanes : struct, ILanes<TLanes>
    {
        float* dReal = gradientReal + (nint)column * Spec.SearchSize, dImaginary = gradientImaginary + (nint)column * Spec.SearchSize;
        float* real = packed.Real + side * packed.ToRight, imaginary = packed.Imaginary + side * packed.ToRight;
        for (int row = 0; row < Spec.SearchSize; row++, real += packed.RowStride, imaginary += packed.RowStride)
        {
            TLanes dr = TLanes.Broadcast(dReal[row]), di = TLanes.Broadcast(sign * dImaginary[row]);
            for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
            {
                TLanes re = TLanes.Load(real + lane), im = TLanes.Load(imaginary + lane);
                (dr * re - di * im).Store(real + lane);
                TLanes.MultiplyAdd(dr, im, di * re).Store(imaginary + lane);
            }
        }
    }

    private void InverseRows<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        int s = Spec.SearchSize, t = Spec.TemplateSize;
        if (task < dft.RowPairs)
        {
            float* plane = toSearch + (nint)block * s * s * Block.Lanes;
            dft.InverseRows<TLanes>(templateReal, templateImaginary, plane, dft.Whole, task, worker);
            return;
        }
        float* cropped = toTemplate + (nint)block * t * t * Block.Lanes;
        dft.InverseRows<TLanes>(searchReal, searchImaginary, cropped, ofTemplate, task - dft.RowPairs, worker);
    }
}
