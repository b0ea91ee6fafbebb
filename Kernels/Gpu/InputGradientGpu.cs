namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The gradient of a convolution's input. The output's gradient is spread out and convolved with the flipped filters.
/// See ConvolutionBackwardKernels.
/// </summary>
internal sealed class InputGradientGpu : IDisposable
{
    private readonly GpuKernel spread;
    private readonly GpuBuffer spreadOut;
    private readonly SpreadArguments arguments;
    private readonly ConvolutionPass pass;

    internal InputGradientGpu(GpuDevice device, in ConvolutionSpec spec, GpuFilters filters)
    {
        // [batch, out, H+S-1, W+S-1]: a border of Size - 1 zeros, and stride - 1 zeros between values. Rows and columns of the input that no
        // window reaches get a gradient of zero.
        int border = spec.Size - 1;
        var convolution = new ConvolutionSpec(
            spec.Batch, spec.OutChannels, spec.Height + border, spec.Width + border, spec.InChannels, spec.Size, Stride: 1, spec.Groups,
            Relu: false);
        pass = new ConvolutionPass(device, convolution, image: false, filters.Flipped(spec));
        spread = device.Load("ConvolutionBackward.Spread");
        spreadOut = device.AllocateBuffer(convolution.Input.Length(device.FeatureLayout));
        arguments = new SpreadArguments
        {
            Quads = checked((int)(spec.Output.Length(device.FeatureLayout) / 4)),
            MapQuads = spec.MapHeight * spec.MapWidth * 4,
            MapWidth = spec.MapWidth,
            First = border * (convolution.Width + 1) * 4,
            BlockStep = convolution.Height * convolution.Width * 4,
            RowStep = spec.Stride * convolution.Width * 4,
            ColumnStep = spec.Stride * 4,
        };
    }

    internal void Compute(GpuView outputGradient, GpuView inputGradient)
    {
        spread.LaunchOver(arguments.Quads, [outputGradient, spreadOut.All], arguments);
        pass.Run(spreadOut.All, inputGradient);
    }

    public void Dispose()
    {
        pass.Dispose();
        spreadOut.Dispose();
    }
}
