using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Reference;

/// <summary>
/// A whole Siamese network in training, loss and gradients, put together from the references of its operations, in double.
/// Parameters by name, as the weight file has them; images planar.
/// </summary>
internal sealed class NetworkReference(NetworkDefinition definition, TrainingOptions options, double[] exemplars, double[] searches, double[] labels, double[] labelWeights)
{
    /// <summary>The mean loss of the batch, and its gradient for every parameter that learns by gradient.</summary>
    internal (double Loss, Dictionary<string, double[]> Gradients) Run(IReadOnlyDictionary<string, double[]> parameters)
    {
        var gradients = new Dictionary<string, double[]>();
        var exemplar = new Branch(definition, parameters, gradients, options.Batch, definition.ExemplarSize);
        var search = new Branch(definition, parameters, gradients, options.Batch, options.SearchSize);
        double[] z = exemplar.Forward(exemplars), x = search.Forward(searches);

        // The join, pair by pair.
        int batch = options.Batch, channels = exemplar.Output.Channels;
        bool filters = definition.Join.Kind == JoinKind.CorrelationFilter;
        var filter = new CorrelationFilterSpec(channels, exemplar.Output.Height, definition.Join.Margin, definition.Join.Lambda);
        int templateSize = filters ? filter.TemplateSize : exemplar.Output.Height;
        var pair = new CrossCorrelationSpec(1, channels, templateSize, search.Output.Height);
        double[][] templates = [.. Enumerable.Range(0, batch).Select(n => filters
            ? CorrelationFilterReference.Template(filter, Image(z, n, batch), parameters["join.window"], parameters["join.target"])
            : Image(z, n, batch))];
        double[] responses =
            [.. Enumerable.Range(0, batch).SelectMany(n => CrossCorrelationReference.Responses(pair, templates[n], Image(x, n, batch)))];

        (double loss, double[] responseGradients) = Score(responses, pair.ResponseSize, parameters, gradients);

        var zGradient = new List<double>();
        var xGradient = new List<double>();
        for (int n = 0; n < batch; n++)
        {
            (double[] template, double[] searchGradient) =
                CrossCorrelationBackwardReference.Gradients(pair, templates[n], Image(x, n, batch), Image(responseGradients, n, batch));
            xGradient.AddRange(searchGradient);
            if (filters)
            {
                (template, double[] window, double[] target) = CorrelationFilterBackwardReference.Gradients(
                    filter, Image(z, n, batch), parameters["join.window"], parameters["join.target"], template);
                Add(gradients, "join.window", window);
                Add(gradients, "join.target", target);
            }
            zGradient.AddRange(template);
        }
        search.Backward([.. xGradient]);
        exemplar.Backward([.. zGradient]);
        return (loss, gradients);
    }

    private (double Loss, double[] ResponseGradients) Score(
        double[] responses, int size, IReadOnlyDictionary<string, double[]> parameters, Dictionary<string, double[]> gradients)
    {
        double[] scores = responses, moments = [];
        var norm = new BatchNormSpec(options.Batch, 1, size, size, Relu: false);
        if (definition.Join.Adjust == AdjustKind.Affine)
            scores = ScoreAdjustReference.Forward(responses, parameters["adjust.weight"][0], parameters["adjust.bias"][0]);
        else
            (scores, moments) = BatchNormTrainingReference.Forward(norm, responses, parameters["adjust.gain"], parameters["adjust.offset"]);

        double[] losses, gradient;
        if (options.Loss == LossKind.Logistic)
        {
            var spec = new LogisticLossSpec(options.Batch, size);
            losses = LogisticLossReference.Losses(spec, scores, labels, labelWeights);
            gradient = LogisticLossReference.Gradient(spec, scores, labels, labelWeights);
        }
        else
            (losses, gradient) = TripletLossReference.Run(new TripletLossSpec(options.Batch, size, options.HardNegatives), scores, labels);

        if (definition.Join.Adjust == AdjustKind.Affine)
        {
            (gradient, double gain, double bias) = ScoreAdjustReference.Backward(responses, parameters["adjust.weight"][0], gradient);
            Add(gradients, "adjust.weight", [gain]);
            Add(gradients, "adjust.bias", [bias]);
        }
        else
        {
            (gradient, double[] gain, double[] offset) =
                BatchNormTrainingReference.Backward(norm, responses, scores, parameters["adjust.gain"], moments, gradient);
            Add(gradients, "adjust.gain", gain);
            Add(gradients, "adjust.offset", offset);
        }
        return (losses.Average(), gradient);
    }

    private static double[] Image(double[] images, int n, int batch) => images.AsSpan(n * (images.Length / batch), images.Length / batch).ToArray();

    private static void Add(Dictionary<string, double[]> gradients, string name, double[] gradient) =>
        gradients[name] = gradients.TryGetValue(name, out double[]? before) ? [.. before.Zip(gradient, (a, b) => a + b)] : gradient;

