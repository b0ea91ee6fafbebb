using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>The OpenCL device that tests run on.</summary>
internal static class OpenClHere
{
    /// <summary>Whether tests of OpenCL take place: where it is missing, they still do in CI, and fail.</summary>
    internal static bool IsTested => Needs.AreMet(Need.OpenCl) || Needs.Fail(Need.OpenCl);

    /// <summary>The arguments of a test that runs without OpenCL and with it.</summary>
    internal static bool[] WithoutAndWith => IsTested ? [false, true] : [false];

    internal static OpenClDriver Open() => OpenClDevices.Open(0);

    internal static bool Exists()
    {
        try
        {
            Open().Dispose();
            return true;
        }
        catch (DeviceUnavailableException)
        {
            return false;
        }
    }
}
