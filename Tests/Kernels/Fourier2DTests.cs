using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class Fourier2DTests
{
    [Test]
    public void Forward_WrongSpectrum_SaysSo()
    {
        var spec = new Fourier2DSpec(3, 4, 6);
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        using Fourier2D operation = device.Prepare(spec);
        TensorView planes = tensors.Output(spec.Real);
        Assert.That(() => operation.Forward(planes, planes, planes),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("DFT spectrum, real part: expected [1,3,4,4] Blocked16, got [1,3,4,6] Blocked16"));
    }
}
