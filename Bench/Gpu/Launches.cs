using System.Diagnostics;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Times work of a device between two waits, so often repeated that neither the waits nor the host's calls count.</summary>
internal static class Launches
{
    private const double LongEnough = 20;
    private const int Most = 4096;

    /// <summary>Milliseconds of one launch, the median of some rounds. What can be recorded is replayed where the driver can.</summary>
    internal static double Time(GpuDevice device, Action launch, int rounds, bool recordable = true)
    {
        // Drivers load kernels at their first launch.
        launch();
        int count = 1;
        while (Run(device, () => Repeat(launch, count)) < LongEnough && count < Most)
            count *= 2;
        using GpuRecording? recording = recordable ? device.Driver.Record(() => Repeat(launch, count)) : null;
        Action pass = recording is null ? () => Repeat(launch, count) : recording.Replay;
        Run(device, pass);
        var milliseconds = new List<double>(rounds);
        for (int round = 0; round < rounds; round++)
            milliseconds.Add(Run(device, pass) / count);
        return milliseconds.Median();
    }

    private static void Repeat(Action launch, int count)
    {
        for (int i = 0; i < count; i++)
            launch();
    }

    private static double Run(GpuDevice device, Action pass)
    {
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        pass();
        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
