using System.Collections.Concurrent;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Plans;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>One run that is to be tracked.</summary>
internal sealed record EvaluationJob(ModelTracker Tracker, EvaluatedSequence Sequence, ProtocolRun Run)
{
    internal RunKey Key => new(Tracker.Name, Sequence.Name, Run.Name);

    internal int Frames => Sequence.Truth.Count - Run.Start;
}

/// <summary>
/// Tracks many runs, several at a time. Each run is done by one tracker on one thread, so its result depends neither on the number of runs
/// at a time nor on their order.
/// </summary>
internal sealed class EvaluationRunner
{
    private readonly Protocol protocol;
    private readonly Func<ComputeDevice> openDevice;
    private readonly ComputeDevice shared;

    /// <summary>Makes a runner.</summary>
    /// <param name="protocol">The rules.</param>
    /// <param name="shared">The device. If it is a GPU, all workers share it.</param>
    /// <param name="openDevice">Opens a device for each worker, if the device is the CPU.</param>
    internal EvaluationRunner(Protocol protocol, ComputeDevice shared, Func<ComputeDevice> openDevice)
    {
        this.protocol = protocol;
        this.shared = shared;
        this.openDevice = openDevice;
    }

    /// <summary>
    /// How many runs this machine can do at a time. On the CPU it is one per processor, or fewer if these would need more than half of the
    /// free memory. On a GPU it is one.
    /// </summary>
    internal static int LimitOf(ComputeDevice device, IEnumerable<ModelTracker> trackers)
    {
        if (device is not CpuDevice)
            return 1;
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        long free = Math.Max(memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes, 0) / 2;
        long largest = trackers.Select(BytesOf).DefaultIfEmpty(1).Max();
        return (int)Math.Clamp(free / largest, 1, Environment.ProcessorCount);
    }

    /// <summary>Tracks all jobs.</summary>
    /// <param name="jobs">The runs to track.</param>
    /// <param name="workers">How many runs to track at a time.</param>
    /// <param name="done">Called after each run; never by two threads at once.</param>
    /// <param name="advance">Called after each frame; never by two threads at once.</param>
    /// <param name="cancel">Ends all runs with an <see cref="OperationCanceledException"/>.</param>
    internal void Run(
        IReadOnlyCollection<EvaluationJob> jobs, int workers, Action<EvaluationJob, RunResult> done, Action advance, CancellationToken cancel)
    {
        // Jobs are grouped by tracker, because preparing one takes time. Long jobs come first, so that the workers finish at about the same
        // time.
        var waiting = new ConcurrentQueue<EvaluationJob>(
            jobs.GroupBy(j => j.Tracker).SelectMany(group => group.OrderByDescending(j => j.Frames)));
        var gate = new Lock();
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            Task.WaitAll([.. Enumerable.Range(0, Math.Min(workers, jobs.Count)).Select(_ =>
                Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
        }
        catch (AggregateException e)
        {
            // The error that stopped the other workers, not their report that they were stopped.
            Exception[] all = [.. e.Flatten().InnerExceptions];
            Exception cause = all.FirstOrDefault(x => x is not OperationCanceledException) ?? all[0];
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }

        void Work()
        {
            using ComputeDevice? own = shared is CpuDevice ? openDevice() : null;
            Tracker? tracker = null;
            ModelTracker? model = null;
            try
            {
                while (waiting.TryDequeue(out EvaluationJob? job))
                {
                    if (!ReferenceEquals(model, job.Tracker))
                    {
                        tracker?.Dispose();
                        tracker = null;
                        tracker = new Tracker(job.Tracker.Weights, own ?? shared, job.Tracker.Preset, job.Tracker.Gray);
                        model = job.Tracker;
                    }
                    var runner = new ProtocolRunner(tracker!, job.Sequence, failure.Token, Advance);
                    RunResult result = runner.Track(protocol, job.Run, decodeAhead: own is null);
                    lock (gate)
                        done(job, result);
                }
            }
            catch
            {
                failure.Cancel();
                throw;
            }
            finally
            {
                tracker?.Dispose();
            }
        }

        void Advance()
        {
            lock (gate)
                advance();
        }
    }

    // An upper bound: features in and out of every layer at every scale, transformed and plain weights, and an image.
    private static long BytesOf(ModelTracker tracker)
    {
        Weights.NetworkDefinition definition = tracker.Weights.RequireDefinition();
        IReadOnlyList<LayerShape> layers = BranchShapes.Of(definition, tracker.Preset.Scales, definition.SearchSize, definition.SearchSize);
        const int Fixed = 64 << 20, TransformedWeights = 8, Buffers = 3;
        return Fixed + sizeof(float) * layers.Sum(l =>
            TransformedWeights * l.Parameters + Buffers * l.Output.Count);
    }
}
