using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>A CPU device with buffers that go with it, for tests of operations that take many.</summary>
internal sealed class TrainingTensors(int threads) : IDisposable
{
    private readonly List<Tensor> owned = [];

    internal CpuDevice Device { get; } = new(threads);

    internal TensorView Features(float[] planar, TensorShape shape) => Keep(Device.Upload(planar, shape, Device.FeatureLayout));

    internal TensorView Planar(float[] values, TensorShape shape) => Keep(Device.Upload(values, shape, TensorLayout.Planar));

    /// <summary>An output that already holds something.</summary>
    internal TensorView Output(TensorShape shape, TensorLayout layout, float value = float.NaN)
    {
        TensorView view = Keep(Device.Allocate(shape, layout));
        view.Floats().Fill(value);
        return view;
    }

    internal TensorView Output(TensorShape shape) => Output(shape, Device.FeatureLayout);

    internal float[] Values(TensorView view) => Device.Download(view);

    /// <summary>Everything as it lies in memory; fails when padding lanes are not zero.</summary>
    internal float[] Raw(TensorView view)
    {
        float[] raw = Device.DownloadRaw(view), planar = Device.Download(view);
        Assert.That(raw.Count(v => v != 0), Is.EqualTo(planar.Count(v => v != 0)), "padding lanes that are not zero");
        return raw;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in owned)
            tensor.Dispose();
        Device.Dispose();
    }

    internal static double[] Doubles(float[] values) => Array.ConvertAll(values, v => (double)v);

    internal static float[] Floats(double[] values) => Array.ConvertAll(values, v => (float)v);

    private TensorView Keep(Tensor tensor)
    {
        owned.Add(tensor);
        return tensor;
    }
}
