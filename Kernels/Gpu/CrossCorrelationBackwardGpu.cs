namespace SiamIlgpu.Kernels.Gpu;

internal sealed class CrossCorrelationBackwardGpu : CrossCorrelationBackward
{
    private readonly GpuKernel templateKernel, searchKernel;
    private readonly GpuBuffer offsets;
    private readonly GridSize templateGroups, searchGroups;
    private readonly CrossCorrelationBackwardArguments arguments;

    internal CrossCorrelationBackwardGpu(GpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        templateKernel = device.Load("CrossCorrelation.TemplateGradient");
        searchKernel = device.Load("CrossCorrelation.SearchGradient");
        int search = spec.SearchSize, response = spec.ResponseSize;
        int blocks = spec.Search.Blocks;
        templateGroups = new GridSize(spec.TemplateSize, spec.TemplateSize, blocks);
        int columns = searchKernel.Source.GroupSize / 4;
        searchGroups = new GridSize((search - 1) / columns + 1, search, checked(spec.Batch * blocks));
        arguments = new CrossCorrelationBackwardArguments
        {
            Batch = spec.Batch,
            Blocks = blocks,
            TemplateSize = spec.TemplateSize,
            SearchSize = search,
            ResponseSize = response,
        };

        var places = new int[response * response];
        for (int i = 0; i < places.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, response);
            places[i] = (row * search + column) * 4;
        }
        offsets = device.Store<int>(places);
    }

    protected override void BackwardCore(
        TensorView template, TensorView search, TensorView responseGradient, TensorView templateGradient, TensorView searchGradient)
    {
        GpuView gradient = responseGradient.OnGpu(alignment: 1);
        templateKernel.Launch(templateGroups, [search.OnGpu(), gradient, offsets.All, templateGradient.OnGpu()], arguments);
        searchKernel.Launch(searchGroups, [template.OnGpu(), gradient, searchGradient.OnGpu()], arguments);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            offsets.Dispose();
    }
}
