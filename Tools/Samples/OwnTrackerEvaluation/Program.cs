using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.OwnTrackerEvaluation;
using SiamIlgpu.Tracking;

// A tracker of your own, evaluated by the same rules as the library's. With a folder as its argument the program takes the OTB sequences
// in it; without one it makes two up.

string folder = args.Length > 0 ? args[0] : MakeUpSequences();
var evaluation = new Evaluation(Otb.Open(folder), Protocol.Ope) { Name = Path.GetFileName(folder) };
using ComputeDevice device = new CpuDevice();
using var tracker = new Tracker(DefaultModel.Load(), device);
evaluation.Run("stand still", new StandStill());
EvaluationReport report = evaluation.Run("default model", tracker);
foreach (TrackerFigures figures in report.Trackers)
    Console.WriteLine($"{figures.Name}: AUC {figures["auc"]:F3}, mean IoU {figures["meanIou"]:F3}, {figures["fps"]:F0} frames/s");
report.WriteHtml("report.html");
Console.WriteLine("plots and frames: report.html");
return report.Trackers[1]["auc"] > report.Trackers[0]["auc"] ? 0 : 1;

static string MakeUpSequences()
{
    string folder = Directory.CreateTempSubdirectory("made-up-").FullName;
    foreach (int seed in (int[])[1, 2])
    {
        using var video = new SyntheticVideo(seed, frameCount: 60);
        string images = Directory.CreateDirectory(Path.Combine(folder, $"scene{seed}", "img")).FullName;
        foreach (Frame frame in video)
            PngEncoder.Write(frame, Path.Combine(images, $"{frame.Index + 1:D4}.png"));
        File.WriteAllLines(
            Path.Combine(folder, $"scene{seed}", "groundtruth_rect.txt"), video.GroundTruth.Select(b => $"{b.X},{b.Y},{b.Width},{b.Height}"));
    }
    return folder;
}
