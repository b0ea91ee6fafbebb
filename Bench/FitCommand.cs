using System.CommandLine;
using System.Globalization;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that fits the tracking parameters of a network on made-up videos. It changes one parameter at a time and keeps what raises the
/// mean IoU with restarts. Each change is printed.
/// </summary>
internal static class FitCommand
{
    // Far from the scenes that networks are trained and validated on.
    private const int FirstSeed = 3_000_001;

    private static readonly (string Name, double[] Values, Func<TrackerOptions, double, TrackerOptions> Set)[] Parameters =
    [
        ("context", [0.35, 0.5, 0.7, 0.9, 1.2], (o, v) => o with { Context = v }),
        ("window influence", [0.1, 0.2, 0.3, 0.4, 0.5], (o, v) => o with { WindowInfluence = (float)v }),
        ("template rate", [0.005, 0.01, 0.02, 0.04], (o, v) => o with { TemplateRate = (float)v }),
        ("scale step", [1.02, 1.03, 1.04, 1.055], (o, v) => o with { ScaleStep = v }),
        ("scale penalty", [0.95, 0.97, 0.98, 0.99, 1], (o, v) => o with { ScalePenalty = (float)v }),
        ("scale rate", [0.3, 0.5, 0.7, 0.9], (o, v) => o with { ScaleRate = v }),
        ("first template's share", [0, 0.15, 0.3, 0.5], (o, v) => o with { FirstTemplateShare = (float)v }),
        ("upsampling", [8, 16], (o, v) => o with { Upsampling = (int)v }),
    ];

    internal static Command Create()
    {
        var models = new Option<FileInfo[]>("--model") { Description = "Weights.", HelpName = "FILE", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<int> scenes = Arguments.Count("--scenes", 40, "Made-up videos of 60 frames; all are kept in memory.");
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Videos tracked at a time.");
        var rounds = new Option<int>("--rounds") { Description = "Times that every parameter is changed; 0 only scores the preset.", DefaultValueFactory = _ => 1 };
        var output = new Option<FileInfo?>("--out") { Description = "Writes the network with its fitted parameters; one --model.", HelpName = "FILE" };
        var command = new Command("fit", "Fits the tracking parameters of networks on made-up videos.") { models, scenes, threads, rounds, output };
        command.SetAction(parsed =>
        {
            Clip[] clips = new Clip[parsed.GetValue(scenes)];
            Parallel.For(0, clips.Length, new ParallelOptions { MaxDegreeOfParallelism = parsed.GetValue(threads) }, i => clips[i] = Clip.Of(FirstSeed + i));
            foreach (FileInfo model in parsed.GetRequiredValue(models))
            {
                NetworkWeights weights = NetworkWeights.Load(model.FullName);
                TrackerOptions fitted = Fit(weights, clips, parsed.GetValue(rounds), parsed.GetValue(threads));
                Console.WriteLine(fitted.ToJson());
                var metadata = new Dictionary<string, string>(weights.Metadata) { [TrackerOptions.MetadataKey] = fitted.ToJson() };
                if (parsed.GetValue(output) is { } file)
                    new NetworkWeights(weights.Source, weights.Definition, weights.Tensors, metadata).Save(file.FullName);
            }
        });
        return command;
    }

    private static TrackerOptions Fit(NetworkWeights weights, Clip[] clips, int rounds, int threads)
    {
        TrackerOptions best = TrackerOptions.For(weights);
        RestartScore score = Score(weights, best, clips, threads);
        Print($"{weights.Source}: {best.Name}", score);
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, double[] values, Func<TrackerOptions, double, TrackerOptions> set) in Parameters)
            {
                TrackerOptions start = best;
                foreach (double value in values)
                {
                    TrackerOptions tried = set(start, value);
                    if (tried == start)
                        continue;
                    RestartScore its = Score(weights, tried, clips, threads);
                    bool better = its.MeanIou > score.MeanIou;
                    Print($"  {name} {value.ToString(CultureInfo.InvariantCulture)}{(better ? " *" : "")}", its);
                    if (better)
                        (best, score) = (tried, its);
                }
            }
        }
        return best;
    }

    private static void Print(string what, RestartScore score) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{what}: mean IoU {score.MeanIou:F4}, {score.Failures} failures in {score.Frames} frames"));

    private static RestartScore Score(NetworkWeights weights, TrackerOptions options, Clip[] clips, int threads)
    {
        var scores = new RestartScore[clips.Length];
        Parallel.For(
            0,
            threads,
            new ParallelOptions { MaxDegreeOfParallelism = threads },
            thread =>
            {
                using var device = new CpuDevice(threads: 1);
                using var tracker = new Tracker(weights, device, options);
                for (int i = thread; i < clips.Length; i += threads)
                    scores[i] = RestartScore.Of(tracker, clips[i].Frames, clips[i].Truth);
            });
        return scores.Aggregate((a, b) => a + b);
    }

    private sealed record Clip(Frame[] Frames, IReadOnlyList<BoundingBox> Truth)
    {
        internal static Clip Of(int seed)
        {
            using SceneVideo video = RestartScore.VideoOf(seed);
            return new Clip([.. video.Select(frame => frame.ToRgb())], video.GroundTruth);
        }
    }
}
