namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// Eight launches: rows and columns of the windowed features, of the template's gradient as if zeros lay around it, the regression's
/// gradients per frequency, columns back, rows back, and the window's. The target's gradient goes back as one more block of channels.
/// </summary>
internal sealed class CorrelationFilterBackwardGpu : CorrelationFilterBackward
{
    private readonly DftPass rows, columns, gradientRows, gradientColumns, inverseColumns, inverseRows;
    private readonly GpuKernel ridge, finish;
    private readonly RidgeArguments ridgeArguments;
    private readonly CorrelationFilterBackwardArguments finishArguments;
    private readonly FilterPlanes constants;
    private readonly GpuBuffer rowReal, rowImaginary, real, imaginary, gradientReal, gradientImaginary, planes;

    internal CorrelationFilterBackwardGpu(
        GpuDevice device, CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
        : base(device, spec)
    {
        int blocks = spec.Features.Blocks, size = spec.Size, margin = spec.Margin, half = size / 2 + 1;
        rows = DftPass.Rows(device, blocks, size, size, windowed: true);
        columns = DftPass.Columns(device, blocks, size, half);
        gradientRows = DftPass.Rows(device, blocks, spec.TemplateSize, size, margin);
        gradientColumns = DftPass.Columns(device, blocks, size, half, margin);
        inverseColumns = DftPass.InverseColumns(device, blocks + 1, size, half, margin: 0);
        inverseRows = DftPass.InverseRows(device, blocks + 1, size, size, margin: 0);
        ridge = device.Load("CorrelationFilter.RidgeGradient");
        finish = device.Load("CorrelationFilter.WindowGradient");
        ridgeArguments = new RidgeArguments
        {
            Blocks = blocks,
            Frequencies = size * half,
            Share = 1f / (size * size),
            Lambda = spec.Lambda,
        };
        finishArguments = new CorrelationFilterBackwardArguments { Blocks = blocks, Pixels = size * size };
        constants = new FilterPlanes(device, spec, window, target);
        long block = (long)size * half * Block.Lanes;
        rowReal = new GpuBuffer(device, (blocks + 1) * block);
        rowImaginary = new GpuBuffer(device, (blocks + 1) * block);
        real = new GpuBuffer(device, (blocks + 1) * block);
        imaginary = new GpuBuffer(device, (blocks + 1) * block);
        gradientReal = new GpuBuffer(device, blocks * block);
        gradientImaginary = new GpuBuffer(device, blocks * block);
        planes = new GpuBuffer(device, (blocks + 1L) * size * size * Block.Lanes);
    }

    protected override void BackwardCore(
        TensorView features, TensorView templateGradient, TensorView featureGradient,
        TensorView windowGradient, TensorView targetGradient, GradientWrite write)
    {
        rows.Run(features.OnGpu(), constants.Window, rowReal.All, rowImaginary.All);
        columns.RunComplex(rowReal.All, rowImaginary.All, real.All, imaginary.All);
        // There is no window. The kernel needs some view in its place, but does not read it.
        gradientRows.Run(templateGradient.OnGpu(), templateGradient.OnGpu(), rowReal.All, rowImaginary.All);
        gradientColumns.RunComplex(rowReal.All, rowImaginary.All, gradientReal.All, gradientImaginary.All);
        ridge.Launch(
            new GridSize(ridgeArguments.Frequencies),
            [real.All, imaginary.All, gradientReal.All, gradientImaginary.All, constants.TargetReal, constants.TargetImaginary],
            ridgeArguments);
        inverseColumns.RunComplex(real.All, imaginary.All, rowReal.All, rowImaginary.All);
        inverseRows.RunInverse(rowReal.All, rowImaginary.All, planes.All);
        finish.LaunchOver(
            finishArguments.Pixels * Block.Lanes,
            [features.OnGpu(), constants.Window, planes.All, featureGradient.OnGpu(), windowGradient.OnGpu(), targetGradient.OnGpu()],
            finishArguments with { Accumulate = write == GradientWrite.Accumulate ? 1 : 0 });
    }

    protected override void UpdateCore(ReadOnlySpan<float> window, ReadOnlySpan<float> target) => constants.Replace(window, target);

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (IDisposable owned in (IDisposable[])
            [
                rows, columns, gradientRows, gradientColumns, inverseColumns, inverseRows, constants,
                rowReal, rowImaginary, real, imaginary, gradientReal, gradientImaginary, planes,
            ])
        {
            owned.Dispose();
        }
    }
}
