namespace SiamIlgpu.Kernels.Gpu;

/// <summary>All kernels.</summary>
internal static class KernelSources
{
    /// <summary>Finds a kernel.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    internal static KernelSource Find(string name) =>
        All.FirstOrDefault(kernel => kernel.Name == name) ?? throw new KeyNotFoundException($"no kernel '{name}'");

    internal static IReadOnlyList<KernelSource> All { get; } =
    [
        .. Convolutions<Tile64X64>("64x64"),
        .. Convolutions<Tile128X128>("128x128"),
        .. Convolutions<Tile32X128>("32x128"),
        .. Convolutions<Tile16X256>("16x256"),
        new("Convolution.Features.Processor", ConvolutionKernels.ForwardOnProcessor<FeatureInput>, 1, KernelUse.Processor),
        new("Convolution.Image.Processor", ConvolutionKernels.ForwardOnProcessor<ImageInput>, 1, KernelUse.Processor),
        new("Convolution.SumParts", ConvolutionKernels.SumParts, ConvolutionKernels.SumThreads),
        .. TensorCoreConvolutions<Tile64X64>("64x64"),
        .. TensorCoreConvolutions<Tile128X128>("128x128"),
        new("ConvolutionFilters.Keep", ConvolutionFilterKernels.Keep, ConvolutionFilterKernels.Threads),
        new("ConvolutionFilters.Pack", ConvolutionFilterKernels.Pack, ConvolutionFilterKernels.Threads),
        new("ConvolutionBackward.Spread", ConvolutionBackwardKernels.Spread, ConvolutionBackwardKernels.Threads),
        .. FilterGradients<Tile64X64>("64x64"),
        .. FilterGradients<Tile128X128>("128x128"),
        .. FilterGradients<Tile32X128>("32x128"),
        .. FilterGradients<Tile16X256>("16x256"),
        new("ConvolutionBackward.Bias", ConvolutionBackwardKernels.Bias, ConvolutionBackwardKernels.BiasThreads),
        new("ConvolutionBackward.SumParts", ConvolutionBackwardKernels.SumParts, ConvolutionBackwardKernels.Threads),
        new("ReluBackward", ReluBackwardKernels.Backward, ReluBackwardKernels.Threads),
        new("MaxPool", MaxPoolKernels.Forward, MaxPoolKernels.Threads),
        new("MaxPool.Backward", MaxPoolKernels.Backward, MaxPoolKernels.Threads),
        new("CrossCorrelation", CrossCorrelationKernels.Forward, CrossCorrelationKernels.Threads),
        new("CrossCorrelation.Processor", CrossCorrelationKernels.ForwardOnProcessor, 1, KernelUse.Processor),
        new("CrossCorrelation.TemplateGradient", CrossCorrelationBackwardKernels.Template, CrossCorrelationBackwardKernels.TemplateThreads),
        new("CrossCorrelation.SearchGradient", CrossCorrelationBackwardKernels.Search, CrossCorrelationBackwardKernels.SearchThreads),
        new("Blend", BlendKernels.Forward, BlendKernels.Threads),
        new("Dft.RealToComplex", DftKernels.RealToComplex<NoWindow>, DftKernels.Threads),
        new("Dft.WindowedToComplex", DftKernels.RealToComplex<PlaneWindow>, DftKernels.Threads),
        new("Dft.ComplexToComplex", DftKernels.ComplexToComplex, DftKernels.Threads),
        new("Dft.ComplexToReal", DftKernels.ComplexToReal, DftKernels.Threads),
        new("CorrelationFilter.Ridge", DftKernels.Ridge, DftKernels.RidgeThreads),
        new("CorrelationFilter.RidgeGradient", CorrelationFilterBackwardKernels.Ridge, CorrelationFilterBackwardKernels.RidgeThreads),
        new("CorrelationFilter.WindowGradient", CorrelationFilterBackwardKernels.Window, CorrelationFilterBackwardKernels.WindowThreads),
        new("CropResize.DownBytes", CropResizeKernels.Down<byte, ByteValue>, CropResizeKernels.Threads),
        new("CropResize.DownFloats", CropResizeKernels.Down<float, FloatValue>, CropResizeKernels.Threads),
        new("CropResize.Along", CropResizeKernels.Along, CropResizeKernels.Threads),
        new("ResponsePeak.Upsample", ResponsePeakKernels.Upsample, ResponsePeakKernels.Threads),
        new("ResponsePeak.Mix", ResponsePeakKernels.Mix, ResponsePeakKernels.Threads),
        new("ResponsePeak.Finish", ResponsePeakKernels.Finish, ResponsePeakKernels.Threads),
        new("BatchNormTraining.Moments", BatchNormTrainingKernels.Moments, BatchNormTrainingKernels.Threads),
        new("BatchNormTraining.JoinMoments", BatchNormTrainingKernels.JoinMoments, BatchNormTrainingKernels.Threads),
        new("BatchNormTraining.Normalize", BatchNormTrainingKernels.Normalize, BatchNormTrainingKernels.Threads),
        new("BatchNormTraining.SumGradients", BatchNormTrainingKernels.SumGradients, BatchNormTrainingKernels.Threads),
        new("BatchNormTraining.JoinGradients", BatchNormTrainingKernels.JoinGradients, BatchNormTrainingKernels.Threads),
        new("BatchNormTraining.Gradient", BatchNormTrainingKernels.Gradient, BatchNormTrainingKernels.Threads),
        new("ScoreAdjust", ScoreAdjustKernels.Forward, ScoreAdjustKernels.Threads),
        new("ScoreAdjust.Backward", ScoreAdjustKernels.Backward, ScoreAdjustKernels.Threads),
        new("LogisticLoss", LogisticLossKernels.Run, LogisticLossKernels.Threads),
        new("TripletLoss.List", TripletLossKernels.List, TripletLossKernels.Threads),
        new("TripletLoss.Pairs", TripletLossKernels.Pairs, TripletLossKernels.Threads),
        new("TripletLoss.SumUp", TripletLossKernels.SumUp, TripletLossKernels.SumThreads),
        new("SgdStep", SgdStepKernels.Step, SgdStepKernels.Threads),
        new("AdamWStep", AdamWStepKernels.Step, AdamWStepKernels.Threads),
    ];

