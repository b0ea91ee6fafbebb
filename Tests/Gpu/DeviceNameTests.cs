using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Tests.Gpu;

[TestFixture]
internal sealed class DeviceNameTests
{
    [TestCase("auto", null, 0, "auto")]
    [TestCase("cpu", DeviceKind.Cpu, 0, "cpu:0")]
    [TestCase("cpu:0", DeviceKind.Cpu, 0, "cpu:0")]
    [TestCase("CUDA", DeviceKind.Cuda, 0, "cuda:0")]
    [TestCase("cuda:1", DeviceKind.Cuda, 1, "cuda:1")]
    [TestCase("opencl:12", DeviceKind.OpenCl, 12, "opencl:12")]
    public void TryParse_OfAName_GivesItsKindAndNumber(string text, DeviceKind? kind, int index, string written)
    {
        Assert.That(DeviceName.TryParse(text, out DeviceName name));
        Assert.That(name, Is.EqualTo(new DeviceName(kind, index)));
        Assert.That(name.ToString(), Is.EqualTo(written));
    }

    [TestCase("")]
    [TestCase("abacus")]
    [TestCase("0")]
    [TestCase("auto:1")]
    [TestCase("cpu:1")]
    [TestCase("cuda:")]
    [TestCase("cuda:-1")]
    [TestCase("cuda:one")]
    [TestCase("cuda:1:2")]
    [TestCase("cuda:99999999999")]
    public void TryParse_OfSomethingElse_SaysNo(string text) => Assert.That(DeviceName.TryParse(text, out _), Is.False);

    [Test]
    public void Open_OfTheCpu_TakesItsOptions()
    {
        using ComputeDevice device = new DeviceName(DeviceKind.Cpu).Open(new CpuDeviceOptions { Threads = 1 });

        Assert.That(device, Is.TypeOf<CpuDevice>().And.Property(nameof(device.Name)).Contains("1 thread"));
    }
}
