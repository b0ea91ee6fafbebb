using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>The drivers' libraries, by the names that ILGPU gives them.</summary>
internal sealed class LibraryNamesTests
{
    /// <summary>A machine that has no development package has libOpenCL.so.1 alone, and ILGPU finds it all the same.</summary>
    [Test]
    [Needs(Need.OpenCl)]
    public void Find_OpenCl_IsTheLibraryOfTheDeviceThatIsOpened()
    {
        using OpenClDriver driver = OpenClHere.Open();
        Assert.That(LibraryNames.HasOpenCl);
        Assert.That(LibraryNames.Find("OpenCL") != 0);
        Assert.That(OpenClDevices.List(), Is.Not.Empty);
    }

    [TestCase("libc")]
    [TestCase("opencl2")]
    [TestCase("")]
    public void Find_AnotherName_IsLeftToOthers(string name) => Assert.That(LibraryNames.Find(name) == 0);

    [Test]
    [Needs(Need.NoCudaDriver)]
    public void OpenCuda_WithoutADriver_SaysSo()
    {
        Assert.That(CudaDevices.List(), Is.Empty);
        Assert.That(() => GpuDevice.OpenCuda(), Throws.TypeOf<DeviceUnavailableException>()
            .With.Message.EqualTo("no CUDA device: the library of its driver was not found"));
    }
}
