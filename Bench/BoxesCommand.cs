using System.CommandLine;
using SiamIlgpu.Datasets;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>The verb that tracks sequences with the fast convolutions and with the direct ones, and compares the boxes.</summary>
internal static class BoxesCommand
{
    internal static Command Create()
    {
        var models = new Option<FileInfo[]>("--model") { Description = "The weights to track with.", HelpName = "FILE", Required = true };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "A sequence, a folder of sequences, or one with sequences in otb/, vot/ and got10k/.",
            HelpName = "FOLDER",
            Required = true,
        };
        var command = new Command("boxes", "Compares the boxes of the automatic convolutions with those of the direct ones.") { models, data };
        command.SetAction(parsed => BenchData.Guard(() =>
        {
            IReadOnlyList<Sequence> sequences = BenchData.Sequences(parsed.GetRequiredValue(data).FullName);
            foreach (FileInfo model in parsed.GetRequiredValue(models))
                Compare(NetworkWeights.Load(model.FullName), sequences);
        }));
        return command;
    }

    private static void Compare(NetworkWeights weights, IReadOnlyList<Sequence> sequences)
    {
        Console.WriteLine($"{weights.Source}: boxes of {ConvolutionAlgorithm.Automatic} against {ConvolutionAlgorithm.Direct}");
        using var device = new CpuDevice();
        using var direct = new CpuDevice(new CpuDeviceOptions { Convolution = ConvolutionAlgorithm.Direct });
        using var tracker = new Tracker(weights, device);
        using var reference = new Tracker(weights, direct);
        double least = 1;
        foreach (Sequence sequence in sequences)
        {
            (double mean, double worst, int frames) = Compare(tracker, reference, sequence);
            Console.WriteLine($"  {sequence.Name,-20} {frames,5} frames  mean IoU {mean:F6}  worst {worst:F6}");
            least = Math.Min(least, mean);
        }
        Console.WriteLine($"least mean IoU {least:F6}");
    }

    private static (double Mean, double Worst, int Frames) Compare(Tracker tracker, Tracker reference, Sequence sequence)
    {
        using FrameSource video = sequence.OpenFrames();
        BoundingBox target = sequence.GroundTruth[0]!.Value;
        FrameView first = video.Read();
        tracker.Initialize(first, target);
        reference.Initialize(first, target);
        double sum = 0;
        double worst = 1;
        int frames = 0;
        foreach (Frame frame in video)
        {
            double iou = tracker.Update(frame).Box.IntersectionOverUnion(reference.Update(frame).Box);
            sum += iou;
            worst = Math.Min(worst, iou);
            frames++;
        }
        return (sum / frames, worst, frames);
    }
}
