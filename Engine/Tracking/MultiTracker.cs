using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>One target's result in a frame.</summary>
/// <param name="Target">The target's number, as <see cref="MultiTracker.Add"/> returned it.</param>
/// <param name="Result">Where it is, and how sure the tracker is.</param>
public readonly record struct TargetResult(int Target, TrackResult Result);

/// <summary>
/// Tracks several targets through one video, with one forward pass of the network for all of them. Targets can be added and removed at
/// any frame. Each target gets the boxes that a <see cref="Tracker"/> of its own would give; on the CPU they are equal, bit for bit. When
/// a target is added or removed, the pass is prepared again, which takes about as long as a frame. Any other frame allocates nothing on the
/// managed heap. A tracker is for one thread at a time. Several trackers, each on its own thread, may share a device.
/// </summary>
/// <example>
/// <code>
/// using var device = new CpuDevice();
/// using var tracker = new MultiTracker(DefaultModel.Load(), device);
/// using FrameSource video = FrameSource.Open("video.mp4");    // of the package SiamIlgpu.Media
/// Frame first = video.Read()!;
/// int left = tracker.Add(first, new BoundingBox(111, 98, 25, 101));
/// int right = tracker.Add(first, new BoundingBox(183, 89, 25, 95));
/// foreach (Frame frame in video)
/// {
///     foreach (TargetResult target in tracker.Update(frame))
///         Console.WriteLine($"{target.Target}: {target.Result.Box}");
/// }
/// </code>
/// </example>
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
    /// <param name="weights">The weights of a Siamese network.</param>
    /// <param name="device">The device to run on; it must outlive the tracker.</param>
    /// <param name="options">The parameters of the tracking loop; null takes those of <see cref="TrackerOptions.For(NetworkWeights)"/>.</param>
    /// <param name="grayWeights">
    /// Weights of the same network for gray video. The tracker chooses the network when a target is added while there is no other: it
    /// takes this one if that frame has no color.
    /// </param>
    /// <exception cref="WeightFormatException">
    /// The weights are not a complete Siamese network, or the two networks differ; the message says how.
    /// </exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public MultiTracker(NetworkWeights weights, ComputeDevice device, TrackerOptions? options = null, NetworkWeights? grayWeights = null)
    {
        this.device = device;
        networks = new TrackingNetworks(weights, grayWeights);
        Options = options ?? TrackerOptions.For(weights);
        Options.Validate();
        active = weights;
        filters = new BranchFilters(device, weights);
        // Bad weights are refused here, and not only when the first target is added.
        using var first = new TrackingPass(filters, weights, Options, targets: 1);
        ResponseSize = first.ResponseSize;
    }

    /// <summary>The network's sizes, layers and join.</summary>
    public NetworkDefinition Definition => networks.Definition;

    /// <summary>The parameters of the tracking loop. All targets have the same.</summary>
    public TrackerOptions Options { get; }

    /// <summary>The targets' numbers, in the order in which they were added.</summary>
    public IReadOnlyList<int> Targets => numbers;

    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize { get; }

    /// <summary>Makes a tracker from a weight file alone, as <see cref="Tracker.Load"/> does.</summary>
    /// <param name="file">The weights.</param>
    /// <param name="device">The device to run on; it must outlive the tracker.</param>
    /// <param name="options">The parameters of the tracking loop; null takes those of <see cref="TrackerOptions.For(NetworkWeights)"/>.</param>
    /// <param name="grayFile">Weights of the same network for gray video, or null.</param>
    /// <exception cref="WeightFormatException">
    /// A file is not a complete Siamese network, or the two networks differ; the message says how.
    /// </exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static MultiTracker Load(string file, ComputeDevice device, TrackerOptions? options = null, string? grayFile = null) =>
        new(NetworkWeights.Load(file), device, options, grayFile is null ? null : NetworkWeights.Load(grayFile));

    /// <summary>Adds the target that the box shows in this frame. From the next frame on, <see cref="Update"/> finds it too.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">The target's box, in pixels; the frame's first pixel is (1, 1).</param>
    /// <returns>The target's number. The first target has number 1, and no number is used twice.</returns>
    /// <exception cref="ArgumentException">
    /// The box is not finite, has no area, lies outside the frame, or is more than 16 times as wide or high as the frame.
    /// </exception>
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

    /// <summary>Starts again with a target's box in this frame, and forgets how the target looked before.</summary>
    /// <param name="target">The target's number.</param>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">The target's box, in pixels; the frame's first pixel is (1, 1).</param>
    /// <exception cref="ArgumentException">There is no such target, or tracking cannot start with the box.</exception>
    public void Initialize(int target, in FrameView frame, BoundingBox box)
    {
        int place = PlaceOf(target);
        TrackedTarget.Check(frame, box);
        targets[place].Initialize(frame.OnHost(), box);
        pass!.Initialize(place, targets[place], frame);
    }

    /// <summary>Stops tracking a target.</summary>
    /// <param name="target">The target's number.</param>
    /// <returns>Whether there was a target with this number.</returns>
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

    /// <summary>Finds all targets in the next frame, which may have another size than the last one.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <returns>One result per target, in the order of <see cref="Targets"/>. It is valid until the next call.</returns>
    public ReadOnlySpan<TargetResult> Update(in FrameView frame)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        pass?.Update(targets, frame, found);
        for (int i = 0; i < results.Length; i++)
            results[i] = new TargetResult(numbers[i], found[i]);
        return results;
    }

    /// <summary>
    /// Copies a target's response in the last frame, at the winning scale. It is zero before the target's first <see cref="Update"/>.
    /// </summary>
    /// <param name="target">The target's number.</param>
    /// <param name="map">Receives <see cref="ResponseSize"/> x <see cref="ResponseSize"/> values, row by row.</param>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    /// <exception cref="KernelShapeException">The span has another length.</exception>
    public void ReadResponse(int target, Span<float> map)
    {
        int place = PlaceOf(target);
        pass!.ReadResponse(place, targets[place].Scale, map);
    }

    /// <summary>Copies the exemplar crop that a target's template was last computed from.</summary>
    /// <param name="target">The target's number.</param>
    /// <param name="rgb">
    /// Receives three planes (red, green, blue). Each has <see cref="NetworkDefinition.ExemplarSize"/> rows and columns of values 0..255.
    /// </param>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    /// <exception cref="KernelShapeException">The span has another length.</exception>
    public void ReadExemplar(int target, Span<float> rgb)
    {
        int place = PlaceOf(target);
        pass!.ReadExemplar(place, rgb);
    }

    /// <summary>Frees the network. The device stays open: it belongs to the caller.</summary>
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
