using System.CommandLine;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Plans;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that times whole tracked frames (crops, branch, join, peak, and CFNet's template) beside the search branch
/// alone and beside the whole network (both branches, filter, join), and counts what a frame allocates. Frames lie in memory:
/// nothing is decoded.
/// </summary>
internal static class FrameCommand
{
    private const int CountedFrames = 50;

    internal static Command Create()
    {
        Option<string> network = Arguments.Network();
        Option<FileInfo?> model = Arguments.Model();
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Threads that share the work.");
        Option<int> rounds = Arguments.Count("--rounds", 40, "Rounds; each counts two frames and two passes of the branch.");

        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        var command = new Command("frame", "Times whole tracked frames against the search branch alone, and counts what they allocate.")
        {
            network, model, threads, convolution, rounds,
        };
        command.SetAction(parsed => BenchData.Guard(() =>
        {
            NetworkWeights weights = Arguments.WeightsOf(parsed, model, network);
            var options = new CpuDeviceOptions { Threads = parsed.GetValue(threads), Convolution = parsed.GetValue(convolution) };
            Measure(weights, options, parsed.GetValue(rounds));
        }));
        return command;
    }

    private static void Measure(NetworkWeights weights, CpuDeviceOptions options, int rounds)
    {
        using var device = new CpuDevice(options);
        using var tracker = new Tracker(weights, device);
        var video = new PanningVideo();
        tracker.Initialize(video.Next(), PanningVideo.Target);

        // The first two frames may fill caches and load code.
        tracker.Update(video.Next());
        tracker.Update(video.Next());
        long onThread = GC.GetAllocatedBytesForCurrentThread();
        long onAll = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < CountedFrames; i++)
            tracker.Update(video.Next());
        onAll = GC.GetTotalAllocatedBytes(precise: true) - onAll;
        onThread = GC.GetAllocatedBytesForCurrentThread() - onThread;

        int size = tracker.Definition.SearchSize;
        using var branch = InferencePlan.Create(device, weights, tracker.Options.Scales, size, size);
        device.Upload(SeededNetwork.Images(branch.Input.Shape), branch.Input);
        using var network = SiameseNetwork.Create(device, weights, tracker.Options.Scales);
        device.Upload(SeededNetwork.Images(network.SearchCrops.Shape), network.SearchCrops);
        device.Upload(SeededNetwork.Images(network.ExemplarCrops.Shape), network.ExemplarCrops);
        network.UpdateTemplates(1);
        (Timing ofFrame, Timing ofBranch) = Turns.Time(() => tracker.Update(video.Next()), branch.Forward, rounds);
        (Timing ofFrameAgain, Timing ofNetwork) = Turns.Time(() => tracker.Update(video.Next()), RunNetwork, rounds);

        Console.WriteLine($"{weights.Source}, {tracker.Options.Name}, frames of {PanningVideo.Width}x{PanningVideo.Height}; {device.Name}");
        Console.WriteLine($"  frame   {ofFrame}");
        Console.WriteLine($"  branch  {ofBranch}, {tracker.Options.Scales} x {size}x{size}");
        Console.WriteLine($"  network {ofNetwork}, {(tracker.Options.TemplateRate > 0 ? "both branches" : "search branch")} and join; frames beside it {ofFrameAgain}");
        Console.WriteLine($"  a frame allocates {PerFrame(onThread):F1} bytes on the caller's thread, {PerFrame(onAll):F1} on all");
        Console.WriteLine($"frame/network {ofFrameAgain.Median / ofNetwork.Median:F3}");
        Console.WriteLine($"frame/branch {ofFrame.Median / ofBranch.Median:F3}");

        void RunNetwork()
        {
            network.Respond();
            if (tracker.Options.TemplateRate > 0)
                network.UpdateTemplates(tracker.Options.TemplateRate);
        }

        static double PerFrame(long bytes) => (double)bytes / CountedFrames;
    }
}
