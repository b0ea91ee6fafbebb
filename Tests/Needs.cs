using System.Runtime.InteropServices;
using SiamIlgpu.Kernels.Gpu.Ilgpu;
using SiamIlgpu.Tests.Gpu;
using SiamIlgpu.Tests.Tools;

namespace SiamIlgpu.Tests;

/// <summary>What some tests need and a machine may lack: data, devices, programs on PATH, kinds of systems.</summary>
internal enum Need
{
    SharedData,
    OpenCl,
    Browser,
    Ffmpeg,
    Ffprobe,
    Djpeg,
    Cjpeg,
    Pngtopnm,
    Cc,
    Setsid,
    Ptxas,
    Unix,
    X64Linux,
    OpenHandles,
    NoCudaDriver,
}

/// <summary>Which needs this machine meets.</summary>
internal static class Needs
{
    private static readonly Dictionary<Need, bool> Met = Enum.GetValues<Need>().ToDictionary(need => need, Ask);

    /// <summary>Whether everything runs, slow tests too, and what an installer could bring must be there.</summary>
    internal static bool InCi { get; } = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    internal static bool AreMet(Need need) => Met[need];

    /// <summary>Whether tests fail because of this need: in CI, unless no installer could bring what is missing.</summary>
    internal static bool Fail(Need need) => InCi && !AreMet(need)
        && need is not (Need.SharedData or Need.Ptxas or Need.Unix or Need.X64Linux or Need.OpenHandles or Need.NoCudaDriver);

    private static bool Ask(Need need) => need switch
    {
        Need.SharedData => Directory.Exists(SharedData.Root),
        Need.OpenCl => OpenClHere.Exists(),
        Need.Browser => Chromium.Program is not null,
        Need.Unix => !OperatingSystem.IsWindows(),
        Need.X64Linux => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
        Need.OpenHandles => Directory.Exists("/proc/self/fd"),
        Need.NoCudaDriver => !LibraryNames.HasCuda,
        _ => ReferenceTool.Find(need.ToString().ToLowerInvariant()) is not null,
    };
}
