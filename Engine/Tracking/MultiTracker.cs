using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>One target's result in a frame.</summary>
/// <param name="Target">The target, as <see cref="MultiTracker.Add"/> numbered it.</param>
/// <param name="Result">Where it is, and how sure the tracker is.</param>
public readonly record struct TargetResult(int Target, TrackResult Result);

/// <summary>
/// Tracks several targets through one video, all in one forward pass of the network. Targets come and go at any frame; each has
/// the boxes that a <see cref="Tracker"/> of its own would give. A coming or going target has the pass prepared anew, which takes
/// about a frame's time; any other frame allocates nothing on the managed heap. For one thread at a time; several trackers, each
/// on a thread of its own, may share a device.
/// </summary>
public sealed class MultiTracker : IDisposable
{
    private readonly ComputeDevice device;
    private readonly TrackingNetworks networks;
    private readonly List<int> numbers = [];
    private readonly List<TrackedTarget> targets = [];
    private NetworkWeights active;
    private BranchFilters filters;
    private TrackingPass? pass;
    private TrackResult[] found = [];
    private TargetResult[] results = [];
    private int lastNumber;
    private bool disposed;

    /// <summary>Prepares a tracker without targets.</summary>
    /// <param name="weights">A Siamese network's weights, with their definition.</param>
    /// <param name="device">Where it runs; must outlive the tracker.</param>
    /// <param name="options">Parameters of the loop; the paper's row for the network when null.</param>
    /// <param name="grayWeights">
    /// A network of the same shape for gray video, used while there are targets if the frame of the first of them has no color.
    /// </param>
    /// <exception cref="WeightFormatException">The weights are no complete Siamese network.</exception>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public MultiTracker(NetworkWeights weights, ComputeDevice device, TrackerOptions? options = null, NetworkWeights? grayWeights = null)
    {
        this.device = device;
        networks = new TrackingNetworks(weights, grayWeights);
        Options = options ?? TrackerOptions.For(Definition);
        Options.Validate();
        active = weights;
        filters = new BranchFilters(device, weights);
        // What is wrong with the weights is said here, not when the first target comes.
        using var first = new TrackingPass(filters, weights, Options, targets: 1);
        ResponseSize = first.ResponseSize;
    }

    /// <summary>What the network is made of.</summary>
    public NetworkDefinition Definition => networks.Definition;

    /// <summary>The parameters of the loop, the same for all targets.</summary>
    public TrackerOptions Options { get; }

    /// <summary>The targets' numbers, in the order in which they were added.</summary>
    public IReadOnlyList<int> Targets => numbers;

    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize { get; }

    /// <summary>Opens a tracker from a weight file alone, as <see cref="Tracker.Load"/> does.</summary>
    /// <param name="file">The weights.</param>
    /// <param name="device">Where it runs; must outlive the tracker.</param>
    /// <param name="options">Parameters of the loop; the paper's row for the network when null.</param>
    /// <param name="grayFile">Weights of the same network for gray video, or null.</param>
    /// <exception cref="WeightFormatException">A file is no complete Siamese network; the message says what is missing.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static MultiTracker Load(string file, ComputeDevice device, TrackerOptions? options = null, string? grayFile = null) =>
        new(NetworkWeights.Load(file), device, options, grayFile is null ? null : NetworkWeights.Load(grayFile));

    /// <summary>Takes another target's box in this frame; <see cref="Update"/> with the next frame finds it too.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">The target, in pixels.</param>
    /// <returns>The target's number: 1 for the first ever added, then 2, and so on; none is given twice.</returns>
    /// <exception cref="ArgumentException">The box is not finite, has no area, lies outside the frame or dwarfs it.</exception>
    public int Add(in FrameView frame, BoundingBox box)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        TrackedTarget.Check(frame, box);
        FrameView onHost = frame.OnHost();
        if (targets.Count == 0)
            Take(networks.For(onHost));
        var target = new TrackedTarget(Definition, Options);
        target.Initialize(onHost, box);

