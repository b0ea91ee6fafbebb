using System.CommandLine;
using System.Globalization;
using SiamIlgpu.Data;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>track: one target through one video.</summary>
internal static class TrackCommand
{
    internal static Command Create()
    {
        var model = new Option<string?>("--model")
        {
            Description = "The network: safetensors, or MatConvNet's MAT file as the authors published it; the default model unless given.",
        };
        var greyModel = new Option<string?>("--grey-model")
        {
            Description = "The same network trained for grey video, used when the first frame has no colour.",
        };
        var input = new Option<string>("--input") { Description = "A folder of JPEG or PNG frames.", Required = true };
        var init = new Option<string?>("--init") { Description = "The target in the first frame: x,y,w,h in pixels." };
        var groundTruth = new Option<string?>("--groundtruth")
        {
            Description = "A file with the true box of every frame (OTB, VOT or GOT-10k); its first line is the target unless --init says otherwise.",
        };
        var preset = new Option<string?>("--preset")
        {
            Description = "The paper's parameters to track with, by default those for the network: "
                + string.Join(", ", TrackerOptions.Presets.Select(p => p.Name)) + ".",
        };
        var boxes = new Option<string?>("--boxes") { Description = "Write x,y,w,h for every frame, four decimals, to this file." };
        var csv = new Option<string?>("--csv") { Description = "Write frame, box, confidence, lost and milliseconds to this file." };
        var annotate = new Option<string?>("--annotate") { Description = "Write every frame as PNG with its box drawn to this folder." };
        DeviceOptions device = new();
        var command = new Command("track", "Tracks one target through a video and prints speed and, with ground truth, accuracy.")
        {
            model, greyModel, input, init, groundTruth, preset, boxes, csv, annotate,
        };
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            string? truthFile = parsed.GetValue(groundTruth);
            BoundingBox? given = parsed.GetValue(init) is { } text ? ParseBox(text) : null;
            if (given is null && truthFile is null)
                throw new InputException("track needs the target: give --init x,y,w,h or --groundtruth FILE");
            TrackerOptions? options = parsed.GetValue(preset) is { } name ? FindPreset(name) : null;
            string? boxesFile = Writable(parsed.GetValue(boxes));
            string? csvFile = Writable(parsed.GetValue(csv));

            using FrameSource video = new DecodeAhead(FrameSource.Open(parsed.GetRequiredValue(input)));
            IReadOnlyList<BoundingBox?>? truth = truthFile is null ? null : GroundTruth.Read(truthFile);
            if (truth is not null && video.Count < truth.Count)
                throw new InputException($"{truthFile}: {truth.Count} lines of ground truth for {video.Count} frames");
            BoundingBox target = given ?? truth![0] ?? throw new InputException($"{truthFile}: the first line has no box to start from");

            using ComputeDevice opened = device.Open(parsed);
            NetworkWeights network = parsed.GetValue(model) is { } file ? NetworkWeights.Load(file) : DefaultModel.Load();
            NetworkWeights? greyNetwork = parsed.GetValue(greyModel) is { } greyFile ? NetworkWeights.Load(greyFile) : null;
            using var tracker = new Tracker(network, opened, options, greyNetwork);
            Console.WriteLine($"{tracker.Definition.Name}, {tracker.Options.Name}, on {opened.Name}");
            using AnnotatedFrames? annotated = parsed.GetValue(annotate) is { } folder ? new AnnotatedFrames(folder) : null;

            TrackedVideo tracked = ProgressBar.Show(video.Count, advance => TrackedVideo.Of(tracker, video, target, (frame, result) =>
            {
                annotated?.Add(frame, result, truth is not null && frame.Index < truth.Count ? truth[frame.Index] : null);
                advance();
            }));

            if (boxesFile is not null)
                ResultFiles.WriteBoxes(boxesFile, tracked);
            if (csvFile is not null)
                ResultFiles.WriteCsv(csvFile, tracked);
            annotated?.Keep();
            Report(tracked, truth);
        });
        return command;
    }

    internal static void Report(TrackedVideo tracked, IReadOnlyList<BoundingBox?>? truth)
    {
        int lost = tracked.Results.Count(r => r.Lost);
        Console.WriteLine($"{tracked.Results.Count} frames, {tracked.FramesPerSecond:F1} fps, {tracked.FramesPerSecondWithDecoding:F1} fps "
            + $"with decoding, lost in {lost}");
        if (truth is null)
            return;
        SequenceScore score = SequenceScore.Of([.. tracked.Results.Select(r => r.Box)], truth);
        Console.WriteLine($"mean IoU {score.MeanIou:F4}, AUC {score.Auc:F4}, precision at 20 px {score.Precision20:F4} "
            + $"over {score.Frames} annotated frames");
    }

    private static BoundingBox ParseBox(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var numbers = new double[4];
        bool good = parts.Length == 4;
        for (int i = 0; i < 4 && good; i++)
            good = double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]);
        return good
            ? new BoundingBox(numbers[0], numbers[1], numbers[2], numbers[3])
            : throw new InputException($"--init: expected x,y,w,h, got '{text}'");
    }

    private static TrackerOptions FindPreset(string name) =>
        TrackerOptions.Presets.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InputException($"--preset: no '{name}'; there are {string.Join(", ", TrackerOptions.Presets.Select(p => p.Name))}");

    // Found out before the video is tracked, not after.
    private static string? Writable(string? file)
    {
        if (file is null)
            return null;
        if (Directory.Exists(file))
            throw new InputException($"{file}: is a folder, not a file to write");
        string? folder = Path.GetDirectoryName(Path.GetFullPath(file));
        return Directory.Exists(folder) ? file : throw new InputException($"{file}: there is no folder {folder}");
    }
}

