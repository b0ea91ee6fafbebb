using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Three steps over pairs: transform the windowed rows; then, for two columns of all channels at once, transform them down,
/// solve for the filter's spectrum and transform that back; then the rows back. Only the template's rows and columns come back.
/// </summary>
internal sealed unsafe class CorrelationFilterCpu : CorrelationFilter, ILanesWork
{
    private readonly WorkerPool workers;
    private readonly BlockedDft dft;
    private readonly DftCrop crop;
    private readonly int blocks;
    private readonly CpuScratch memory = new();
    private readonly float* real, imaginary;
    private readonly float* packed;   // two columns of all blocks, of each thread
    private readonly CpuFilterPlanes given;

    // The arguments of the current call, which its tasks share.
    private Step step;
    private float* features, template;

    internal CorrelationFilterCpu(CpuDevice device, CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
        : base(device, spec)
    {
        workers = device.Workers;
        dft = new BlockedDft(spec.Size, spec.Size, workers.Threads);
        crop = new DftCrop(spec.Margin, spec.TemplateSize, spec.TemplateSize);
        blocks = spec.Features.Blocks;

        // The spectra first: they want the alignment.
        long packedLength = workers.Threads * blocks * dft.PackedLength;
        real = memory.Reserve<float>(2 * blocks * dft.SpectrumLength + packedLength + CpuFilterPlanes.Length(spec));
        imaginary = real + blocks * dft.SpectrumLength;
        packed = imaginary + blocks * dft.SpectrumLength;
        given = new CpuFilterPlanes(spec, packed + packedLength);
        UpdateCore(window, target);
    }

    private enum Step
    {
        ForwardRows,
        Columns,
        InverseRows,
    }

    public void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        if (step == Step.Columns)
        {
            Columns<TLanes>(task, worker);
            return;
        }
        (int pair, int block) = Math.DivRem(task, blocks);
        nint spectrum = (nint)(block * dft.SpectrumLength);
        if (step == Step.ForwardRows)
        {
            float* plane = features + (nint)block * Spec.Size * Spec.Size * Block.Lanes;
            dft.ForwardRows<TLanes>(plane, given.Window, real + spectrum, imaginary + spectrum, pair, worker);
        }
        else
        {
            float* plane = template + (nint)block * Spec.TemplateSize * Spec.TemplateSize * Block.Lanes;
            dft.InverseRows<TLanes>(real + spectrum, imaginary + spectrum, plane, crop, pair, worker);
        }
    }

    protected override void ForwardCore(TensorView features, TensorView template)
    {
        this.features = features.Pointer();
        this.template = template.Pointer();
        Run(Step.ForwardRows, blocks * dft.RowPairs);
        Run(Step.Columns, dft.ColumnPairs);
        Run(Step.InverseRows, blocks * BlockedDft.PairsOf(Spec.TemplateSize));
    }

    protected override void UpdateCore(ReadOnlySpan<float> window, ReadOnlySpan<float> target) => given.Update(window, target);

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

    private void Columns<TLanes>(int pair, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        float* own = packed + worker * blocks * dft.PackedLength;
        for (int block = 0; block < blocks; block++)
        {
            nint spectrum = (nint)(block * dft.SpectrumLength);
            DftColumns from = dft.ColumnsOf(real + spectrum, imaginary + spectrum, pair);
            dft.ForwardColumns<TLanes>(from, dft.Packed(own + block * dft.PackedLength), worker);
        }
        int spectrumWidth = dft.SpectrumStride / Block.Lanes;
        for (int side = 0; side < 2; side++)   // both, also where an odd last column is done twice
            Solve<TLanes>(own + side * Block.Lanes, Math.Min(2 * pair + side, spectrumWidth - 1), spectrumWidth);
        for (int block = 0; block < blocks; block++)
        {
            nint spectrum = (nint)(block * dft.SpectrumLength);
            DftColumns to = dft.ColumnsOf(real + spectrum, imaginary + spectrum, pair);
            dft.InverseColumns<TLanes>(dft.Packed(own + block * dft.PackedLength), to, crop, worker);
        }
    }

    /// <summary>
    /// Replaces one column of the features' spectra F by the filters': k = (1/n) sum |F|^2 + lambda, a = (1/n) Fy / k,
    /// conj(a) F = (ar Fr + ai Fi) + i (ar Fi - ai Fr).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Solve<TLanes>(float* packedColumn, int column, int spectrumWidth)
        where TLanes : struct, ILanes<TLanes>
    {
        float scale = 1f / (Spec.Size * Spec.Size);
        DftColumns columns = dft.Packed(packedColumn);
        float* fReal = columns.Real, fImaginary = columns.Imaginary;
        for (int row = 0; row < Spec.Size; row++)
        {
            nint first = row * columns.RowStride;
            TLanes energy = default;
            nint at = first;
            for (int block = 0; block < blocks; block++, at += (nint)dft.PackedLength)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    TLanes re = TLanes.Load(fReal + at + lane), im = TLanes.Load(fImaginary + at + lane);
                    energy = TLanes.MultiplyAdd(im, im, TLanes.MultiplyAdd(re, re, energy));
                }
            }
            float k = scale * TLanes.Sum(energy) + Spec.Lambda;
            var ar = TLanes.Broadcast(given.TargetReal[row * spectrumWidth + column] / k);
            var ai = TLanes.Broadcast(given.TargetImaginary[row * spectrumWidth + column] / k);
            at = first;
            for (int block = 0; block < blocks; block++, at += (nint)dft.PackedLength)
            {
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                {
                    TLanes re = TLanes.Load(fReal + at + lane), im = TLanes.Load(fImaginary + at + lane);
                    TLanes.MultiplyAdd(ai, im, ar * re).Store(fReal + at + lane);
                    (ar * im - ai * re).Store(fImaginary + at + lane);
                }
            }
        }
    }
}
