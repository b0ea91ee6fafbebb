namespace SiamIlgpu.Kernels.Gpu;

internal sealed class Fourier2DGpu : Fourier2D
{
    private readonly DftPass rows, columns, inverseColumns, inverseRows;
    private readonly GpuBuffer real, imaginary;

    internal Fourier2DGpu(GpuDevice device, Fourier2DSpec spec)
        : base(device, spec)
    {
        int planes = spec.Real.Blocks;
        rows = DftPass.Rows(device, planes, spec.Height, spec.Width);
        columns = DftPass.Columns(device, planes, spec.Height, spec.SpectrumWidth);
        inverseColumns = DftPass.InverseColumns(device, planes, spec.Height, spec.SpectrumWidth, margin: 0);
        inverseRows = DftPass.InverseRows(device, planes, spec.Height, spec.Width, margin: 0);
        long length = spec.Spectrum.Length(device.FeatureLayout);
        real = new GpuBuffer(device, length);
        imaginary = new GpuBuffer(device, length);
    }

    protected override void ForwardCore(TensorView planes, TensorView spectrumReal, TensorView spectrumImaginary)
    {
        // There is no window. The kernel needs some view in its place, but does not read it.
        rows.Run(planes.OnGpu(), planes.OnGpu(), real.All, imaginary.All);
        columns.RunComplex(real.All, imaginary.All, spectrumReal.OnGpu(), spectrumImaginary.OnGpu());
    }

    protected override void InverseCore(TensorView spectrumReal, TensorView spectrumImaginary, TensorView planes)
    {
        inverseColumns.RunComplex(spectrumReal.OnGpu(), spectrumImaginary.OnGpu(), real.All, imaginary.All);
        inverseRows.RunInverse(real.All, imaginary.All, planes.OnGpu());
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        rows.Dispose();
        columns.Dispose();
        inverseColumns.Dispose();
        inverseRows.Dispose();
        real.Dispose();
        imaginary.Dispose();
    }
}
