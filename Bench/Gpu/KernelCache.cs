using System.Diagnostics;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Where the drivers keep what they compiled, from process to process. A start is cold or warm by that.</summary>
internal static class KernelCache
{
    /// <summary>Its folder and how much is in it now.</summary>
    internal static string Describe(DeviceKind? kind)
    {
        string? set = Environment.GetEnvironmentVariable(kind == DeviceKind.Cuda ? "CUDA_CACHE_PATH" : "POCL_CACHE_DIR");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string folder = set ?? Path.Combine(home, kind == DeviceKind.Cuda ? ".nv/ComputeCache" : ".cache/pocl/kcache");
        if (Environment.GetEnvironmentVariable("CUDA_CACHE_DISABLE") == "1" && kind == DeviceKind.Cuda)
            return "off";
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
        return $"{files.Length} files, {files.Sum(f => new FileInfo(f).Length) >> 10} KiB in {folder}";
    }

    /// <summary>Gives a process that is about to start a folder of its own.</summary>
    internal static void Move(ProcessStartInfo process, string folder)
    {
        process.Environment["CUDA_CACHE_PATH"] = folder;
        process.Environment["POCL_CACHE_DIR"] = folder;
    }
}
