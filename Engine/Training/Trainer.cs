using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>
/// Trains a network end to end, by stochastic gradient descent as in the papers. Each step computes the gradients of a batch and
/// moves all parameters, while the next batches are loaded. Each epoch ends with a validation, if there are validation pairs. The same
/// start, pairs, options and device give the same weights, bit for bit, even if the training was stopped and resumed from a checkpoint. For
/// one thread at a time.
/// </summary>
/// <example>
/// <code>
/// NetworkDefinition network = NetworkDefinition.CfNetConv1;
/// TrainingOptions options = TrainingOptions.For(network) with { Epochs = 3, LastRate = 1e-3f };
/// using var pairs = new PairSampler(                                   // of the package SiamIlgpu.Datasets
///     new SyntheticScenes(firstSeed: 1, count: 1000),
///     new PairOptions { ExemplarSize = network.ExemplarSize, SearchSize = options.SearchSize, Count = 160, PairsPerVisit = 8 });
/// using var device = new CpuDevice();
/// using var trainer = new Trainer(NetworkInitializer.Create(network, seed: 1), options, device, pairs);
/// foreach (EpochReport epoch in trainer.Run())
///     Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.Loss:F4}");
/// trainer.Weights().Save("mine.safetensors");
/// </code>
/// </example>
public sealed class Trainer : IDisposable
{
    // Reading the losses waits for the device, so it happens only after this many steps. It also happens after this time: where steps are
    // slow, the wait costs nothing.
    private const int StepsOfADrain = 8;
    private static readonly TimeSpan LongestWithoutDrain = TimeSpan.FromSeconds(1);

    private readonly ComputeDevice device;
    private readonly TrainingOptions options;
    private readonly IPairSource pairs;
    private readonly IPairSource? validation;
    private readonly IReadOnlyDictionary<string, string> origin;
    private readonly TrainingPlan plan;
    private readonly LabelMaps labels;
    private readonly Tensor losses;
    private readonly float[] readLosses;
    private readonly float[] batchLabels;
    private readonly List<EpochReport> history = [];
    private readonly Dictionary<string, WeightTensor> startFilters;
    private readonly Stopwatch clock = new();
    private readonly Stopwatch sinceDrain = Stopwatch.StartNew();
    private int pending;
    private int epoch;
    private int batch;
    private double lossSum;
    private long pairsTimed;

    /// <summary>Prepares a training.</summary>
    /// <param name="start">The weights to start from: those of <c>NetworkInitializer</c>, of a file, or of a checkpoint.</param>
    /// <param name="options">How to train.</param>
    /// <param name="device">The device to run on; it must outlive the trainer.</param>
    /// <param name="pairs">The pairs to learn from.</param>
    /// <param name="validation">The pairs that each epoch is validated with, or null.</param>
    /// <exception cref="WeightFormatException">The weights are not a complete Siamese network; the message says why.</exception>
    /// <exception cref="ArgumentException">
    /// An option is out of range, the pairs have crops of the wrong sizes, or there are too few pairs for a step; the message says which.
    /// </exception>
    public Trainer(NetworkWeights start, TrainingOptions options, ComputeDevice device, IPairSource pairs, IPairSource? validation = null)
    {
        this.device = device;
        this.options = options;
        this.pairs = pairs;
        this.validation = validation;
        options.Validate();
        foreach (IPairSource source in validation is null ? [pairs] : (ReadOnlySpan<IPairSource>)[pairs, validation])
            CheckSizes(source, start.RequireDefinition(), options);
        if (pairs.Count < options.Batch)
            throw new ArgumentException($"training needs at least the {options.Batch} pairs of one step in an epoch, got {pairs.Count}");
        origin = TrainingState.WithoutState(start.Metadata);
        plan = new TrainingPlan(device, start, options);
        startFilters = plan.Definition.Convolutions.Select(layer => $"{layer.Name}.weight").ToDictionary(name => name, name => start.Tensors[name]);
        int size = plan.ResponseSize;
        labels = new LabelMaps(size, plan.Definition.Stride, options);
        losses = device.Allocate(new TensorShape(StepsOfADrain * options.Batch, 1, 1, 1), TensorLayout.Planar);
        readLosses = new float[StepsOfADrain * options.Batch];
        batchLabels = new float[options.Batch * size * size];
    }

