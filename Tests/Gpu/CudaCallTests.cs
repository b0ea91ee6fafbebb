using System.Diagnostics;
using System.Runtime.CompilerServices;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Run;
using SiamIlgpu.Tests.Tools;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>
/// How ILGPU and the graphs call the CUDA driver, on machines without a GPU: a library of that name answers every call, keeps memory in
/// the host's, and writes down launches instead of running them (Cuda/fake_cuda.c). What the tracker computes there means nothing. Each case
/// is a process of its own, because a process finds its driver once.
/// </summary>
[Needs(Need.X64Linux, Need.Cc)]
internal sealed class CudaCallTests
{
    private string folder = "";

    [OneTimeSetUp]
    public void BuildLibrary()
    {
        folder = Directory.CreateTempSubdirectory("siamilgpu-cuda-").FullName;
        string source = Path.Combine(SourceFolder(), "Cuda", "fake_cuda.c");
        (int code, string said) = Execute("cc", ["-shared", "-fPIC", "-w", "-o", Path.Combine(folder, "libcuda.so.1"), source], []);
        Assert.That(code, Is.Zero, said);
        using var video = new SyntheticVideo();
        Directory.CreateDirectory(Path.Combine(folder, "frames"));
        for (int i = 1; i <= 6; i++)
            PngEncoder.Write(video.Read()!, Path.Combine(folder, "frames", $"{i}.png"));
    }

    [OneTimeTearDown]
    public void DeleteFolder()
    {
        if (folder.Length > 0)
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Search and template are each taken down in their second run and replayed from there on; nothing is left behind.</summary>
    [TestCase("Float32")]
    [TestCase("Tf32")]
    public void Track_SixFrames_RecordsTwoGraphsAndFreesEverything(string math)
    {
        (int code, string said, string[] calls) = Track("", "--math", math);
        Assert.That(code, Is.Zero, said);
        Assert.That(calls.Count(call => call.StartsWith("capture begin", StringComparison.Ordinal)), Is.EqualTo(2));
        Assert.That(calls.Count(call => call.StartsWith("graph launch", StringComparison.Ordinal)), Is.EqualTo(8));
        Assert.That(calls.Count(call => call.StartsWith("launch Kernel_", StringComparison.Ordinal)), Is.GreaterThan(60));
        Assert.That(calls[^1], Is.EqualTo("destroy context 0"), "memory, events, streams, modules and graphs that are left");
    }

    /// <summary>What is launched while a graph is captured goes to the recorder's stream, all else to the device's.</summary>
    [Test]
    public void Track_WhileCapturing_LaunchesOnTheRecordersStreamAlone()
    {
        string[] calls = Track("").Calls;
        int begin = Array.FindIndex(calls, call => call.StartsWith("capture begin", StringComparison.Ordinal));
        int end = Array.FindIndex(calls, call => call.StartsWith("capture end", StringComparison.Ordinal));
        string recorder = calls[begin].Split(' ')[^1], own = calls[begin - 1].Split(' ')[^1];
        Assert.That(recorder, Is.Not.EqualTo(own));
        Assert.That(calls[(begin + 1)..end].Select(call => call.Split(' ')[^1]), Is.Not.Empty.And.All.EqualTo(recorder));
        Assert.That(calls[end + 1], Is.EqualTo($"graph launch {own}"));
    }

    [TestCase("cuMemAlloc:2:10", "CUDA: allocating ", "failed: CUDA_ERROR_OUT_OF_MEMORY")]
    [TestCase("cuModuleLoadDataEx:218:3", "CUDA: building kernel ", "failed: CUDA_ERROR_INVALID_PTX")]
    [TestCase("cuLaunchKernel:700:40", "Fake GPU is lost: CUDA: launching kernel ", "an illegal memory access was encountered")]
    [TestCase("cuMemcpyAsync:719:12", "Fake GPU is lost: CUDA: a copy to the device failed", "CUDA_ERROR_LAUNCH_FAILED")]
    [TestCase("cuEventSynchronize:700:3", "Fake GPU is lost: CUDA: waiting for an event failed", "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [TestCase("cuEventRecord:702:5", "Fake GPU is lost: CUDA: recording an event failed", "CUDA_ERROR_LAUNCH_TIMEOUT")]
    [TestCase("cuStreamSynchronize:714:4", "Fake GPU is lost: CUDA: ", "CUDA_ERROR_HARDWARE_STACK_ERROR")]
    [TestCase("cuGraphLaunch:719:2", "Fake GPU is lost: CUDA: cuGraphLaunch failed", "CUDA_ERROR_LAUNCH_FAILED")]
    [TestCase("cuModuleLoadDataEx:700:3", "Fake GPU is lost: CUDA: ", "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [TestCase("cuCtxCreate:999:0", "CUDA device 0 (Fake GPU", "CUDA_ERROR_UNKNOWN")]
    [TestCase("cuInit:803:0", "CUDA device 0 (NVIDIA GPU): its driver does not work", "")]
    public void Track_CallFails_EndsInOneSentence(string failure, string start, string contains)
    {
        (int code, string said, _) = Track(failure);
        Assert.That(code, Is.EqualTo(2), said);
        Assert.That(said, Does.Contain($"error: {start}").And.Contain(contains).And.Not.Contain("Unhandled").And.Not.Contain("   at "));
    }

    [Test]
    public void Devices_DriverTooOldForIlgpu_SaysWhichIsNeeded()
    {
        (int code, string said) = Execute("dotnet", [typeof(CommandLineHost).Assembly.Location, "devices"], [("FAKE_CUDA_VERSION", "10020")]);
        Assert.That(code, Is.Zero, said);
        Assert.That(said, Does.Contain("Fake GPU, compute capability 9.0").And.Contain("cannot be used: its driver is too old: CUDA 11"));
    }

    private (int Code, string Said, string[] Calls) Track(string failure, params string[] arguments)
    {
        string log = Path.Combine(folder, "calls.txt");
        File.Delete(log);
        (int code, string said) = Execute(
            "dotnet",
            [
                typeof(CommandLineHost).Assembly.Location, "track", "--input", Path.Combine(folder, "frames"), "--init", "20,20,40,40",
                "--device", "cuda", "--boxes", Path.Combine(folder, "boxes.txt"), .. arguments,
            ],
            [("FAKE_CUDA_FAIL", failure)]);
        return (code, said, File.Exists(log) ? File.ReadAllLines(log) : []);
    }

    private (int Code, string Said) Execute(string program, string[] arguments, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments);
        start.Environment["LD_LIBRARY_PATH"] = folder;
        start.Environment["FAKE_CUDA_LOG"] = Path.Combine(folder, "calls.txt");
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        return ReferenceTool.Run(start);
    }

    private static string SourceFolder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
