using System.CommandLine;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that times frames of several targets in one <see cref="MultiTracker"/> against frames of one target in a
/// <see cref="Tracker"/>, after checking that all targets have the boxes of trackers of their own. Frames lie in memory.
/// </summary>
internal static class TargetsCommand
{
    private const int CheckedFrames = 30;

    internal static Command Create()
    {
        Option<string> network = Arguments.Network();
        Option<FileInfo?> model = Arguments.Model();
        Option<int> targets = Arguments.Count("--targets", 4, "Targets in one pass.");
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Threads that share the work.");
        Option<int> rounds = Arguments.Count("--rounds", 40, "Rounds; each counts two frames of either.");
        var command = new Command("targets", "Times frames of several targets in one pass against frames of one target.")
        {
            network, model, targets, threads, rounds,
        };
        command.SetAction(parsed => BenchData.Guard(() =>
        {
            NetworkWeights weights = Arguments.WeightsOf(parsed, model, network);
            Measure(weights, parsed.GetValue(targets), parsed.GetValue(threads), parsed.GetValue(rounds));
        }));
        return command;
    }

    private static void Measure(NetworkWeights weights, int targets, int threads, int rounds)
    {
        using var device = new CpuDevice(threads);
        using var many = new MultiTracker(weights, device);
        var video = new PanningVideo();
        Tracker[] alone = [.. Enumerable.Range(0, targets).Select(_ => new Tracker(weights, device))];
        int different = 0;
        for (int i = 0; i < targets; i++)
        {
            many.Add(video.Current, BoxOf(i));
            alone[i].Initialize(video.Current, BoxOf(i));
        }
        for (int frame = 0; frame < CheckedFrames; frame++)
        {
            ReadOnlySpan<TargetResult> results = many.Update(video.Next());
            for (int i = 0; i < targets; i++)
            {
                if (alone[i].Update(video.Current) != results[i].Result)
                    different++;
            }
        }
        (Timing ofMany, Timing ofOne) = Turns.Time(() => many.Update(video.Next()), () => alone[0].Update(video.Next()), rounds);
        Console.WriteLine($"{weights.Source}, {many.Options.Name}, frames of {PanningVideo.Width}x{PanningVideo.Height}; {device.Name}");
        Console.WriteLine($"  {different} of {CheckedFrames * targets} results differ from those of trackers of their own");
        Console.WriteLine($"  {targets} targets {ofMany}");
        Console.WriteLine($"  one target {ofOne}");
        Console.WriteLine($"{targets} targets/one {ofMany.Median / ofOne.Median:F3}");
        foreach (Tracker tracker in alone)
            tracker.Dispose();
    }

    // Of one size, so that each has the work of the one that it is compared with; no two at one place.
    private static BoundingBox BoxOf(int target) =>
        PanningVideo.Target with { X = PanningVideo.Target.X - 75 + 50 * (target % 4), Y = PanningVideo.Target.Y - 60 + 40 * (target / 4 % 4) };
}
