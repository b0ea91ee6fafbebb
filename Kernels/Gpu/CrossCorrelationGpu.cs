namespace SiamIlgpu.Kernels.Gpu;

internal sealed class CrossCorrelationGpu : CrossCorrelation
{
    private readonly GpuKernel kernel;
    private readonly GpuBuffer offsets;
    private readonly GridSize groups;
    private readonly CrossCorrelationArguments arguments;

    internal CrossCorrelationGpu(GpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        kernel = device.Load(device.LikeProcessor ? "CrossCorrelation.Processor" : "CrossCorrelation");
        int template = spec.TemplateSize, search = spec.SearchSize, response = spec.ResponseSize;
        int blocks = spec.Search.Blocks;
        int columns = device.LikeProcessor ? CrossCorrelationArguments.ProcessorColumns : CrossCorrelationArguments.Columns;
        groups = new GridSize((response - 1) / columns + 1, response, spec.Batch);
        arguments = new CrossCorrelationArguments
        {
            TemplateQuads = checked(blocks * template * template * 4),
            SearchQuads = checked(spec.Batch * blocks * search * search * 4),
            SearchSize = search,
            SearchStep = checked(blocks * search * search * 4),
            ResponseSize = response,
            Gain = spec.Gain,
            Bias = spec.Bias,
        };

        var places = new int[blocks * template * template];
        for (int i = 0; i < places.Length; i++)
        {
            (int row, int u) = Math.DivRem(i, template);
            (int block, int v) = Math.DivRem(row, template);
            places[i] = ((block * search + v) * search + u) * 4;
        }
        offsets = device.Store<int>(places);
    }

    protected override void ForwardCore(TensorView template, TensorView search, TensorView response) =>
        kernel.Launch(groups, [template.OnGpu(), search.OnGpu(), offsets.All, response.OnGpu(alignment: 1)], arguments);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            offsets.Dispose();
    }
}
