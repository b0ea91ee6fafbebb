using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// One branch of a network in training, for one batch and input size. The forward pass runs all steps, and the backward pass runs them in
/// reverse. Every output is kept until the backward pass has used it. The gradients alternate between two buffers.
/// </summary>
internal sealed class TrainingBranch : IDisposable
{
    private readonly Step[] steps;
    private readonly List<Tensor> owned = [];
    private readonly Tensor[] gradients;

    /// <summary>Prepares a branch.</summary>
    /// <param name="device">The device to run on.</param>
    /// <param name="arena">The parameters.</param>
    /// <param name="filters">The filters of each convolution, in order, shared with the other branch.</param>
    /// <param name="definition">The network.</param>
    /// <param name="batch">Number of images in one pass.</param>
    /// <param name="size">Rows and columns of an image.</param>
    /// <param name="write">Whether the branch overwrites the gradients of the parameters or adds to them.</param>
    internal TrainingBranch(
        ComputeDevice device, ParameterArena arena, IReadOnlyList<ConvolutionFilters> filters,
        NetworkDefinition definition, int batch, int size, GradientWrite write)
    {
        IReadOnlyList<LayerShape> layers = BranchShapes.Of(definition, batch, size, size);
        Input = Own(device.Allocate(layers[0].Input, TensorLayout.Interleaved));
        var built = new List<Step>();
        int convolutions = 0;
        TensorView from = Input;
        foreach (LayerShape layer in layers)
        {
            foreach (Step step in StepsOf(device, arena, filters, layer, ref convolutions))
            {
                step.Connect(from, Own(device.Allocate(layer.Output, device.FeatureLayout)), write);
                from = step.Output;
                built.Add(step);
            }
        }
        steps = [.. built];
        Output = from;

        // Every step has the gradient of its output. The first has none of its input: nobody needs the gradient of images.
        TensorShape largest = steps.MaxBy(s => s.Output.Length)!.Output.Shape;
        gradients = [device.Allocate(largest, device.FeatureLayout), device.Allocate(largest, device.FeatureLayout)];
        int at = 0;
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            steps[i].OutputGradient = gradients[at].View.Slice(0, steps[i].Output.Shape, device.FeatureLayout);
            if (i > 0 && !steps[i].InPlace)
                at = 1 - at;
            if (i > 0)
                steps[i].InputGradient = gradients[at].View.Slice(0, steps[i - 1].Output.Shape, device.FeatureLayout);
        }
    }

    /// <summary>The images, RGB 0..255, interleaved.</summary>
    internal TensorView Input { get; }

    /// <summary>The features.</summary>
    internal TensorView Output { get; }

    /// <summary>dL/d<see cref="Output"/>. Fill it before <see cref="Backward"/>.</summary>
    internal TensorView OutputGradient => steps[^1].OutputGradient;

    internal void Forward()
    {
        foreach (Step step in steps)
            step.Forward();
    }

    internal void Backward()
    {
        for (int i = steps.Length - 1; i >= 0; i--)
            steps[i].Backward();
    }

    public void Dispose()
    {
        foreach (Step step in steps)
            step.Dispose();
        foreach (Tensor tensor in owned)
            tensor.Dispose();
        foreach (Tensor gradient in gradients)
            gradient.Dispose();
    }

    private static IEnumerable<Step> StepsOf(
        ComputeDevice device, ParameterArena arena, IReadOnlyList<ConvolutionFilters> filters, LayerShape layer, ref int convolutions)
    {
        if (layer.Layer is not ConvolutionLayer convolution)
            return [new PoolStep(device, BranchShapes.Spec((MaxPoolLayer)layer.Layer, layer.Input))];
        ConvolutionSpec spec = BranchShapes.Spec(convolution, layer.Input) with { Relu = false };
        var step = new ConvolutionStep(device, spec, filters[convolutions++], arena, convolution.Name);
        if (convolution.BatchNorm)
            return [step, new NormStep(device, layer.Output, convolution.Relu, arena, convolution.BatchNormName)];
        if (convolution.Relu)
            step.EndWithRelu();
        return [step];
    }

    private Tensor Own(Tensor tensor)
    {
        owned.Add(tensor);
        return tensor;
    }

    /// <summary>One step of the chain.</summary>
    private abstract class Step : IDisposable
    {
        internal TensorView Input { get; private set; }

        internal TensorView Output { get; private set; }

        internal TensorView OutputGradient { get; set; }

        /// <summary>The gradient of the input; null for the first step.</summary>
        internal TensorView? InputGradient { get; set; }

        /// <summary>Whether the input's gradient may overwrite the output's gradient.</summary>
        internal virtual bool InPlace => false;

        protected GradientWrite Write { get; private set; }

        internal void Connect(TensorView input, TensorView output, GradientWrite write) => (Input, Output, Write) = (input, output, write);

        internal abstract void Forward();

        internal abstract void Backward();

        public abstract void Dispose();
    }

    private sealed class ConvolutionStep(ComputeDevice device, ConvolutionSpec spec, ConvolutionFilters filters, ParameterArena arena, string name) : Step
    {
        private readonly ConvolutionBackward backward = device.PrepareBackward(spec, filters);
        private readonly TensorView filterGradient = arena.Gradient($"{name}.weight");
        private readonly TensorView biasGradient = arena.Gradient($"{name}.bias");
        private Convolution forward = device.Prepare(spec, filters);
        private ReluBackward? relu;

        /// <summary>Puts the ReLU into the convolution, as in inference. This is for a convolution without a batch norm.</summary>
        internal void EndWithRelu()
        {
            forward.Dispose();
            forward = device.Prepare(spec with { Relu = true }, filters);
            relu = device.PrepareBackward(new ReluSpec(spec.Output));
        }

        internal override void Forward() => forward.Forward(Input, Output);

        internal override void Backward()
        {
            relu?.Backward(Output, OutputGradient);
            backward.Filters(Input, OutputGradient, filterGradient, biasGradient, Write);
            if (InputGradient is { } inputGradient)
                backward.Input(OutputGradient, inputGradient);
        }

        public override void Dispose()
        {
            forward.Dispose();
            backward.Dispose();
            relu?.Dispose();
        }
    }

    private sealed class NormStep(ComputeDevice device, TensorShape shape, bool relu, ParameterArena arena, string name) : Step
    {
        private readonly TrainedNorm norm = new(device, shape, relu, arena, name);

        internal override bool InPlace => true;

        internal override void Forward() => norm.Forward(Input, Output);

        internal override void Backward() => norm.Backward(Input, Output, OutputGradient, InputGradient!.Value, Write);

        public override void Dispose() => norm.Dispose();
    }

    private sealed class PoolStep(ComputeDevice device, MaxPoolSpec spec) : Step
    {
        private readonly MaxPool forward = device.Prepare(spec);
        private readonly MaxPoolBackward backward = device.PrepareBackward(spec);

        internal override void Forward() => forward.Forward(Input, Output);

        internal override void Backward()
        {
            if (InputGradient is { } inputGradient)
                backward.Backward(Input, Output, OutputGradient, inputGradient);
        }

        public override void Dispose()
        {
            forward.Dispose();
            backward.Dispose();
        }
    }
}

