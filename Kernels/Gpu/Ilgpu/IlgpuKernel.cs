using ILGPU.Backends;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>A kernel that is compiled and loaded in the background; the first launch waits for it.</summary>
internal sealed class IlgpuKernel : GpuKernel
{
    private readonly IlgpuDriver driver;
    private readonly Task<KernelLauncher> loading;
    private KernelLauncher? launcher;

    internal IlgpuKernel(IlgpuDriver driver, KernelSource source, Task<CompiledKernel> compiling)
        : base(source)
    {
        this.driver = driver;
        loading = LoadAsync(source, compiling);
    }

    /// <summary>Waits until it is loaded, or has failed to be.</summary>
    internal void Settle() => ((IAsyncResult)loading).AsyncWaitHandle.WaitOne();

    /// <summary>Gives it back to the driver.</summary>
    internal void Free()
    {
        if (loading.IsCompletedSuccessfully)
            loading.Result.Kernel.Dispose();
    }

    protected override void LaunchCore(GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments)
    {
        launcher ??= loading.GetAwaiter().GetResult();
        launcher.Check(Source.Name, views, arguments);
        driver.Launch(launcher, Source, groups, views, arguments);
    }

    private async Task<KernelLauncher> LoadAsync(KernelSource source, Task<CompiledKernel> compiling)
    {
        CompiledKernel compiled = await compiling.ConfigureAwait(false);
        return await Task.Run(() => KernelLauncher.For(source, driver.Build(source, compiled))).ConfigureAwait(false);
    }
}
