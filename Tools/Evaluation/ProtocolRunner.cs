using System.Diagnostics;
using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>Tracks one run by the rules of its protocol.</summary>
internal sealed class ProtocolRunner
{
    private readonly ITracker tracker;
    private readonly EvaluatedSequence sequence;
    private readonly CancellationToken cancel;
    private readonly Action advance;
    private long tracking, waiting;
    private int measured;

    /// <summary>Prepares a runner for one run.</summary>
    /// <param name="tracker">The tracker. Nothing else may use it during the run.</param>
    /// <param name="sequence">The sequence, with its frames.</param>
    /// <param name="cancel">Ends the run with an <see cref="OperationCanceledException"/>.</param>
    /// <param name="advance">Called after each frame.</param>
    internal ProtocolRunner(ITracker tracker, EvaluatedSequence sequence, CancellationToken cancel, Action advance)
    {
        this.tracker = tracker;
        this.sequence = sequence;
        this.cancel = cancel;
        this.advance = advance;
    }

    /// <summary>Tracks from the run's start to the last frame with ground truth.</summary>
    /// <param name="protocol">The rules.</param>
    /// <param name="run">The frame and the box to start from.</param>
    /// <param name="decodeAhead">Whether frames are decoded on another thread.</param>
    internal RunResult Track(Protocol protocol, ProtocolRun run, bool decodeAhead)
    {
        Sequence source = sequence.Source!;
        FrameSource opened = (source with { FirstFrame = source.FirstFrame + run.Start }).OpenFrames();
        using FrameSource video = decodeAhead ? new DecodeAhead(opened) : opened;
        var lines = new RunLine[sequence.Truth.Count - run.Start];
        // After a failure the tracker is inactive. It is initialized in this frame, or in the first later one that has a true box.
        int next = 0;
        bool active = false;
        for (int i = 0; i < lines.Length; i++)
        {
            cancel.ThrowIfCancellationRequested();
            long before = Stopwatch.GetTimestamp();
            Frame frame = video.Read() ?? throw new EvaluationException($"{sequence.Name}: the frames end before frame {run.Start + i + 1}");
            long decoded = Stopwatch.GetTimestamp();
            BoundingBox? given = i == 0 ? run.Box.Box : sequence.Truth[run.Start + i];
            if (!active && i >= next && given is { IsValid: true } box)
            {
                Initialize(frame, box);
                active = true;
                lines[i] = protocol == Protocol.Vot ? new RunLine(VotFrame.Initialized) : RunLine.Tracked(box);
            }
            else if (active)
            {
                BoundingBox found = tracker.Update(frame);
                waiting += decoded - before;
                tracking += Stopwatch.GetTimestamp() - decoded;
                measured++;
                lines[i] = RunLine.Tracked(found);
                if (protocol is Protocol.Vot or Protocol.CfNet && sequence.Overlap(run.Start + i, found) <= 0)
                {
                    active = false;
                    next = protocol == Protocol.Vot ? i + VotScore.FramesToRestart : int.MaxValue;
                    if (protocol == Protocol.Vot)
                        lines[i] = new RunLine(VotFrame.Failed);
                }
            }
            advance();
        }
        return new RunResult(lines, new RunTiming(measured, Seconds(tracking), Seconds(tracking + waiting)));
    }

    private void Initialize(Frame frame, BoundingBox box)
    {
        try
        {
            tracker.Initialize(frame, box);
        }
        catch (ArgumentException e)
        {
            throw new EvaluationException($"{sequence.Name}, {frame.Name}: {e.Message}");
        }
    }

    private static double Seconds(long ticks) => ticks / (double)Stopwatch.Frequency;
}
