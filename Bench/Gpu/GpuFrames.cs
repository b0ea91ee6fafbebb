using System.Diagnostics;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Whole tracked frames on a GPU: the first ones, then the usual ones, then the boxes.</summary>
internal static class GpuFrames
{
    private const int FewestFrames = 20, MostFrames = 1000;
    private const double Milliseconds = 2000;

    // The first frame loads, the second is recorded, the third is the first that is replayed; and the runtime takes a while to
    // compile for the second time what it sees often.
    private const int UncountedFrames = 10;
    private const double UncountedMilliseconds = 500;

    /// <summary>A cold start: two trackers one after the other, with their first frames.</summary>
    internal static void Start(GpuDevice device, IReadOnlyList<string> networks, double openMilliseconds)
    {
        Console.WriteLine("| | ms |");
        Console.WriteLine("|---|---|");
        Console.WriteLine($"| device opened | {openMilliseconds:F1} |");
        // Another network for the second would need kernels that the first has not loaded.
        NetworkWeights weights = SeededNetwork.Create(networks[0]);
        var video = new PanningVideo();
        foreach (string which in (string[])["first", "second"])
        {
            long start = Stopwatch.GetTimestamp();
            using var tracker = new Tracker(weights, device);
            Row($"{which} tracker ({tracker.Definition.Name}): kernels loaded, filters packed", start);
            start = Stopwatch.GetTimestamp();
            tracker.Initialize(video.Next(), PanningVideo.Target);
            device.Synchronize();
            Row("target taken", start);
            foreach (string frame in (string[])["first", "second", "third"])
            {
                FrameView view = video.Next();
                start = Stopwatch.GetTimestamp();
                tracker.Update(view);
                Row($"{frame} frame", start);
            }
        }
        Console.WriteLine();

        static void Row(string what, long since) =>
            Console.WriteLine($"| {what} | {Stopwatch.GetElapsedTime(since).TotalMilliseconds:F1} |");
    }

    /// <summary>Frames whose crops are on the device already, and frames that are brought there.</summary>
    internal static void Measure(GpuDevice device, CpuDevice cpu, string network)
    {
        Console.WriteLine($"| {network} | products | launches | ms | 10 % .. 90 % | frames/s | bytes allocated a frame |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        NetworkWeights weights = SeededNetwork.Create(network);
        foreach (ConvolutionMath math in device.Driver.HasTensorCores ? [ConvolutionMath.Float32, ConvolutionMath.Tf32] : (ConvolutionMath[])[ConvolutionMath.Float32])
        {
            foreach (bool records in device.Kind == DeviceKind.Cuda ? [true, false] : (bool[])[false])
            {
                var on = new GpuDevice(device.Driver, math) { Records = records };
                string how = $"{math} | {(records ? "recorded" : "one by one")}";
                using (var resident = new ResidentFrame(on, weights))
                    Row($"resident | {how}", resident.Run);
                Track($"with upload | {how}", on);
            }
        }
        Track($"CPU device, {cpu.Threads} threads | {ConvolutionMath.Float32} |", cpu);
        Console.WriteLine();

        void Track(string what, ComputeDevice on)
        {
            using var tracker = new Tracker(weights, on);
            var video = new PanningVideo();
            tracker.Initialize(video.Next(), PanningVideo.Target);
            Row(what, () => tracker.Update(video.Next()));
        }
    }

    /// <summary>Tracks a made-up video on the GPU and on the CPU device and compares the boxes.</summary>
    internal static void Boxes(GpuDevice device, CpuDevice cpu, IEnumerable<string> networks)
    {
        Console.WriteLine("| network | products | frames | mean IoU with the CPU device's boxes | worst |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (string network in networks)
        {
            NetworkWeights weights = SeededNetwork.Create(network);
            List<BoundingBox> expected = Track(weights, cpu);
            foreach (ConvolutionMath math in device.Driver.HasTensorCores ? [ConvolutionMath.Float32, ConvolutionMath.Tf32] : (ConvolutionMath[])[ConvolutionMath.Float32])
            {
                double[] overlaps =
                    [.. Track(weights, new GpuDevice(device.Driver, math)).Zip(expected, (a, b) => a.IntersectionOverUnion(b))];
                Console.WriteLine($"| {network} | {math} | {overlaps.Length} | {overlaps.Average():F6} | {overlaps.Min():F6} |");
            }
        }
        Console.WriteLine();
    }

    private static List<BoundingBox> Track(NetworkWeights weights, ComputeDevice device)
    {
        using var video = new SyntheticVideo();
        using var tracker = new Tracker(weights, device);
        tracker.Initialize(video.Read()!, video.GroundTruth[0]);
        var boxes = new List<BoundingBox>();
        foreach (Frame frame in video)
            boxes.Add(tracker.Update(frame).Box);
        return boxes;
    }

    private static void Row(string what, Action frame)
    {
        double last = 0, uncounted = 0;
        for (int i = 0; i < UncountedFrames || uncounted < UncountedMilliseconds; i++)
            uncounted += last = Time(frame);
        var milliseconds = new double[Math.Clamp((int)(Milliseconds / last), FewestFrames, MostFrames)];
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < milliseconds.Length; i++)
            milliseconds[i] = Time(frame);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Timing timing = Timing.Of([.. milliseconds]);
        string spread = $"{timing.Median:F3} | {timing.Percentile10:F3} .. {timing.Percentile90:F3} | {1000 / timing.Median:F0}";
        Console.WriteLine($"| {what} | {spread} | {(double)allocated / milliseconds.Length:F1} |");
    }

    private static double Time(Action frame)
    {
        long start = Stopwatch.GetTimestamp();
        frame();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>A frame without its crops: from the network's input to the peak, and CFNet's template, as the tracker does it.</summary>
    private sealed class ResidentFrame : IDisposable
    {
        private readonly SiameseNetwork network;
        private readonly ResponsePeak peak;
        private readonly RecordedWork respond, update;
        private readonly bool updates;

        internal ResidentFrame(GpuDevice device, NetworkWeights weights)
        {
            TrackerOptions options = TrackerOptions.For(weights);
            network = SiameseNetwork.Create(device, weights, options.Scales);
            device.Upload(SeededNetwork.Images(network.SearchCrops.Shape), network.SearchCrops);
            device.Upload(SeededNetwork.Images(network.ExemplarCrops.Shape), network.ExemplarCrops);
            network.UpdateTemplates(1);
            peak = device.Prepare(new ResponsePeakSpec(
                options.Scales, network.ResponseSize, options.Upsampling, options.ScalePenalty, options.WindowInfluence));
            updates = options.TemplateRate > 0;
            respond = device.Record(() =>
            {
                network.Respond();
                peak.Forward(network.Responses);
            });
            update = device.Record(() => network.UpdateTemplates(options.TemplateRate));
        }

        internal void Run()
        {
            respond.Replay();
            peak.Read();
            if (updates)
                update.Replay();
        }

        public void Dispose()
        {
            update.Dispose();
            respond.Dispose();
            peak.Dispose();
            network.Dispose();
        }
    }
}
