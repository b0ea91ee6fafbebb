using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that times a cold start: a new process opens the device, loads a model, takes a target and tracks it into one
/// frame. All that a process pays once is in it: the runtime's start, code being compiled, filters being packed.
/// </summary>
internal static class StartCommand
{
    internal static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The weights to load.", HelpName = "FILE", Required = true };
        Option<int> runs = Arguments.Count("--runs", 15, "Processes to start.");
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Threads that share the work.");
        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        // The moment at which the parent started this process; the clock is the machine's.
        var since = new Option<long?>("--since") { Hidden = true };
        var command = new Command("start", "Times the first tracked frame of a new process, model load included.") { model, runs, threads, convolution, since };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(model).FullName;
            var options = new CpuDeviceOptions { Threads = parsed.GetValue(threads), Convolution = parsed.GetValue(convolution) };
            if (parsed.GetValue(since) is { } start)
                TrackOneFrame(file, options, start);
            else
                StartProcesses(file, options, parsed.GetValue(runs));
        });
        return command;
    }

    private static void TrackOneFrame(string model, CpuDeviceOptions options, long start)
    {
        double main = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using var device = new CpuDevice(options);
        using Tracker tracker = Tracker.Load(model, device);
        double loaded = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var video = new PanningVideo();
        double ready = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        tracker.Initialize(video.Next(), PanningVideo.Target);
        double initialized = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        tracker.Update(video.Next());
        double tracked = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        // The picture is the benchmark's own, not the tracker's.
        double picture = ready - loaded;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{main:F1} {loaded:F1} {initialized - picture:F1} {tracked - picture:F1}"));
    }

    private static void StartProcesses(string model, CpuDeviceOptions options, int runs)
    {
        string[] moments = ["the program's first line", "model loaded and packed", "target taken", "first frame tracked"];
        var milliseconds = new List<double>[moments.Length];
        for (int i = 0; i < moments.Length; i++)
            milliseconds[i] = [];
        // The first start reads the files from disk; it is not counted.
        for (int run = -1; run < runs; run++)
        {
            double[] times = StartOne(model, options);
            for (int i = 0; i < times.Length && run >= 0; i++)
                milliseconds[i].Add(times[i]);
        }
        Console.WriteLine($"{runs} processes, since each was started; {Path.GetFileName(model)}, {options.Threads} threads, convolution {options.Convolution}");
        for (int i = 0; i < moments.Length; i++)
            Console.WriteLine($"  {moments[i],-26} {Timing.Of(milliseconds[i])}");
    }

    private static double[] StartOne(string model, CpuDeviceOptions options)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        // Under `dotnet Bench.dll` the process is dotnet, and wants to be told the program.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            info.ArgumentList.Add(typeof(StartCommand).Assembly.Location);
        string[] arguments =
        [
            "start", "--model", model, "--threads", $"{options.Threads}", "--convolution", $"{options.Convolution}",
            "--since", $"{Stopwatch.GetTimestamp()}",
        ];
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        using Process process = Process.Start(info)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return [.. output.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
    }
}
