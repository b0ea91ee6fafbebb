using System.CommandLine;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>The verb demo: tracks a made-up video, so it needs no file.</summary>
internal static class DemoCommand
{
    private const int FramesInStrip = 6;

    internal static Command Create()
    {
        var strip = new Option<string>("--strip")
        {
            Description = "Write some frames with their boxes, side by side, to this PNG.",
            DefaultValueFactory = _ => "siamilgpu-demo.png",
        };
        DeviceOptions device = new();
        var command = new Command("demo", "Renders a synthetic video and tracks its target; needs no files.")
        {
            strip,
        };
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            using var video = new SyntheticVideo();
            using ComputeDevice opened = device.Open(parsed);
            using var tracker = new TrackedTargets([video.GroundTruth[0]], new TrackingModel(DefaultModel.Load()), opened);
            int frames = video.Count!.Value;
            Console.WriteLine($"A synthetic video of {frames} frames, tracked by the default model, a {tracker.Definition.Name}, on {opened.Name}");

            var shown = new List<Frame>();
            var report = new TrackReport([.. video.GroundTruth.Select(box => (BoundingBox?)box)]);
            var loop = new TrackingLoop();
            ProgressBar.Show(frames, advance => loop.Run(video, tracker.Follow, (frame, found, _) =>
            {
                report.Add(found);
                if (frame.Index * (FramesInStrip - 1) / (frames - 1) == shown.Count)
                    shown.Add(Annotation.Draw(frame, found[0], video.GroundTruth[frame.Index]));
                advance();
            }));

            report.Print(loop);
            string file = parsed.GetRequiredValue(strip);
            PngEncoder.Write(Drawing.Strip(shown), file);
            Console.WriteLine($"green: true box, red: tracked box: {file}");
        });
        return command;
    }
}