    private static IEnumerable<KernelSource> Convolutions<TTile>(string tile)
        where TTile : struct, IConvolutionTile
    {
        int threads = TTile.Channels * TTile.Pixels / 64;
        yield return new($"Convolution.Features.{tile}", ConvolutionKernels.Forward<FeatureInput, TTile>, threads);
        yield return new($"Convolution.Image.{tile}", ConvolutionKernels.Forward<ImageInput, TTile>, threads);
    }

    private static IEnumerable<KernelSource> FilterGradients<TTile>(string tile)
        where TTile : struct, IConvolutionTile
    {
        int threads = TTile.Channels * TTile.Pixels / 64;
        yield return new($"ConvolutionBackward.Features.{tile}", ConvolutionBackwardKernels.Filters<FeatureInput, TTile>, threads);
        yield return new($"ConvolutionBackward.Image.{tile}", ConvolutionBackwardKernels.Filters<ImageInput, TTile>, threads);
    }

    private static IEnumerable<KernelSource> TensorCoreConvolutions<TTile>(string tile)
        where TTile : struct, IConvolutionTile
    {
        int threads = TTile.Channels * TTile.Pixels / 32;
        yield return new($"Convolution.Features.Tf32.{tile}", TensorCoreConvolutionKernels.Forward<FeatureInput, TTile>, threads, KernelUse.TensorCores);
        yield return new($"Convolution.Image.Tf32.{tile}", TensorCoreConvolutionKernels.Forward<ImageInput, TTile>, threads, KernelUse.TensorCores);
    }
}
