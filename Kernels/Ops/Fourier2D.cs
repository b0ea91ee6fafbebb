namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The 2-D DFT of real planes of any size, and its inverse:
/// F[k,l] = sum over i,j of x[i,j] * exp(-2 pi i (k*i/H + l*j/W)); the inverse divides by H*W.
/// A real plane's spectrum is symmetric, so only its columns 0..W/2 are kept.
/// </summary>
/// <param name="Channels">Number of planes.</param>
/// <param name="Height">Rows of a plane.</param>
/// <param name="Width">Columns of a plane.</param>
public readonly record struct Fourier2DSpec(int Channels, int Height, int Width)
{
    /// <summary>Columns of the kept half of a spectrum.</summary>
    public int SpectrumWidth => Width / 2 + 1;

    /// <summary>Shape of the real planes.</summary>
    public TensorShape Real => new(1, Channels, Height, Width);

    /// <summary>Shape of the real part, and of the imaginary part, of the spectra.</summary>
    public TensorShape Spectrum => new(1, Channels, Height, SpectrumWidth);

    /// <summary>Throws when the values do not describe a transform.</summary>
    /// <exception cref="KernelShapeException">A size is not positive.</exception>
    public void Validate()
    {
        if (Channels <= 0 || Height <= 0 || Width <= 0)
            throw new KernelShapeException($"DFT: every size must be positive, got {this}");
    }
}

/// <summary>A prepared <see cref="Fourier2DSpec"/>. All views have the device's feature layout.</summary>
public abstract class Fourier2D(ComputeDevice device, Fourier2DSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public Fourier2DSpec Spec { get; } = spec;

    /// <summary>Transforms real planes to the real and imaginary parts of their spectra.</summary>
    public void Forward(TensorView planes, TensorView spectrumReal, TensorView spectrumImaginary)
    {
        RequireAll(planes, spectrumReal, spectrumImaginary);
        ForwardCore(planes, spectrumReal, spectrumImaginary);
    }

    /// <summary>Transforms spectra back to real planes.</summary>
    public void Inverse(TensorView spectrumReal, TensorView spectrumImaginary, TensorView planes)
    {
        RequireAll(planes, spectrumReal, spectrumImaginary);
        InverseCore(spectrumReal, spectrumImaginary, planes);
    }

    /// <summary>Transforms views that have been checked.</summary>
    protected abstract void ForwardCore(TensorView planes, TensorView spectrumReal, TensorView spectrumImaginary);

    /// <summary>Transforms views back that have been checked.</summary>
    protected abstract void InverseCore(TensorView spectrumReal, TensorView spectrumImaginary, TensorView planes);

    private void RequireAll(in TensorView planes, in TensorView spectrumReal, in TensorView spectrumImaginary)
    {
        Require(planes, Spec.Real, Device.FeatureLayout, "DFT planes");
        Require(spectrumReal, Spec.Spectrum, Device.FeatureLayout, "DFT spectrum, real part");
        Require(spectrumImaginary, Spec.Spectrum, Device.FeatureLayout, "DFT spectrum, imaginary part");
    }
}
