namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Forward and backward have three launches each: for parts of planes, for channels and for values.</summary>
internal sealed class BatchNormTrainingGpu : BatchNormTraining
{
    private readonly GpuKernel takeMoments, joinMoments, normalize, sumGradients, joinGradients, gradient;
    private readonly GpuBuffer parts, factors;
    private readonly GridSize stretches;
    private readonly int planes;
    private readonly BatchNormTrainingArguments arguments;

    internal BatchNormTrainingGpu(GpuDevice device, BatchNormSpec spec)
        : base(device, spec)
    {
        takeMoments = device.Load("BatchNormTraining.Moments");
        joinMoments = device.Load("BatchNormTraining.JoinMoments");
        normalize = device.Load("BatchNormTraining.Normalize");
        sumGradients = device.Load("BatchNormTraining.SumGradients");
        joinGradients = device.Load("BatchNormTraining.JoinGradients");
        gradient = device.Load("BatchNormTraining.Gradient");
        int lanes = spec.Layout(device) == TensorLayout.Blocked16 ? Block.Lanes : 1;
        int blocks = spec.Channels.DivideUp(lanes);
        int planeLength = checked(spec.Height * spec.Width * lanes);
        planes = checked(spec.Batch * blocks);
        stretches = new GridSize((planeLength - 1) / BatchNormTrainingArguments.Stretch + 1, planes);
        arguments = new BatchNormTrainingArguments
        {
            Lanes = lanes,
            Batch = spec.Batch,
            Blocks = blocks,
            Channels = spec.Channels,
            PlaneLength = planeLength,
            Stretches = stretches.X,
            Count = (float)spec.Batch * spec.Height * spec.Width,
            Epsilon = spec.Epsilon,
            Relu = spec.Relu ? 1 : 0,
        };
        const int MostParts = BatchNormTrainingArguments.MomentParts, MostFactors = BatchNormTrainingArguments.BackwardFactors;
        parts = new GpuBuffer(device, checked(planes * stretches.X * MostParts * lanes));
        factors = new GpuBuffer(device, MostFactors * blocks * lanes);
    }

    protected override void ForwardCore(TensorView input, TensorView gain, TensorView offset, TensorView moments, TensorView output)
    {
        GpuView x = input.OnGpu();
        takeMoments.Launch(stretches, [x, parts.All], arguments);
        joinMoments.Launch(
            new GridSize(arguments.Blocks), [parts.All, gain.OnGpu(), offset.OnGpu(), moments.OnGpu(), factors.All], arguments);
        normalize.LaunchOver(arguments.PlaneLength, [x, factors.All, output.OnGpu()], arguments, planes);
    }

    protected override void BackwardCore(
        TensorView input, TensorView output, TensorView gain, TensorView moments, TensorView outputGradient,
        TensorView inputGradient, TensorView gainGradient, TensorView offsetGradient, TensorView momentsGradient, GradientWrite write)
    {
        GpuView x = input.OnGpu(), y = output.OnGpu(), known = moments.OnGpu(), dy = outputGradient.OnGpu();
        sumGradients.Launch(stretches, [x, y, known, dy, parts.All], arguments);
        joinGradients.Launch(
            new GridSize(arguments.Blocks),
            [parts.All, gain.OnGpu(), known, gainGradient.OnGpu(), offsetGradient.OnGpu(), momentsGradient.OnGpu(), factors.All],
            arguments with { Accumulate = write == GradientWrite.Accumulate ? 1 : 0 });
        gradient.LaunchOver(arguments.PlaneLength, [x, y, factors.All, dy, inputGradient.OnGpu()], arguments, planes);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        parts.Dispose();
        factors.Dispose();
    }
}
