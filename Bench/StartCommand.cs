using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using SiamIlgpu.Bench.Gpu;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that times a cold start: a new process opens the device, loads a model, takes a target and tracks it into one
/// frame. All that a process pays once is in it: the runtime's start, code being compiled, filters being packed.
/// </summary>
internal static class StartCommand
{
    private const int Failed = 2;

    internal static Command Create()
    {
        var model = new Option<FileInfo?>("--model") { Description = "The weights to load.", HelpName = "FILE" };
        Option<string> network = Arguments.Network("Without --model: load a file with random weights of this network.");
        Option<int> runs = Arguments.Count("--runs", 15, "Processes to start.");
        Option<DeviceName> device = Arguments.Device(new DeviceName(DeviceKind.Cpu), "Where to track.");
        var emptyCache = new Option<bool>("--empty-cache") { Description = "Let the GPU's driver compile all kernels in each process." };
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Threads that share the work on the CPU.");
        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        // The moment at which the parent started this process; the clock is the machine's.
        var since = new Option<long?>("--since") { Hidden = true };
        var command = new Command("start", "Times the first tracked frame of a new process, model load included.")
        {
            model, network, runs, device, emptyCache, threads, convolution, since,
        };
        command.SetAction(parsed =>
        {
            var start = new Start(
                parsed.GetValue(device), parsed.GetValue(emptyCache),
                new CpuDeviceOptions { Threads = parsed.GetValue(threads), Convolution = parsed.GetValue(convolution) });
            string? made = parsed.GetValue(model) is null ? Path.GetTempFileName() : null;
            try
            {
                string file = made ?? parsed.GetValue(model)!.FullName;
                if (made is not null)
                    SeededNetwork.Create(parsed.GetRequiredValue(network)).Save(made);
                if (parsed.GetValue(since) is { } moment)
                    TrackOneFrame(file, start, moment);
                else
                {
                    string name = made is null ? Path.GetFileName(file) : $"random {parsed.GetValue(network)}";
                    StartProcesses(file, name, start, parsed.GetValue(runs));
                }
                return 0;
            }
            catch (DeviceException e)
            {
                Console.Error.WriteLine(e.Message);
                return Failed;
            }
            finally
            {
                if (made is not null)
                    File.Delete(made);
            }
        });
        return command;
    }

    private static void TrackOneFrame(string model, Start how, long start)
    {
        double main = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using ComputeDevice device = how.Device.Open(how.Cpu);
        double opened = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using Tracker tracker = Tracker.Load(model, device);
        double loaded = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var video = new PanningVideo();
        double ready = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        tracker.Initialize(video.Next(), PanningVideo.Target);
        device.Synchronize();
        double initialized = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        tracker.Update(video.Next());
        double tracked = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        // The picture is the benchmark's own, not the tracker's.
        double picture = ready - loaded;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{main:F1} {opened:F1} {loaded:F1} {initialized - picture:F1} {tracked - picture:F1} {Environment.CpuUsage.TotalTime.TotalMilliseconds:F1}"));
    }

    private static void StartProcesses(string file, string name, Start how, int runs)
    {
        string[] moments = ["the program's first line", "device opened", "model loaded and packed", "target taken", "first frame tracked", "processor time until then"];
        var milliseconds = new List<double>[moments.Length];
        for (int i = 0; i < moments.Length; i++)
            milliseconds[i] = [];
        // The first start reads the files from disk, and fills the driver's cache; it is not counted.
        for (int run = -1; run < runs; run++)
        {
            double[] times = StartOne(file, how);
            for (int i = 0; i < times.Length && run >= 0; i++)
                milliseconds[i].Add(times[i]);
        }
        string where = how.Device.Kind == DeviceKind.Cpu
            ? $"{how.Cpu.Threads} threads, convolution {how.Cpu.Convolution}"
            : $"{how.Device}, the driver's kernel cache {(how.EmptyCache ? "empty" : $"warm: {KernelCache.Describe(how.Device.Kind)}")}";
        Console.WriteLine($"{runs} processes, since each was started; {name}, {where}");
        for (int i = 0; i < moments.Length; i++)
            Console.WriteLine($"  {moments[i],-26} {Timing.Of(milliseconds[i])}");
    }

    private static double[] StartOne(string model, Start how)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        // Under `dotnet Bench.dll` the process is dotnet, and wants to be told the program.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            info.ArgumentList.Add(typeof(StartCommand).Assembly.Location);
        string[] arguments =
        [
            "start", "--model", model, "--device", $"{how.Device}", "--threads", $"{how.Cpu.Threads}",
            "--convolution", $"{how.Cpu.Convolution}", "--since", $"{Stopwatch.GetTimestamp()}",
        ];
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        string? cache = how.EmptyCache ? Directory.CreateTempSubdirectory("kernels").FullName : null;
        if (cache is not null)
            KernelCache.Move(info, cache);
        try
        {
            using Process process = Process.Start(info)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? [.. output.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))]
                : throw new DeviceException($"the process that was started ended with {process.ExitCode}");
        }
        finally
        {
            if (cache is not null)
                Directory.Delete(cache, recursive: true);
        }
    }

    /// <summary>Where a process tracks, and whether the driver finds its kernels compiled.</summary>
    private sealed record Start(DeviceName Device, bool EmptyCache, CpuDeviceOptions Cpu);
}
