namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// Batch normalization at inference: y = (x - mean) / sigma * gain + offset, for each channel. This map is affine, so there is
/// no operation for it: it is folded into the convolution before it.
/// </summary>
public static class BatchNorm
{
    /// <summary>
    /// Folds the normalization of a convolution's output into the convolution's filters and bias, in place:
    /// w'[o] = w[o] * gain/sigma, b'[o] = (b[o] - mean) * gain/sigma + offset.
    /// </summary>
    /// <param name="filters">OIHW filters; the first dimension is the length of the other spans.</param>
    /// <param name="bias">One value per output channel.</param>
    /// <param name="gain">Multiplier per output channel.</param>
    /// <param name="offset">Addend per output channel.</param>
    /// <param name="mean">Stored mean per output channel.</param>
    /// <param name="sigma">Stored standard deviation per output channel, epsilon included (MatConvNet's second moment).</param>
    /// <exception cref="KernelShapeException">The lengths do not fit together.</exception>
    public static void Fold(
        Span<float> filters, Span<float> bias,
        ReadOnlySpan<float> gain, ReadOnlySpan<float> offset, ReadOnlySpan<float> mean, ReadOnlySpan<float> sigma)
    {
        int channels = bias.Length;
        if (gain.Length != channels || offset.Length != channels || mean.Length != channels || sigma.Length != channels
            || channels == 0 || filters.Length % channels != 0)
        {
            throw new KernelShapeException(
                $"batch norm: {channels} biases, {filters.Length} filter weights, {gain.Length} gains, {offset.Length} offsets, "
                + $"{mean.Length} means and {sigma.Length} sigmas do not belong together");
        }
        int filterLength = filters.Length / channels;
        for (int o = 0; o < channels; o++)
        {
            double scale = (double)gain[o] / sigma[o];
            foreach (ref float w in filters.Slice(o * filterLength, filterLength))
                w = (float)(w * scale);
            bias[o] = (float)((bias[o] - (double)mean[o]) * scale + offset[o]);
        }
    }
}