    /// <summary>
    /// Scores the weights after each epoch by tracking, the higher the better; null for no such score. It may be given other weights than
    /// those that training goes on with: their running average.
    /// </summary>
    public Func<NetworkWeights, CancellationToken, double>? ScoreTracking { get; init; }

    /// <summary>The network's name.</summary>
    public string NetworkName => plan.Definition.Name;

    /// <summary>The epochs that are done.</summary>
    public IReadOnlyList<EpochReport> History => history;

    /// <summary>Number of steps in an epoch. Pairs that do not fill a step are left out.</summary>
    public int StepsOfAnEpoch => pairs.Count / options.Batch;

    /// <summary>
    /// Trains to the last epoch, or until it is canceled. A canceled training ends after the current step, and <see cref="Checkpoint"/>
    /// then has everything that is needed to continue.
    /// </summary>
    /// <param name="loaders">Number of threads that make pairs.</param>
    /// <param name="progress">Called after every few steps, on the calling thread.</param>
    /// <param name="cancel">Cancels the training.</param>
    /// <returns>A report after each epoch. The training runs while the reports are enumerated.</returns>
    /// <exception cref="TrainingDivergedException">A loss or a weight is not a finite number.</exception>
    public IEnumerable<EpochReport> Run(int loaders = 1, Action<StepReport>? progress = null, CancellationToken cancel = default)
    {
        (int firstEpoch, int firstBatch) = batch < StepsOfAnEpoch ? (epoch, batch) : (epoch + 1, 0);
        using var loader = new PairLoader(pairs, options.Batch, loaders, firstEpoch, firstBatch);
        clock.Reset();
        pairsTimed = 0;
        while (epoch < options.Epochs)
        {
            clock.Start();
            for (; batch < StepsOfAnEpoch && !cancel.IsCancellationRequested; batch++)
            {
                if (pending == StepsOfADrain || sinceDrain.Elapsed > LongestWithoutDrain)
                    Drain(progress);
                Step(loader.Next());
            }
            Drain(progress);
            clock.Stop();
            if (cancel.IsCancellationRequested || Finish(cancel) is not { } report)
                yield break;
            yield return report;
        }
    }

    /// <summary>Waits for the device, and copies the weights to the host.</summary>
    /// <param name="metadata">Free text to store with the weights; null keeps that of the start weights.</param>
    /// <exception cref="TrainingDivergedException">A weight is not a finite number.</exception>
    public NetworkWeights Weights(IReadOnlyDictionary<string, string>? metadata = null)
    {
        NetworkWeights weights = plan.Weights(metadata ?? origin);
        Check(weights);
        return weights;
    }

    /// <summary>Waits for the device, and returns everything that the training needs to continue. Save it to a file.</summary>
    /// <exception cref="TrainingDivergedException">A loss or a weight is not a finite number.</exception>
    public NetworkWeights Checkpoint()
    {
        Drain(progress: null);
        var state = new TrainingState { Epoch = epoch, Batch = batch, LossSum = lossSum, Options = Fingerprint, History = history };
        NetworkWeights parameters = plan.Arena.Weights(plan.Arena.Parameters, origin);
        Check(parameters);
        return TrainingState.Pack(state, parameters, plan.Optimizer.ReadState(), startFilters);
    }

    /// <summary>Continues where the checkpoint was made. The trainer must have the checkpoint as its start weights.</summary>
    /// <exception cref="WeightFormatException">The weights are not a checkpoint, or it was trained with other options.</exception>
    public void Resume(NetworkWeights checkpoint)
    {
        (TrainingState state, Func<string, string, WeightTensor> tensors) = TrainingState.Unpack(checkpoint);
        if (state.Options != Fingerprint)
            throw new WeightFormatException(checkpoint.Source, $"was trained with other options: {state.Options}; these are {Fingerprint}");
        plan.Optimizer.WriteState((prefix, name) => tensors(prefix, name).Values);
        foreach (string name in startFilters.Keys.ToArray())
            startFilters[name] = tensors(TrainingState.StartPrefix, name);
        (epoch, batch, lossSum) = (state.Epoch, state.Batch, state.LossSum);
        plan.Optimizer.StepsDone = StepsDone;
        history.Clear();
        history.AddRange(state.History);
    }

