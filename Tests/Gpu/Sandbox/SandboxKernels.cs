using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>The kernels' sources by name.</summary>
internal static class SandboxKernels
{
    internal static Delegate Find(string name) => KernelSources.All.Single(k => k.Name == name).Method;
}
