namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Chooses how the processor computes a convolution.</summary>
internal static class ConvolutionCpu
{
    internal static Convolution Create(CpuDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
    {
        if (device.Convolution == ConvolutionAlgorithm.Direct || !Winograd(spec, device))
            return new DirectConvolutionCpu(device, spec, filters, bias);
        return ((spec.Size + spec.Stride - 1) / spec.Stride) switch
        {
            3 => new WinogradConvolutionCpu<F4x3>(device, spec, filters, bias),
            5 => new WinogradConvolutionCpu<F4x5>(device, spec, filters, bias),
            6 => new WinogradConvolutionCpu<F3x6>(device, spec, filters, bias),
            _ => new DirectConvolutionCpu(device, spec, filters, bias),
        };
    }

    private static bool Winograd(in ConvolutionSpec spec, CpuDevice device)
    {
        if (spec.OutHeight < 4 || spec.OutWidth < 4 || spec.OutChannels / spec.Groups % 16 != 0)
            return false;
        return spec.InputLayout(device) == TensorLayout.Interleaved
            ? spec.Groups == 1 && spec.Stride * spec.InChannels <= 16
            : spec.Stride == 1 && spec.InChannels / spec.Groups % 16 == 0;
    }
}
