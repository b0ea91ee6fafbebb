using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>The OpenCL device that tests run on. Where there is none they are skipped, but fail in CI, which has PoCL.</summary>
internal static class OpenClHere
{
    internal static OpenClDriver Open()
    {
        try
        {
            return OpenClDevices.Open(0);
        }
        catch (DeviceUnavailableException e)
        {
            string message = $"needs an OpenCL device, such as the processor by PoCL (Debian: pocl-opencl-icd): {e.Message}";
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(message);
            Assert.Ignore(message);
            throw;
        }
    }
}