        int place = targets.Count;
        TrackingPass larger = Prepare(place + 1);
        try
        {
            for (int i = 0; i < place; i++)
                larger.CopyFrom(pass!, i, i);
            larger.Initialize(place, target, frame);
        }
        catch
        {
            larger.Dispose();
            throw;
        }
        targets.Add(target);
        numbers.Add(++lastNumber);
        Replace(larger);
        return lastNumber;
    }

    /// <summary>Begins anew with a target's box in this frame; what was learned of its looks is forgotten.</summary>
    /// <param name="target">The target's number.</param>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">Where the target is, in pixels.</param>
    /// <exception cref="ArgumentException">There is no such target, or the box is not one that a target can begin with.</exception>
    public void Initialize(int target, in FrameView frame, BoundingBox box)
    {
        int place = PlaceOf(target);
        TrackedTarget.Check(frame, box);
        targets[place].Initialize(frame.OnHost(), box);
        pass!.Initialize(place, targets[place], frame);
    }

    /// <summary>Lets a target go.</summary>
    /// <param name="target">Its number.</param>
    /// <returns>Whether there was one of that number.</returns>
    public bool Remove(int target)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        int place = numbers.IndexOf(target);
        if (place < 0)
            return false;
        TrackingPass? smaller = targets.Count == 1 ? null : Prepare(targets.Count - 1);
        for (int i = 0; i < targets.Count; i++)
        {
            if (i != place)
                smaller!.CopyFrom(pass!, i, i < place ? i : i - 1);
        }
        targets.RemoveAt(place);
        numbers.RemoveAt(place);
        Replace(smaller);
        return true;
    }

    /// <summary>Finds all targets in the next frame. The frame's size may change from one to the next.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <returns>One result a target, in the order of <see cref="Targets"/>; valid until the next call.</returns>
    public ReadOnlySpan<TargetResult> Update(in FrameView frame)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        pass?.Update(targets, frame, found);
        for (int i = 0; i < results.Length; i++)
            results[i] = new TargetResult(numbers[i], found[i]);
        return results;
    }

    /// <summary>The last frame's response of a target, at the winning scale; zeros before its first <see cref="Update"/>.</summary>
    /// <param name="target">The target's number.</param>
    /// <param name="map"><see cref="ResponseSize"/> squared values, row by row.</param>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    /// <exception cref="KernelShapeException">The map has another length.</exception>
    public void ReadResponse(int target, Span<float> map)
    {
        int place = PlaceOf(target);
        pass!.ReadResponse(place, targets[place].Scale, map);
    }

    /// <summary>The crop that a target's template was last made from.</summary>
    /// <param name="target">The target's number.</param>
    /// <param name="rgb">
    /// 3 planes (red, green, blue) of <see cref="NetworkDefinition.ExemplarSize"/> squared values 0..255, row by row.
    /// </param>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    /// <exception cref="KernelShapeException">The length differs.</exception>
    public void ReadExemplar(int target, Span<float> rgb)
    {
        int place = PlaceOf(target);
        pass!.ReadExemplar(place, rgb);
    }

    /// <summary>Frees the network; the device stays the caller's.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        pass?.Dispose();
        filters.Dispose();
    }

    private int PlaceOf(int target)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        int place = numbers.IndexOf(target);
        return place >= 0 ? place : throw new ArgumentException($"there is no target {target}");
    }

    private TrackingPass Prepare(int count) => new(filters, active, Options, count);

    private void Replace(TrackingPass? next)
    {
        pass?.Dispose();
        pass = next;
        found = new TrackResult[targets.Count];
        results = new TargetResult[targets.Count];
    }

    private void Take(NetworkWeights weights)
    {
        if (weights == active)
            return;
        var others = new BranchFilters(device, weights);
        filters.Dispose();
        (active, filters) = (weights, others);
    }
}
