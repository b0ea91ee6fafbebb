using System.CommandLine;
using OpenCvSharp;
using OpenCvSharp.Tracking;
using SiamIlgpu.Datasets;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench.Peers;

/// <summary><c>trackers</c>: speed, processor time and overlap of OpenCV's trackers and ours on sequences with ground truth.</summary>
internal static class TrackersCommand
{
    // TrackerKCF::MODE.
    private const int KcfGray = 1;
    private const int KcfColorNames = 2;

    // OpenCV's KCF reports a failure, and stays where it is, when its response is below a threshold, 0.5 by default. The paper's KCF has
    // no such threshold. The other values are OpenCV's defaults.
    private static readonly TrackerKCF.Params KcfWithoutThreshold = new()
    {
        DetectThresh = 0,
        Sigma = 0.2f,
        Lambda = 1e-4f,
        InterpFactor = 0.075f,
        OutputSigmaFactor = 1 / 16f,
        PcaLearningRate = 0.15f,
        Resize = true,
        SplitCoeff = true,
        CompressFeature = true,
        MaxPatchSize = 80 * 80,
        CompressedSize = 2,
        DescPca = KcfColorNames,
        DescNpca = KcfGray,
    };

    private static readonly Dictionary<string, Func<OpenCvSharp.Tracker>> OpenCvTrackers = new(StringComparer.Ordinal)
    {
        ["KCF"] = TrackerKCF.Create,
        ["KCF-no-threshold"] = () => TrackerKCF.Create(KcfWithoutThreshold),
        ["CSRT"] = TrackerCSRT.Create,
        ["MIL"] = TrackerMIL.Create,
    };

    private const string Help =
        """
        Compares OpenCV's KCF, CSRT and MIL with this tracker on sequences with ground truth, and prints a Markdown table.

        All trackers get the same decoded frames, as many threads and their default parameters. KCF runs a second time without its
        threshold on the response, below which it reports a failure: the paper has none. Trackers take turns of 30 frames in one process. Decoding and initialization are not timed. Processor time is that of all threads. Mean IoU includes the first frame;
        a frame in which a tracker reports that it has not found the target counts as an IoU of 0, and the tracker goes on from its
        last box. The last row has all frames over all the time, and the mean of the sequences' IoU.
        """;

    internal static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "A sequence, a folder of sequences, or one with sequences in otb/, vot/ and got10k/.", HelpName = "FOLDER", Required = true,
        };
        var models = new Option<FileInfo[]>("--model")
        {
            Description = "Weights to track with, besides the default model.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true,
        };
        var opencv = new Option<string[]>("--opencv")
        {
            Description = "OpenCV's trackers.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. OpenCvTrackers.Keys],
        };
        opencv.AcceptOnlyFromAmong([.. OpenCvTrackers.Keys]);
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Threads of each tracker.");
        var command = new Command("trackers", Help) { data, models, opencv, threads };
        command.SetAction(parsed => BenchData.Guard(() => Compare(
            BenchData.Sequences(parsed.GetRequiredValue(data).FullName),
            parsed.GetValue(models) ?? [],
            parsed.GetRequiredValue(opencv),
            parsed.GetValue(threads))));
        return command;
    }

    private static void Compare(IReadOnlyList<Sequence> sequences, FileInfo[] models, string[] opencv, int threads)
    {
        Cv2.SetNumThreads(threads);
        using var device = new CpuDevice(threads);
        TimedTracker[] trackers =
        [
            .. opencv.Select(name => new OpenCvTracker(name, OpenCvTrackers[name])),
            new OurTracker("default model", DefaultModel.Load(), device),
            .. models.Select(m => new OurTracker(Path.GetFileNameWithoutExtension(m.Name), NetworkWeights.Load(m.FullName), device)),
        ];
        try
        {
            Console.WriteLine($"OpenCV {Cv2.GetVersionString()}, {threads} threads; ours: {device.Name}");
            Console.WriteLine();
            Console.WriteLine($"| frames a second / ms of processor time a frame / mean IoU | {string.Join(" | ", trackers.Select(t => t.Name))} |");
            Console.WriteLine($"|---|{string.Concat(trackers.Select(_ => "---|"))}");
            List<TrackerFigures>[] figures = [.. trackers.Select(_ => new List<TrackerFigures>())];
            foreach (Sequence sequence in sequences)
            {
                TrackerFigures[] row = TrackerFigures.Measure(trackers, sequence);
                for (int i = 0; i < row.Length; i++)
                    figures[i].Add(row[i]);
                PrintRow($"{sequence.Name}, {row[0].Frames} frames", row);
            }
            TrackerFigures[] totals = [.. figures.Select(TrackerFigures.Total)];
            PrintRow($"**all**, {totals[0].Frames} frames", totals);
            Console.WriteLine();
            Console.WriteLine($"Frames without a box: {string.Join(", ", trackers.Zip(totals, (tracker, total) => $"{tracker.Name} {total.Failures}"))}.");
        }
        finally
        {
            foreach (TimedTracker tracker in trackers)
                tracker.Dispose();
        }
    }

    private static void PrintRow(string name, TrackerFigures[] row) => Console.WriteLine(
        $"| {name} | {string.Join(" | ", row.Select(f => $"{f.FramesPerSecond:F0} / {f.ProcessorMilliseconds:F1} / {f.MeanIou:F3}"))} |");
}
