using System.Diagnostics;
using OpenCvSharp;
using SiamIlgpu.Datasets;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using FrameSource = SiamIlgpu.Media.FrameSource;

namespace SiamIlgpu.Bench.Peers;

/// <summary>What a tracker took for a sequence, and how well it tracked.</summary>
/// <param name="Frames">Frames that were tracked, which are all but the first.</param>
/// <param name="Seconds">What they took.</param>
/// <param name="ProcessorSeconds">The processor time of the whole process, all threads, while they were tracked.</param>
/// <param name="Failures">Frames in which the tracker reported that it had not found the target.</param>
/// <param name="MeanIou">Mean intersection over union, the first frame included; 0 in the frames of <paramref name="Failures"/>.</param>
internal readonly record struct TrackerFigures(int Frames, double Seconds, double ProcessorSeconds, int Failures, double MeanIou)
{
    private const int FramesPerTurn = 30;

    internal double FramesPerSecond => Frames / Seconds;

    internal double ProcessorMilliseconds => 1000 * ProcessorSeconds / Frames;

    /// <summary>
    /// Measures trackers on a sequence. They take turns of some frames, so that whatever else the machine does falls on all alike. Each
    /// turn starts when the process is idle, as threads of the last one may spin for a while. Frames are decoded before; each tracker
    /// first runs one turn that does not count, then starts over.
    /// </summary>
    /// <exception cref="FrameException">The frames cannot be read, or the target is not in the first one.</exception>
    internal static TrackerFigures[] Measure(IReadOnlyList<TimedTracker> trackers, Sequence sequence)
    {
        BoundingBox start = sequence.GroundTruth[0] ?? throw new FrameException(sequence.Name, "the target is not in the first frame");
        List<Mat> frames = [];
        try
        {
            Decode(sequence, frames);
            Course[] courses = [.. trackers.Select(t => new Course(t, frames, start))];
            for (int turn = 0, first = 1; first < frames.Count; turn++, first += FramesPerTurn)
            {
                int end = Math.Min(first + FramesPerTurn, frames.Count);
                // Who goes first changes from turn to turn.
                for (int i = 0; i < courses.Length; i++)
                    courses[(turn + i) % courses.Length].Run(first, end);
            }
            return [.. courses.Select(c => c.Figures(sequence.GroundTruth))];
        }
        finally
        {
            frames.ForEach(f => f.Dispose());
        }
    }

    /// <summary>The figures of several sequences: sums of frames and times, and the mean of the sequences' mean IoU.</summary>
    internal static TrackerFigures Total(IReadOnlyList<TrackerFigures> sequences) => new(
        sequences.Sum(s => s.Frames),
        sequences.Sum(s => s.Seconds),
        sequences.Sum(s => s.ProcessorSeconds),
        sequences.Sum(s => s.Failures),
        sequences.Average(s => s.MeanIou));

    // As many frames as have ground truth.
    private static void Decode(Sequence sequence, List<Mat> frames)
    {
        using FrameSource video = sequence.OpenFrames();
        while (frames.Count < sequence.GroundTruth.Count && video.Read() is { } frame)
        {
            bool gray = frame.Format == PixelFormat.Gray8;
            using var decoded = new Mat(frame.Height, frame.Width, gray ? MatType.CV_8UC1 : MatType.CV_8UC3);
            frame.Pixels.CopyTo(decoded.AsSpan<byte>());
            frames.Add(decoded.CvtColor(gray ? ColorConversionCodes.GRAY2BGR : ColorConversionCodes.RGB2BGR));
        }
    }

    /// <summary>One tracker on its way through the frames.</summary>
    private sealed class Course
    {
        private readonly TimedTracker tracker;
        private readonly List<Mat> frames;
        private readonly List<BoundingBox?> boxes;
        private double seconds;
        private double processorSeconds;

        internal Course(TimedTracker tracker, List<Mat> frames, BoundingBox start)
        {
            this.tracker = tracker;
            this.frames = frames;
            tracker.Initialize(frames[0], start);
            for (int i = 1; i < Math.Min(1 + FramesPerTurn, frames.Count); i++)
                tracker.Update(frames[i]);
            tracker.Initialize(frames[0], start);
            boxes = [start];
        }

        internal void Run(int first, int end)
        {
            Turns.WaitUntilIdle();
            TimeSpan processorBefore = Environment.CpuUsage.TotalTime;
            long begin = Stopwatch.GetTimestamp();
            for (int i = first; i < end; i++)
                boxes.Add(tracker.Update(frames[i]));
            seconds += Stopwatch.GetElapsedTime(begin).TotalSeconds;
            processorSeconds += (Environment.CpuUsage.TotalTime - processorBefore).TotalSeconds;
        }

        internal TrackerFigures Figures(IReadOnlyList<BoundingBox?> groundTruth)
        {
            // An empty box overlaps nothing.
            BoundingBox[] scored = [.. boxes.Select(b => b.GetValueOrDefault())];
            return new TrackerFigures(
                frames.Count - 1, seconds, processorSeconds, boxes.Count(b => b is null), SequenceScore.Of(scored, groundTruth).MeanIou);
        }
    }
}
