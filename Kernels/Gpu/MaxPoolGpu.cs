using SiamIlgpu.Kernels.Gpu.Source;

namespace SiamIlgpu.Kernels.Gpu;

internal sealed class MaxPoolGpu : MaxPool
{
    private readonly GpuKernel kernel;
    private readonly MaxPoolArguments arguments;

    internal MaxPoolGpu(GpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("MaxPool");
        arguments = new MaxPoolArguments
        {
            Quads = checked((int)(spec.Output.Length(device.FeatureLayout) / 4)),
            Height = spec.Height,
            Width = spec.Width,
            OutHeight = spec.OutHeight,
            OutWidth = spec.OutWidth,
            Size = spec.Size,
            Stride = spec.Stride,
        };
    }

    protected override void ForwardCore(TensorView input, TensorView output) =>
        kernel.LaunchOver(arguments.Quads, [input.OnGpu(), output.OnGpu()], arguments);
}
