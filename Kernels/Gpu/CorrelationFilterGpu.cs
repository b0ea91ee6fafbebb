namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// Five launches: the transform of the windowed rows, that of the columns, the ridge regression at each frequency, and the transforms of
/// columns and rows back. The last two compute only what the margin leaves.
/// </summary>
internal sealed class CorrelationFilterGpu : CorrelationFilter
{
    private readonly DftPass rows, columns, inverseColumns, inverseRows;
    private readonly GpuKernel ridge;
    private readonly RidgeArguments arguments;
    private readonly FilterPlanes constants;
    private readonly GpuBuffer rowReal, rowImaginary, real, imaginary;

    internal CorrelationFilterGpu(GpuDevice device, CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
        : base(device, spec)
    {
        int planes = spec.Features.Blocks, half = spec.Size / 2 + 1;
        rows = DftPass.Rows(device, planes, spec.Size, spec.Size, windowed: true);
        columns = DftPass.Columns(device, planes, spec.Size, half);
        inverseColumns = DftPass.InverseColumns(device, planes, spec.Size, half, spec.Margin);
        inverseRows = DftPass.InverseRows(device, planes, spec.TemplateSize, spec.Size, spec.Margin);
        ridge = device.Load("CorrelationFilter.Ridge");
        arguments = new RidgeArguments
        {
            Blocks = planes,
            Frequencies = spec.Size * half,
            Share = 1f / (spec.Size * spec.Size),
            Lambda = spec.Lambda,
        };
        constants = new FilterPlanes(device, spec, window, target);
        long length = (long)planes * spec.Size * half * Block.Lanes;
        rowReal = new GpuBuffer(device, length);
        rowImaginary = new GpuBuffer(device, length);
        real = new GpuBuffer(device, length);
        imaginary = new GpuBuffer(device, length);
    }

    protected override void ForwardCore(TensorView features, TensorView template)
    {
        rows.Run(features.OnGpu(), constants.Window, rowReal.All, rowImaginary.All);
        columns.RunComplex(rowReal.All, rowImaginary.All, real.All, imaginary.All);
        ridge.Launch(
            new GridSize(arguments.Frequencies), [real.All, imaginary.All, constants.TargetReal, constants.TargetImaginary], arguments);
        inverseColumns.RunComplex(real.All, imaginary.All, rowReal.All, rowImaginary.All);
        inverseRows.RunInverse(rowReal.All, rowImaginary.All, template.OnGpu());
    }

    protected override void UpdateCore(ReadOnlySpan<float> window, ReadOnlySpan<float> target) => constants.Replace(window, target);

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (IDisposable owned in (IDisposable[])
            [rows, columns, inverseColumns, inverseRows, constants, rowReal, rowImaginary, real, imaginary])
        {
            owned.Dispose();
        }
    }
}
