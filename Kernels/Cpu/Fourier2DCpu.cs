namespace SiamIlgpu.Kernels.Cpu;

internal sealed unsafe class Fourier2DCpu : Fourier2D, ILanesWork
{
    private readonly WorkerPool workers;
    private readonly BlockedDft dft;
    private readonly int blocks;
    private readonly CpuScratch columnsMemory = new();

    // The arguments of the current call, which its tasks share.
    private Step step;
    private float* planes, real, imaginary, columnsReal, columnsImaginary;

    internal Fourier2DCpu(CpuDevice device, Fourier2DSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        dft = new BlockedDft(spec.Height, spec.Width, workers.Threads);
        blocks = spec.Real.Blocks;
    }

    private enum Step
    {
        ForwardRows,
        ForwardColumns,
        InverseColumns,
        InverseRows,
    }

    public void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        (int pair, int block) = Math.DivRem(task, blocks);
        float* plane = planes + (nint)block * Spec.Height * Spec.Width * Block.Lanes;
        nint spectrum = (nint)(block * dft.SpectrumLength);
        switch (step)
        {
            case Step.ForwardRows:
                dft.ForwardRows<TLanes>(plane, window: null, real + spectrum, imaginary + spectrum, pair, worker);
                break;
            case Step.ForwardColumns:
                DftColumns columns = dft.ColumnsOf(real + spectrum, imaginary + spectrum, pair);
                dft.ForwardColumns<TLanes>(columns, columns, worker);
                break;
            case Step.InverseColumns:
                columns = dft.ColumnsOf(real + spectrum, imaginary + spectrum, pair);
                DftColumns to = dft.ColumnsOf(columnsReal + spectrum, columnsImaginary + spectrum, pair);
                dft.InverseColumns<TLanes>(columns, to, dft.Whole, worker);
                break;
            default:
                dft.InverseRows<TLanes>(columnsReal + spectrum, columnsImaginary + spectrum, plane, dft.Whole, pair, worker);
                break;
        }
    }

    protected override void ForwardCore(TensorView planes, TensorView spectrumReal, TensorView spectrumImaginary)
    {
        this.planes = planes.Pointer();
        real = spectrumReal.Pointer();
        imaginary = spectrumImaginary.Pointer();
        Run(Step.ForwardRows, dft.RowPairs);
        Run(Step.ForwardColumns, dft.ColumnPairs);
    }

    protected override void InverseCore(TensorView spectrumReal, TensorView spectrumImaginary, TensorView planes)
    {
        this.planes = planes.Pointer();
        real = spectrumReal.Pointer();
        imaginary = spectrumImaginary.Pointer();
        columnsReal = columnsMemory.Reserve<float>(2 * blocks * dft.SpectrumLength);
        columnsImaginary = columnsReal + blocks * dft.SpectrumLength;
        Run(Step.InverseColumns, dft.ColumnPairs);
        Run(Step.InverseRows, dft.RowPairs);
    }

    protected override void Dispose(bool disposing)
    {
        dft.Dispose();
        columnsMemory.Dispose();
    }

    private void Run(Step todo, int pairs)
    {
        step = todo;
        workers.Run(this, blocks * pairs);
    }

}
