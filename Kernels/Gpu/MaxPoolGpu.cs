namespace SiamIlgpu.Kernels.Gpu;

internal sealed class MaxPoolGpu : MaxPool
{
    private readonly GpuKernel kernel;
    private readonly MaxPoolArguments arguments;

    internal MaxPoolGpu(GpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("MaxPool");
        arguments = Arguments(spec, spec.Output.Length(device.FeatureLayout));
    }

    protected override void ForwardCore(TensorView input, TensorView output) =>
        kernel.LaunchOver(arguments.Quads, [input.OnGpu(), output.OnGpu()], arguments);

    /// <summary>The arguments that pooling and its gradient have in common. Each thread computes four floats.</summary>
    internal static MaxPoolArguments Arguments(in MaxPoolSpec spec, long floats) => new()
    {
        Quads = checked((int)(floats / 4)),
        Height = spec.Height,
        Width = spec.Width,
        OutHeight = spec.OutHeight,
        OutWidth = spec.OutWidth,
        Size = spec.Size,
        Stride = spec.Stride,
    };
}