/// <summary>A batch norm with its parameters and the moments of its last batch.</summary>
internal sealed class TrainedNorm : IDisposable
{
    private readonly BatchNormTraining norm;
    private readonly Tensor moments;
    private readonly TensorView gain, offset, gainGradient, offsetGradient, momentsGradient;

    internal TrainedNorm(ComputeDevice device, TensorShape shape, bool relu, ParameterArena arena, string name)
    {
        norm = device.PrepareTraining(new BatchNormSpec(shape.Batch, shape.Channels, shape.Height, shape.Width, relu));
        moments = device.Allocate(norm.Spec.Moments, TensorLayout.Planar);
        gain = arena.Value($"{name}.gain");
        offset = arena.Value($"{name}.offset");
        gainGradient = arena.Gradient($"{name}.gain");
        offsetGradient = arena.Gradient($"{name}.offset");
        momentsGradient = arena.MomentsGradient(name);
    }

    internal void Forward(TensorView input, TensorView output) => norm.Forward(input, gain, offset, moments, output);

    internal void Backward(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient, GradientWrite write) =>
        norm.Backward(
            input, output, gain, moments, outputGradient, inputGradient, gainGradient, offsetGradient, momentsGradient, write);

    public void Dispose()
    {
        norm.Dispose();
        moments.Dispose();
    }
}