    /// <summary>Frees the operations and buffers.</summary>
    public void Dispose()
    {
        plan.Dispose();
        losses.Dispose();
    }

    private string Fingerprint => $"{options}, {pairs.Count} pairs";

    // The last loss was computed before the last step, so it does not show what that step did to the weights.
    private void Check(NetworkWeights weights)
    {
        foreach (WeightTensor tensor in weights.Tensors.Values)
        {
            if (!Array.TrueForAll(tensor.Values, float.IsFinite))
                throw new TrainingDivergedException(StepsDone - 1);
        }
    }

    private long StepsDone => (long)epoch * StepsOfAnEpoch + batch;

    private static void CheckSizes(IPairSource source, NetworkDefinition definition, TrainingOptions options)
    {
        if (source.ExemplarSize != definition.ExemplarSize || source.SearchSize != options.SearchSize)
        {
            throw new ArgumentException(
                $"{definition.Name} trains on crops of {definition.ExemplarSize} and {options.SearchSize} pixels, "
                + $"the pairs have {source.ExemplarSize} and {source.SearchSize}");
        }
    }

    private void Step(PairBatch data)
    {
        device.UploadInterleaved(data.Exemplars, plan.Exemplars);
        device.UploadInterleaved(data.Searches, plan.Searches);
        Upload(data.Labels, weights: false, plan.Labels);
        Upload(data.Labels, weights: true, plan.LabelWeights);
        plan.ComputeGradients(losses.View.Images(pending * options.Batch, options.Batch));
        plan.Step(options.RateOf(epoch, batch, StepsOfAnEpoch));
        pending++;
        pairsTimed += options.Batch;
    }

    private void Upload(PairLabel[] pairLabels, bool weights, TensorView maps)
    {
        int length = batchLabels.Length / pairLabels.Length;
        for (int n = 0; n < pairLabels.Length; n++)
        {
            PairKind kind = pairLabels[n].Kind;
            (weights ? labels.Weights(kind) : labels.Labels(kind)).CopyTo(batchLabels.AsSpan(n * length));
        }
        device.Upload(batchLabels, maps);
    }

    /// <summary>Waits for the device, and reads the losses of the steps since the last call.</summary>
    private void Drain(Action<StepReport>? progress)
    {
        if (pending == 0)
            return;
        device.Download(losses, readLosses);
        int count = pending * options.Batch;
        for (int i = 0; i < count; i++)
        {
            if (!float.IsFinite(readLosses[i]))
                throw new TrainingDivergedException(StepsDone - pending + i / options.Batch);
            // Added one by one, so that the sum does not depend on when losses are read.
            lossSum += readLosses[i];
        }
        pending = 0;
        sinceDrain.Restart();
        int done = batch * options.Batch;
        progress?.Invoke(new StepReport(
            epoch, done, StepsOfAnEpoch * options.Batch, lossSum / done, pairsTimed / clock.Elapsed.TotalSeconds));
    }

    /// <summary>Validates and ends the epoch. Returns null if it was canceled during the validation.</summary>
    private EpochReport? Finish(CancellationToken cancel)
    {
        NetworkWeights weights = Weights();
        ValidationReport? judged;
        double? tracking;
        try
        {
            judged = validation is null ? null : ValidationReport.Of(device, weights, options, validation, cancel);
            tracking = ScoreTracking?.Invoke(weights, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return null;
        }
        double speed = pairsTimed / clock.Elapsed.TotalSeconds;
        float rate = options.RateOf(epoch, batch - 1, StepsOfAnEpoch);
        var report = new EpochReport(epoch, rate, lossSum / (StepsOfAnEpoch * options.Batch), judged, speed)
        {
            Tracking = tracking,
            Layers = LayersOf(weights, rate),
        };
        history.Add(report);
        (epoch, batch, lossSum) = (epoch + 1, 0, 0);
        return report;
    }

    private LayerReport[] LayersOf(NetworkWeights weights, float rate)
    {
        Func<string, float[]> step = plan.Optimizer.LastStep(rate);
        return
        [
            .. plan.Definition.Convolutions.Select(layer =>
            {
                string name = $"{layer.Name}.weight";
                return LayerReport.Of(layer.Name, weights.Tensors[name], startFilters[name].Values, step(name));
            }),
        ];
    }
}
