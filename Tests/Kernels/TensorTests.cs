using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class TensorTests
{
    private static readonly TensorShape Shape = new(2, 17, 3, 4);

    [Test]
    public void Allocate_AnyLayout_HoldsZerosThenWhatIsUploaded([Values] TensorLayout layout)
    {
        using var device = new CpuDevice(1);
        using Tensor tensor = device.Allocate(Shape, layout);
        Assert.That(device.DownloadRaw(tensor), Is.All.Zero);
        float[] values = [.. Enumerable.Range(1, (int)Shape.Count)];
        device.Upload(values, tensor);
        Assert.That(device.Download(tensor), Is.EqualTo(values));
    }

    [Test]
    public void Images_OfATensor_AreItsPart([Values] TensorLayout layout)
    {
        using var device = new CpuDevice(1);
        float[] values = [.. Enumerable.Range(1, (int)Shape.Count)];
        using var tensors = new CaseTensors(device);
        TensorView tensor = tensors.Input(values, Shape, layout);
        Assert.That(device.Download(tensor.Images(1, 1)), Is.EqualTo(values[(values.Length / 2)..]));
        Assert.That(() => tensor.Images(1, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Slice_WithinTheView_LooksAtTheSameFloats()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        TensorView tensor = tensors.Input([0, 1, 2, 3, 4, 5, 6, 7], new TensorShape(1, 1, 1, 8), TensorLayout.Planar);
        TensorView middle = tensor.Slice(2, new TensorShape(1, 2, 1, 2), TensorLayout.Planar);
        Assert.That(device.Download(middle.Slice(1, new TensorShape(1, 1, 1, 3), TensorLayout.Planar)), Is.EqualTo([3, 4, 5]));
    }

    [TestCase(-1, 4)]
    [TestCase(5, 4)]
    [TestCase(0, 9)]
    public void Slice_PastTheView_IsRefused(long start, int width)
    {
        using var device = new CpuDevice(1);
        using Tensor tensor = device.Allocate(new TensorShape(1, 1, 1, 8), TensorLayout.Planar);
        Assert.That(() => tensor.View.Slice(start, new TensorShape(1, 1, 1, width), TensorLayout.Planar), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo($"slice: [1,1,1,{width}] Planar from float {start} on reaches past [1,1,1,8] Planar with 8 floats"));
    }

    [Test]
    public void Dispose_ThenUse_IsRefused()
    {
        using var device = new CpuDevice(1);
        Tensor tensor = device.Allocate(Shape, TensorLayout.Planar);
        TensorView view = tensor;
        tensor.Dispose();
        Assert.That(() => device.Download(view), Throws.TypeOf<ObjectDisposedException>());
    }
}
