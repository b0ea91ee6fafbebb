using System.CommandLine;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Live;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>The verb live: serves a web page on this machine, where targets are drawn with the mouse.</summary>
internal static class LiveCommand
{
    internal static Command Create(CancellationToken cancel)
    {
        InputOptions input = new();
        input.Input.Required = false;
        input.Input.Description += " A made-up one unless given.";
        ModelOptions model = new();
        var init = new Option<string[]>("--init")
        {
            Description = "Targets in the first frame, x,y,w,h each; others can be drawn on the page.",
            AllowMultipleArgumentsPerToken = true,
        };
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 0 };
        var play = new Option<bool>("--play") { Description = "Play at once instead of waiting at the first frame." };
        var speed = new Option<string>("--speed") { Description = "realtime or max; the page can change it.", DefaultValueFactory = _ => "realtime" };
        speed.AcceptOnlyFromAmong("realtime", "max");
        DeviceOptions device = new();
        var command = new Command("live", "Opens a web page on this machine: draw boxes with the mouse and watch them tracked.")
        {
            init, port, play, speed,
        };
        input.AddTo(command);
        model.AddTo(command);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(port) is < 0 or > ushort.MaxValue)
                throw new InputException($"--port: expected 0 to {ushort.MaxValue}, got {parsed.GetValue(port)}");
            string? video = parsed.GetValue(input.Input);
            VideoOptions reading = input.Of(parsed);
            LiveOptions start = new()
            {
                Name = video is null ? "made-up video" : NameOf(video),
                Playing = parsed.GetValue(play),
                Speed = parsed.GetValue(speed) == "max" ? LiveSpeed.Max : LiveSpeed.RealTime,
                Targets = [.. (parsed.GetValue(init) ?? []).Select(TrackCommand.ParseBox)],
            };
            if (start.Targets.Count > LiveSession.MostTargets)
                throw new InputException($"--init: there can be {LiveSession.MostTargets} targets at once, got {start.Targets.Count}");

            using var interrupt = new Interrupt(cancel, () => Console.WriteLine("ending"));
            TrackingModel tracking = model.Open(parsed);
            using ComputeDevice opened = device.Open(parsed);
            using MultiTracker tracker = tracking.Prepare(opened);
            using var session = new LiveSession(Open, tracker, start);
            ServeAsync(session, parsed.GetValue(port), $"{tracker.Definition.Name}, {tracker.Options.Name}, on {opened.Name}", interrupt.Token)
                .GetAwaiter().GetResult();

            FrameSource Open() => video is not null ? FrameSource.Open(video, reading)
                : reading.Loop ? new LoopedVideo(static () => new SyntheticVideo())
                : new SyntheticVideo();
        });
        return command;
    }

    // Data sets keep a sequence's images in a subfolder, so Crossing/img says more than img.
    private static string NameOf(string video)
    {
        string path = Path.TrimEndingDirectorySeparator(video), name = Path.GetFileName(path);
        string outer = Path.GetFileName(Path.GetDirectoryName(path)) ?? "";
        return name is "img" or "color" && outer.Length > 0 ? $"{outer}/{name}" : name;
    }

    private static async Task ServeAsync(LiveSession session, int port, string what, CancellationToken end)
    {
        try
        {
            await session.FirstFrame.WaitAsync(end).ConfigureAwait(false);
            LiveServer server = await LiveServer.StartAsync(session, port).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                Console.WriteLine(what);
                Console.WriteLine($"open {server.Address} in a browser on this machine; Ctrl+C ends");
                await Task.Delay(Timeout.Infinite, end).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Ctrl+C: this is how the verb usually ends.
        }
        catch (ArgumentException e)
        {
            throw new InputException($"--init: {e.Message}");
        }
    }
}
