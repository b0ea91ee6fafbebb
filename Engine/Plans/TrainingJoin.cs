using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>The join in training. It works pair by pair: each exemplar's template slides over the search features of its pair.</summary>
internal sealed class TrainingJoin : IDisposable
{
    private readonly ComputeDevice device;
    private readonly ParameterArena arena;
    private readonly TrainingBranch exemplar;
    private readonly TrainingBranch search;
    private readonly CorrelationFilter? filter;
    private readonly CorrelationFilterBackward? filterBackward;
    private readonly CrossCorrelation correlation;
    private readonly CrossCorrelationBackward correlationBackward;
    private readonly Tensor? filtered, filteredGradients;
    private readonly TensorView templates, templateGradients;
    private readonly Tensor responses, responseGradients;

    internal TrainingJoin(ComputeDevice device, ParameterArena arena, JoinDefinition definition, TrainingBranch exemplar, TrainingBranch search)
    {
        this.device = device;
        this.arena = arena;
        this.exemplar = exemplar;
        this.search = search;
        TensorShape features = exemplar.Output.Shape;
        templates = exemplar.Output;
        templateGradients = exemplar.OutputGradient;
        if (definition.Kind == JoinKind.CorrelationFilter)
        {
            var spec = new CorrelationFilterSpec(features.Channels, features.Height, definition.Margin, definition.Lambda);
            (float[] window, float[] target) = ReadPlanes();
            filter = device.Prepare(spec, window, target);
            filterBackward = device.PrepareBackward(spec, window, target);
            TensorShape template = spec.Template with { Batch = features.Batch };
            templates = filtered = device.Allocate(template, device.FeatureLayout);
            templateGradients = filteredGradients = device.Allocate(template, device.FeatureLayout);
        }
        var pair = new CrossCorrelationSpec(1, features.Channels, templates.Shape.Height, search.Output.Shape.Height);
        correlation = device.Prepare(pair);
        correlationBackward = device.PrepareBackward(pair);
        TensorShape maps = pair.Response with { Batch = features.Batch };
        responses = device.Allocate(maps, TensorLayout.Planar);
        responseGradients = device.Allocate(maps, TensorLayout.Planar);
    }

    /// <summary>The response maps [batch,1,r,r], one per pair.</summary>
    internal TensorView Responses => responses;

    /// <summary>The gradients of the responses. Fill them before <see cref="Backward"/>.</summary>
    internal TensorView ResponseGradients => responseGradients;

    internal void Forward()
    {
        for (int n = 0; n < Responses.Shape.Batch; n++)
        {
            filter?.Forward(exemplar.Output.Images(n, 1), templates.Images(n, 1));
            correlation.Forward(templates.Images(n, 1), search.Output.Images(n, 1), Responses.Images(n, 1));
        }
    }

    internal void Backward()
    {
        for (int n = 0; n < Responses.Shape.Batch; n++)
        {
            correlationBackward.Backward(
                templates.Images(n, 1), search.Output.Images(n, 1), ResponseGradients.Images(n, 1),
                templateGradients.Images(n, 1), search.OutputGradient.Images(n, 1));
            filterBackward?.Backward(
                exemplar.Output.Images(n, 1), templateGradients.Images(n, 1), exemplar.OutputGradient.Images(n, 1),
                arena.Gradient("join.window"), arena.Gradient("join.target"), n == 0 ? GradientWrite.Overwrite : GradientWrite.Accumulate);
        }
    }

    /// <summary>Waits for the device, and gives the arena's window and target to the correlation filter.</summary>
    internal void UpdateFilter()
    {
        if (filter is null)
            return;
        (float[] window, float[] target) = ReadPlanes();
        filter.Update(window, target);
        filterBackward!.Update(window, target);
    }

    public void Dispose()
    {
        filter?.Dispose();
        filterBackward?.Dispose();
        correlation.Dispose();
        correlationBackward.Dispose();
        responses.Dispose();
        responseGradients.Dispose();
        filtered?.Dispose();
        filteredGradients?.Dispose();
    }

    private (float[] Window, float[] Target) ReadPlanes() => (Read("join.window"), Read("join.target"));

    private float[] Read(string name)
    {
        TensorView view = arena.Value(name);
        var values = new float[view.Shape.Count];
        device.Download(view, values);
        return values;
    }
}
