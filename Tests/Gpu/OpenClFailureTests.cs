using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.OpenCl;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>What no healthy driver can be made to do.</summary>
[NonParallelizable]
internal sealed class OpenClFailureTests
{
    private static readonly CompiledKernel Nothing = new("Nothing", 256, [], sizeof(int), "Kernel_Nothing", "");

    [Test]
    public void Load_LibraryThatIsNotThere_NamesIt() =>
        Assert.That(() => OpenClApi.Load("libNoSuchOpenCL.so.1", "libNoSuchOpenCL.so"), Throws.InstanceOf<DeviceUnavailableException>()
            .With.Message.EqualTo("no OpenCL device: libNoSuchOpenCL.so.1 was not found"));

    [Test]
    public void Load_FunctionThatTheLibraryLacks_NamesIt() =>
        Assert.That(() => FakeOpenCl.Create(missing: "clEnqueueFillBuffer"), Throws.InstanceOf<DeviceUnavailableException>()
            .With.Message.EqualTo("OpenCL: its library has no clEnqueueFillBuffer; OpenCL 1.2 or later is needed"));

    [Test]
    public void Open_NoDriver_SaysSo()
    {
        OpenClApi api = FakeOpenCl.Create();
        FakeOpenCl.PlatformsCode = -1001;
        Assert.That(OpenClDriver.List(api), Is.Empty);
        Assert.That(() => OpenClDriver.Open(0, api), Throws.InstanceOf<DeviceUnavailableException>()
            .With.Message.EqualTo("no OpenCL device: no driver of the OpenCL library has one"));
    }

    [Test]
    public void Open_DriverOfOpenCl11_SaysWhatIsNeeded()
    {
        OpenClApi api = FakeOpenCl.Create();
        FakeOpenCl.Version = "OpenCL 1.1 FAKE";
        Assert.That(OpenClDriver.List(api)[0].Unusable, Is.EqualTo("OpenCL 1.2 is needed, its driver has 1.1"));
        Assert.That(() => OpenClDriver.Open(0, api), Throws.InstanceOf<DeviceUnavailableException>()
            .With.Message.EqualTo("OpenCL device 0 (fake): OpenCL 1.2 is needed, its driver has 1.1"));
    }

    [TestCase(-5, "CL_OUT_OF_RESOURCES (-5)")]
    [TestCase(-36, "CL_INVALID_COMMAND_QUEUE (-36)")]
    public void Synchronize_DeviceFailed_IsLostForGood(int code, string name)
    {
        using OpenClDriver driver = OpenClDriver.Open(0, FakeOpenCl.Create());
        nint memory = driver.Allocate(16);
        PinnedMemory pinned = driver.AllocatePinned(16);
        FakeOpenCl.FinishCode = code;
        string message = $"fake is lost: OpenCL: clFinish failed: {name}";
        Assert.That(driver.Synchronize, Throws.InstanceOf<DeviceLostException>().With.Message.EqualTo(message));
        FakeOpenCl.FinishCode = 0;
        Assert.That(driver.Synchronize, Throws.InstanceOf<DeviceLostException>().With.Message.EqualTo(message));
        Assert.That(() => driver.Allocate(16), Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => driver.Load(Nothing), Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => driver.CreateFence().Wait(), Throws.InstanceOf<DeviceLostException>());
        driver.Free(memory);
        pinned.Dispose();
        driver.Dispose();
        Assert.That(FakeOpenCl.Alive, Is.Zero, "something was not released");
    }

    [Test]
    public void Launch_OutOfResources_IsThisLaunchsFailureOnly()
    {
        using OpenClDriver driver = OpenClDriver.Open(0, FakeOpenCl.Create());
        GpuKernel kernel = driver.Load(Nothing);
        FakeOpenCl.LaunchCode = -5;
        Assert.That(() => kernel.Launch(new GridSize(1), [], 1), Throws.TypeOf<DeviceException>()
            .With.Message.EqualTo("OpenCL: clEnqueueNDRangeKernel failed: CL_OUT_OF_RESOURCES (-5)"));
        FakeOpenCl.LaunchCode = 0;
        kernel.Launch(new GridSize(1), [], 1);
    }

    [TestCase(-2)]
    [TestCase(-34)]
    [TestCase(-9999)]
    public void Launch_DeviceGone_IsLost(int code)
    {
        using OpenClDriver driver = OpenClDriver.Open(0, FakeOpenCl.Create());
        GpuKernel kernel = driver.Load(Nothing);
        FakeOpenCl.LaunchCode = code;
        Assert.That(() => kernel.Launch(new GridSize(1), [], 1), Throws.InstanceOf<DeviceLostException>());
        Assert.That(driver.Synchronize, Throws.InstanceOf<DeviceLostException>());
    }

    [TestCase(-1, "CL_DEVICE_NOT_FOUND (-1)")]
    [TestCase(-19, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE (-19)")]
    [TestCase(-20, "unknown error (-20)")]
    [TestCase(-30, "CL_INVALID_VALUE (-30)")]
    [TestCase(-54, "CL_INVALID_WORK_GROUP_SIZE (-54)")]
    [TestCase(-61, "CL_INVALID_BUFFER_SIZE (-61)")]
    [TestCase(-71, "CL_INVALID_SPEC_ID (-71)")]
    [TestCase(-72, "CL_MAX_SIZE_RESTRICTION_EXCEEDED (-72)")]
    [TestCase(-73, "unknown error (-73)")]
    public void NameOf_Code_IsTheHeadersName(int code, string name) => Assert.That(OpenClApi.NameOf(code), Is.EqualTo(name));
}
