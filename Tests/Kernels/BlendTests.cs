using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class BlendTests
{
    [Test]
    public void Forward_BufferOfAnotherDevice_SaysSo()
    {
        var spec = new BlendSpec(new TensorShape(1, 1, 1, 1));
        using var device = new CpuDevice(1);
        using var other = new CpuDevice(1);
        using Blend operation = device.Prepare(spec);
        using var tensors = new CaseTensors(other);
        TensorView foreign = tensors.Output(spec.Shape);
        Assert.That(() => operation.Forward(foreign, foreign, 1), Throws.TypeOf<DeviceMismatchException>());
    }
}