/// <summary>--device and what goes with it, the same for every verb that tracks.</summary>
internal sealed class DeviceOptions
{
    internal Option<string> Device { get; } = new("--device")
    {
        Description = "Where to run: auto (a GPU if there is one), cpu, cuda or opencl; cuda:1 is the second CUDA device that the verb devices lists.",
        DefaultValueFactory = _ => "auto",
    };

    internal Option<MathMode> Math { get; } = new("--math")
    {
        Description = "How a CUDA device rounds the products of convolutions; tf32 is faster, and boxes may differ.",
        DefaultValueFactory = _ => MathMode.Float32,
    };

    internal Option<int> Threads { get; } = new("--threads")
    {
        Description = "Threads of the CPU device; 0 takes every processor that this process may use.",
        DefaultValueFactory = _ => 0,
    };

    internal Option<ConvolutionAlgorithm> Convolution { get; } = new("--convolution")
    {
        Description = "How the CPU device computes convolutions: the faster way layer by layer, or one way for all.",
        DefaultValueFactory = _ => ConvolutionAlgorithm.Automatic,
    };

    internal void AddTo(Command command)
    {
        command.Add(Device);
        command.Add(Math);
        command.Add(Threads);
        command.Add(Convolution);
    }

    internal ComputeDevice Open(ParseResult parsed)
    {
        int threads = parsed.GetValue(Threads);
        if (threads is < 0 or > 1024)
            throw new InputException($"--threads: expected 0 to 1024, got {threads}");
        var cpu = new CpuDeviceOptions { Threads = threads, Convolution = parsed.GetValue(Convolution) };
        string device = parsed.GetRequiredValue(Device);
        string[] parts = device.Split(':');
        int index = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new InputException($"--device: expected a kind and a number such as cuda:1, got '{device}'");
        return (parts[0], index) switch
        {
            ("auto", 0) => ComputeDevice.OpenBest(cpu),
            ("cpu", 0) => new CpuDevice(cpu),
            ("cuda", _) => GpuDevice.OpenCuda(index, parsed.GetValue(Math)),
            ("opencl", _) => GpuDevice.OpenOpenCl(index),
            _ => throw new InputException($"--device: expected auto, cpu, cuda or opencl, got '{device}'"),
        };
    }
}