    /// <summary>One branch: what goes in and comes out of each layer on the way forward is what the way back needs.</summary>
    private sealed class Branch
    {
        private readonly IReadOnlyDictionary<string, double[]> parameters;
        private readonly Dictionary<string, double[]> gradients;
        private readonly IReadOnlyList<LayerShape> layers;
        private readonly Stack<Func<double[], double[]>> wayBack = new();

        internal Branch(
            NetworkDefinition definition, IReadOnlyDictionary<string, double[]> parameters, Dictionary<string, double[]> gradients, int batch, int size)
        {
            this.parameters = parameters;
            this.gradients = gradients;
            layers = BranchShapes.Of(definition, batch, size, size);
        }

        internal TensorShape Output => layers[^1].Output;

        internal double[] Forward(double[] values)
        {
            foreach (LayerShape layer in layers)
                values = layer.Layer is ConvolutionLayer convolution ? Convolve(convolution, layer, values) : Pool((MaxPoolLayer)layer.Layer, layer, values);
            return values;
        }

        internal void Backward(double[] gradient)
        {
            while (wayBack.TryPop(out Func<double[], double[]>? step))
                gradient = step(gradient);
        }

        private double[] Pool(MaxPoolLayer pool, LayerShape layer, double[] input)
        {
            var spec = new MaxPoolSpec(layer.Input.Batch, layer.Input.Channels, layer.Input.Height, layer.Input.Width, pool.Size, pool.Stride);
            wayBack.Push(gradient => MaxPoolReference.Gradient(spec, input, gradient));
            return MaxPoolReference.Forward(spec, input);
        }

        private double[] Convolve(ConvolutionLayer convolution, LayerShape layer, double[] input)
        {
            double[] filters = parameters[$"{convolution.Name}.weight"], bias = parameters[$"{convolution.Name}.bias"];
            var output = new double[layer.Output.Count];
            ForEachProduct(convolution, layer, (x, w, y) => output[y] += input[x] * filters[w]);
            for (int y = 0; y < output.Length; y++)
                output[y] += bias[ChannelOf(layer, y)];
            wayBack.Push(gradient =>
            {
                var inputGradient = new double[input.Length];
                var filterGradient = new double[filters.Length];
                var biasGradient = new double[bias.Length];
                ForEachProduct(convolution, layer, (x, w, y) =>
                {
                    inputGradient[x] += gradient[y] * filters[w];
                    filterGradient[w] += gradient[y] * input[x];
                });
                for (int y = 0; y < gradient.Length; y++)
                    biasGradient[ChannelOf(layer, y)] += gradient[y];
                Add(gradients, $"{convolution.Name}.weight", filterGradient);
                Add(gradients, $"{convolution.Name}.bias", biasGradient);
                return inputGradient;
            });
            return convolution.BatchNorm ? Normalize(convolution, layer, output) : convolution.Relu ? Rectify(output) : output;
        }

        private double[] Normalize(ConvolutionLayer convolution, LayerShape layer, double[] input)
        {
            string name = convolution.BatchNormName;
            TensorShape shape = layer.Output;
            var spec = new BatchNormSpec(shape.Batch, shape.Channels, shape.Height, shape.Width, convolution.Relu);
            (double[] output, double[] moments) = BatchNormTrainingReference.Forward(spec, input, parameters[$"{name}.gain"], parameters[$"{name}.offset"]);
            wayBack.Push(gradient =>
            {
                (double[] inputGradient, double[] gain, double[] offset) =
                    BatchNormTrainingReference.Backward(spec, input, output, parameters[$"{name}.gain"], moments, gradient);
                Add(gradients, $"{name}.gain", gain);
                Add(gradients, $"{name}.offset", offset);
                return inputGradient;
            });
            return output;
        }

        private double[] Rectify(double[] input)
        {
            double[] output = ReluBackwardReference.Forward(input);
            wayBack.Push(gradient => ReluBackwardReference.Gradient(output, gradient));
            return output;
        }

        private static int ChannelOf(LayerShape layer, int output) => output / (layer.Output.Height * layer.Output.Width) % layer.Output.Channels;

        /// <summary>Every product of an input, a filter weight and an output, by their planar indices.</summary>
        private static void ForEachProduct(ConvolutionLayer convolution, LayerShape layer, Action<int, int, int> product)
        {
            TensorShape input = layer.Input, output = layer.Output;
            int inPerGroup = convolution.InChannels / convolution.Groups, outPerGroup = convolution.OutChannels / convolution.Groups;
            for (int y = 0; y < output.Count; y++)
            {
                int j = y % output.Width, i = y / output.Width % output.Height, o = ChannelOf(layer, y), n = y / (output.Width * output.Height * output.Channels);
                for (int c = 0; c < inPerGroup; c++)
                    for (int u = 0; u < convolution.Size; u++)
                        for (int v = 0; v < convolution.Size; v++)
                        {
                            int plane = n * input.Channels + o / outPerGroup * inPerGroup + c;
                            int x = (plane * input.Height + i * convolution.Stride + u) * input.Width + j * convolution.Stride + v;
                            product(x, ((o * inPerGroup + c) * convolution.Size + u) * convolution.Size + v, y);
                        }
            }
        }
    }
}
