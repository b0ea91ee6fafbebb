namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Runs every operation once on very small data, so that the runtime has compiled the kernels before they are needed. A helper thread does
/// it while the caller reads its weights. This saves a fifth of the time to the first frame, on a core that would be idle.
/// </summary>
internal static unsafe class WarmUp
{
    private static int done;

    /// <summary>Runs once in a process, because compiled code stays.</summary>
    internal static void Once(ConvolutionAlgorithm algorithm)
    {
        if (Interlocked.Exchange(ref done, 1) != 0)
            return;
        if (algorithm != ConvolutionAlgorithm.Direct)
            Convolutions(ConvolutionAlgorithm.Winograd);
        Convolutions(ConvolutionAlgorithm.Direct);
        Others();
    }

    private static void Convolutions(ConvolutionAlgorithm algorithm)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = 1, Convolution = algorithm });
        var pool = new PoolWindow(3, 2);
        ConvolutionSpec[] layers =
        [
            new(1, 3, 23, 23, 32, Size: 11, Stride: 2, Groups: 1, Relu: true) { Pool = pool },
            new(1, 16, 11, 11, 32, Size: 5, Stride: 1, Groups: 1, Relu: true) { Pool = pool },
            new(1, 16, 6, 6, 32, Size: 3, Stride: 1, Groups: 1, Relu: true),
        ];
        foreach (ConvolutionSpec layer in layers)
        {
            using Convolution convolution = device.Prepare(layer, new float[layer.Filters.Count], new float[layer.OutChannels]);
            using Tensor input = device.Allocate(layer.Input, layer.InputLayout(device));
            using Tensor output = device.Allocate(layer.Output, device.FeatureLayout);
            convolution.Forward(input, output);
        }
        if (algorithm == ConvolutionAlgorithm.Direct)
            Tiles<FeatureStep, AddSums>();
        else
            Tiles<FeatureStep, StoreSums>();
    }

    // The tiles of every width that a run of pixels is cut into.
    private static void Tiles<TStep, TEnd>()
        where TStep : struct, IPixelStep
        where TEnd : struct, ITileEnd
    {
        const int Lanes = 32;
        int lanes = ConvolutionTiles.LanesOf(Lanes);
        int widest = ConvolutionTiles.PixelsOf(lanes);
        float* nothing = stackalloc float[2 * Lanes * widest];
        for (int pixels = widest; pixels >= (widest + 1) / 2; pixels--)
            ConvolutionTiles.Run<TStep, TEnd>(lanes, pixels, default, nothing, nothing, 0, nothing, Lanes * widest / 2);
    }

    private static void Others()
    {
        using var device = new CpuDevice(threads: 1);
        const int Side = 32;
        using Tensor crops = device.Allocate(new TensorShape(3, 3, Side, Side), TensorLayout.Interleaved);
        using Tensor features = device.Allocate(new TensorShape(3, 16, 12, 12), device.FeatureLayout);
        using Tensor exemplar = device.Allocate(new TensorShape(1, 16, 8, 8), device.FeatureLayout);
        using Tensor template = device.Allocate(new TensorShape(1, 16, 4, 4), device.FeatureLayout);
        using Tensor responses = device.Allocate(new TensorShape(3, 1, 9, 9), TensorLayout.Planar);

        using CropResize crop = device.Prepare(new CropResizeSpec(3, Side));
        var frame = new FrameView(new byte[3 * Side * Side], Side, Side, PixelFormat.Rgb24);
        CropSquare[] levels = [new(1, 1, Side - 1), new(0, 0, Side), new(-1, -1, Side + 1)];
        crop.Forward(frame, new CropPyramid { Region = new(-2, -2, Side + 2), RegionSize = Side + 1, Levels = levels, Padding = RgbColor.MeanOf(frame) }, crops);

        using CrossCorrelation join = device.Prepare(new CrossCorrelationSpec(3, 16, 4, 12));
        join.Forward(template, features, responses);
        using ResponsePeak peak = device.Prepare(new ResponsePeakSpec(3, 9, Upsampling: 4, ScalePenalty: 1, WindowInfluence: 0.5f));
        peak.Forward(responses);
        peak.Read();
        using Blend blend = device.Prepare(new BlendSpec(template.Shape));
        blend.Forward(template, template, 1);
        blend.Forward(template, template, 0.5f);
        using CorrelationFilter filter = device.Prepare(new CorrelationFilterSpec(16, 8, Margin: 2, Lambda: 1), new float[64], new float[64]);
        filter.Forward(exemplar, template);
    }
}
