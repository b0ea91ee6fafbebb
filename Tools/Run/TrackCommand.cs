using System.CommandLine;
using System.Globalization;
using SiamIlgpu.Datasets;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>The verb track: tracks one or several targets through a video.</summary>
internal sealed class TrackCommand
{
    private readonly CancellationToken cancel;
    private readonly InputOptions input = new();
    private readonly ModelOptions model = new();
    private readonly DeviceOptions device = new();

    private readonly Option<string[]> init = new("--init")
    {
        Description = "The target in the first frame: x,y,w,h in pixels. Given again for each further target.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> groundTruth = new("--groundtruth")
    {
        Description = "A file with the true box of every frame (OTB, VOT or GOT-10k); its first line is the target unless --init says otherwise.",
    };

    private readonly Option<int?> frames = new("--frames") { Description = "Stop after so many frames." };

    private readonly Option<string?> boxes = new("--boxes")
    {
        Description = "Write x,y,w,h for every frame, four decimals, to this file; for several targets to boxes.1.txt, boxes.2.txt, ...",
    };

    private readonly Option<string?> csv = new("--csv")
    {
        Description = "Write frame, box, confidence, lost and milliseconds to this file; for several targets, the target first.",
    };

    private readonly Option<string?> annotate = new("--annotate")
    {
        Description = "Write every frame with its boxes drawn: to a video (.mp4, .mov, .mkv or .webm, by ffmpeg), an animated PNG (.png), "
            + "or a folder of PNG files.",
    };

    private TrackCommand(CancellationToken cancel) => this.cancel = cancel;

    /// <summary>Makes the verb.</summary>
    /// <param name="cancel">Has the effect of the first Ctrl+C.</param>
    internal static Command Create(CancellationToken cancel)
    {
        var track = new TrackCommand(cancel);
        var command = new Command("track", "Tracks targets through a video and prints speed and, with ground truth, accuracy. Ctrl+C ends the video.");
        track.input.AddTo(command);
        track.model.AddTo(command);
        foreach (Option option in new Option[] { track.init, track.groundTruth, track.frames, track.boxes, track.csv, track.annotate })
            command.Add(option);
        track.device.AddTo(command);
        command.SetAction(track.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string? truthFile = parsed.GetValue(groundTruth);
        BoundingBox[] given = [.. (parsed.GetValue(init) ?? []).Select(ParseBox)];
        if (given.Length == 0 && truthFile is null)
            throw new InputException("track needs the target: give --init x,y,w,h or --groundtruth FILE");
        if (given.Length > 1 && truthFile is not null)
            throw new InputException($"{truthFile}: ground truth is for one target, and --init gives {given.Length}");
        int most = parsed.GetValue(frames) ?? int.MaxValue;
        if (most < 1)
            throw new InputException($"--frames: expected at least 1, got {most}");
        int targetCount = Math.Max(given.Length, 1);
        string? boxesFile = parsed.GetValue(boxes), csvFile = parsed.GetValue(csv);
        ResultFiles.RequireWritable(boxesFile is null ? [] : ResultFiles.FilesOf(boxesFile, targetCount));
        ResultFiles.RequireWritable(csvFile is null ? [] : [csvFile]);

        using var interrupt = new Interrupt(cancel, static () => { });
        using FrameSource video = input.Open(parsed);
        IReadOnlyList<BoundingBox?>? truth = truthFile is null ? null : GroundTruth.Read(truthFile);
        if (video.Count is { } count)
            CheckLength(truthFile, truth, count);
        BoundingBox[] targets = given.Length > 0
            ? given
            : [truth![0] ?? throw new InputException($"{truthFile}: the first line has no box to start from")];

        TrackingModel tracking = model.Open(parsed);
        using ComputeDevice opened = device.Open(parsed);
        using var tracker = new TrackedTargets(targets, tracking, opened);
        Console.WriteLine($"{tracker.Definition.Name}, {tracker.Options.Name}, on {opened.Name}");

        using var results = new ResultFiles(boxesFile, csvFile, targets.Length);
        using AnnotatedVideo? annotated = parsed.GetValue(annotate) is { } output ? new AnnotatedVideo(output, video, input.Of(parsed)) : null;
        var report = new TrackReport(truth);
        var loop = new TrackingLoop();
        ProgressBar.Show(most < int.MaxValue ? most : video.Count, advance => loop.Run(
            video,
            tracker.Follow,
            (frame, found, milliseconds) =>
            {
                report.Add(found);
                results.Add(found, milliseconds);
                annotated?.Add(frame, found, report.TruthOf(frame));
                advance();
            },
            most,
            interrupt.Token));

        bool interrupted = interrupt.Token.IsCancellationRequested;
        if (loop.Frames == 0)
        {
            Console.Error.WriteLine("stopped before the first frame");
            return Interrupt.ExitCode;
        }
        if (!interrupted && loop.Frames < most)
            CheckLength(truthFile, truth, loop.Frames);
        if (video.Complaint is { } complaint)
            Console.Error.WriteLine($"warning: {parsed.GetRequiredValue(input.Input)}: {complaint}");
        results.Keep();
        annotated?.Keep();
        report.Print(loop);
        return interrupted ? Interrupt.ExitCode : 0;
    }

    private static void CheckLength(string? truthFile, IReadOnlyList<BoundingBox?>? truth, int frames)
    {
        if (frames < truth?.Count)
            throw new InputException($"{truthFile}: {truth.Count} lines of ground truth for {frames} frames");
    }

    internal static BoundingBox ParseBox(string text)
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
}
