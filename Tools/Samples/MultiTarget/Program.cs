using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;

// Several targets in one pass through the network. The second target comes in frame 20, and the first one goes in frame 80.

using ComputeDevice device = new CpuDevice();
using var tracker = new MultiTracker(DefaultModel.Load(), device);
// Two made-up videos, shown next to each other.
using SyntheticVideo left = new(seed: 1, frameCount: 100), right = new(seed: 2, frameCount: 100);

int first = -1, second = -1;
var overlaps = new Dictionary<int, List<double>>();
while (left.Read() is { } leftFrame && right.Read() is { } rightFrame)
{
    Frame frame = Drawing.Strip([leftFrame, rightFrame], gap: 0);
    int number = leftFrame.Index;
    BoundingBox leftTruth = left.GroundTruth[number];
    BoundingBox rightTruth = right.GroundTruth[number] with { X = right.GroundTruth[number].X + leftFrame.Width };
    foreach (TargetResult target in tracker.Update(frame))
    {
        double overlap = target.Result.Box.IntersectionOverUnion(target.Target == first ? leftTruth : rightTruth);
        overlaps[target.Target].Add(overlap);
        if (number % 20 == 0)
            Console.WriteLine($"frame {number}: target {target.Target} at {target.Result.Box}, confidence {target.Result.Confidence:F2}");
    }
    if (number == 0)
        overlaps.Add(first = tracker.Add(frame, leftTruth), []);
    if (number == 20)
        overlaps.Add(second = tracker.Add(frame, rightTruth), []);
    if (number == 80)
        tracker.Remove(first);
}
double mean = overlaps.Values.Average(o => o.Average());
Console.WriteLine($"{overlaps[first].Count} frames of target {first}, {overlaps[second].Count} of target {second}: mean overlap {mean:F3}");
return mean > 0.5 ? 0 : 1;
