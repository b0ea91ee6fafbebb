using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>
/// The verb that measures a GPU in one call: a cold start, a check of every operation, the operations, whole frames, boxes. It
/// prints Markdown.
/// </summary>
internal static class GpuCommand
{
    private const int Failed = 2;

    internal static Command Create()
    {
        Option<DeviceName> device = Arguments.GpuDevice("The device to measure: a GPU, or OpenCL on the processor.");
        var networks = new Option<string[]>("--network")
        {
            Description = "Networks to measure.",
            DefaultValueFactory = _ => ["siamfc", "cfnet-conv2"],
            AllowMultipleArgumentsPerToken = true,
        };
        networks.AcceptOnlyFromAmong([.. PaperNetworks.Names]);
        Option<int> batch = Arguments.Count("--batch", 3, "Crops of a convolution; frames have as many as their tracker has scales.");
        Option<int> rounds = Arguments.Count("--rounds", 15, "Rounds that a median is taken of.");
        var command = new Command("gpu", "Checks a GPU against the references, then times it: Markdown, to be kept as it is.")
        {
            device, networks, batch, rounds,
        };
        command.SetAction(parsed =>
        {
            try
            {
                bool right = Run(
                    parsed.GetValue(device), parsed.GetRequiredValue(networks), parsed.GetValue(batch), parsed.GetValue(rounds));
                return right ? 0 : Failed;
            }
            catch (DeviceException e)
            {
                Console.WriteLine($"FAILED: {e.Message}");
                return Failed;
            }
        });
        return command;
    }

    private static bool Run(DeviceName name, string[] networks, int batch, int rounds)
    {
        string cache = KernelCache.Describe(name.Kind);
        long start = Stopwatch.GetTimestamp();
        using var device = (GpuDevice)name.Open();
        double opened = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using var cpu = new CpuDevice();
        Console.WriteLine($"# {DateTime.UtcNow:yyyy-MM-dd}, {device.Name}");
        Console.WriteLine($"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, beside it {cpu.Name}.");
        Console.WriteLine();

        Title("Cold start");
        Console.WriteLine($"The driver's cache of compiled kernels before: {cache}. Code of .NET is compiled on the way.");
        Console.WriteLine();
        GpuFrames.Start(device, networks, opened);

        Title("Check against references in double");
        bool right = new GpuCheck(device).Run();
        Console.WriteLine(right ? "All cases pass." : "What follows was timed all the same.");
        Console.WriteLine();

        Title("Convolutions");
        Console.WriteLine($"Time of one launch among many between two waits, median of {rounds} rounds.");
        Console.WriteLine();
        foreach (string network in networks)
            GpuTimes.Convolutions(device, network, batch, rounds);
        Title("Other operations");
        GpuTimes.Others(device, rounds);

        Title("Whole frames");
        Console.WriteLine("Resident: from crops on the device to the peak on the host, and CFNet's template. With upload: all of");
        Console.WriteLine($"a tracked frame, from {PanningVideo.Width}x{PanningVideo.Height} pixels in the host's memory to the box.");
        Console.WriteLine();
        foreach (string network in networks)
            GpuFrames.Measure(device, cpu, network);

        Title("Boxes");
        Console.WriteLine("A made-up video, random filters.");
        Console.WriteLine();
        GpuFrames.Boxes(device, cpu, networks);
        return right;
    }

    private static void Title(string text)
    {
        Console.WriteLine($"## {text}");
        Console.WriteLine();
    }
}
