using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>
/// Tracks one target through a video with SiamFC (Bertinetto et al. 2016) or CFNet (Valmadre et al. 2017); the weights decide which.
/// Call <see cref="Initialize"/> with the target's box in one frame, then <see cref="Update"/> with every later frame. Call
/// <see cref="Initialize"/> again at any time to track another target. After the first update, a frame allocates nothing on the managed
/// heap. A tracker is for one thread at a time. Several trackers, each on its own thread, may share a device.
/// </summary>
/// <example>
/// <code>
/// using var device = new CpuDevice();
/// using var tracker = new Tracker(DefaultModel.Load(), device);
/// using FrameSource video = FrameSource.Open("video.mp4");                // of the package SiamIlgpu.Media
/// tracker.Initialize(video.Read(), new BoundingBox(205, 151, 17, 50));    // left, top, width and height in pixels
/// foreach (Frame frame in video)
///     Console.WriteLine(tracker.Update(frame).Box);
/// </code>
/// </example>
public sealed class Tracker : ITracker, IDisposable
{
    private readonly ComputeDevice device;
    private readonly TrackingNetworks networks;
    private readonly TrackingPass color;
    private readonly TrackedTarget[] target;
    private readonly TrackResult[] result = new TrackResult[1];
    private TrackingPass? gray;
    private TrackingPass? active;
    private bool disposed;

    /// <summary>Prepares a tracker.</summary>
    /// <param name="weights">The weights of a Siamese network.</param>
    /// <param name="device">The device to run on; it must outlive the tracker.</param>
    /// <param name="options">The parameters of the tracking loop; null takes those of <see cref="TrackerOptions.For(NetworkWeights)"/>.</param>
    /// <param name="grayWeights">
    /// Weights of the same network for gray video. They are used if the frame of <see cref="Initialize"/> has no color.
    /// </param>
    /// <exception cref="WeightFormatException">
    /// The weights are not a complete Siamese network, or the two networks differ; the message says how.
    /// </exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public Tracker(NetworkWeights weights, ComputeDevice device, TrackerOptions? options = null, NetworkWeights? grayWeights = null)
    {
        this.device = device;
        networks = new TrackingNetworks(weights, grayWeights);
        Options = options ?? TrackerOptions.For(weights);
        Options.Validate();
        target = [new TrackedTarget(Definition, Options)];
        color = Prepare(weights);
    }

    /// <summary>The network's sizes, layers and join.</summary>
    public NetworkDefinition Definition => networks.Definition;

    /// <summary>The parameters of the tracking loop.</summary>
    public TrackerOptions Options { get; }

    /// <summary>The last box; after <see cref="Initialize"/>, the given one.</summary>
    public BoundingBox Box => target[0].Box;

    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize => color.ResponseSize;

    /// <summary>
    /// Makes a tracker from a weight file alone, either safetensors or a MAT-file by MatConvNet. The contents of the file decide which
    /// network it is and, without options, which of the papers' parameters are used.
    /// </summary>
    /// <param name="file">The weights.</param>
    /// <param name="device">The device to run on; it must outlive the tracker.</param>
    /// <param name="options">The parameters of the tracking loop; null takes those of <see cref="TrackerOptions.For(NetworkWeights)"/>.</param>
    /// <param name="grayFile">Weights of the same network for gray video, or null.</param>
    /// <exception cref="WeightFormatException">
    /// A file is not a complete Siamese network, or the two networks differ; the message says how.
    /// </exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Tracker Load(string file, ComputeDevice device, TrackerOptions? options = null, string? grayFile = null) =>
        new(NetworkWeights.Load(file), device, options, grayFile is null ? null : NetworkWeights.Load(grayFile));

    /// <summary>Starts to track the target that the box shows in this frame.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">The target's box, in pixels; the frame's first pixel is (1, 1).</param>
    /// <returns>The given box, with confidence 1.</returns>
    /// <exception cref="ArgumentException">
    /// The box is not finite, has no area, lies outside the frame, or is more than 16 times as wide or high as the frame.
    /// </exception>
    public TrackResult Initialize(in FrameView frame, BoundingBox box)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        TrackedTarget.Check(frame, box);
        FrameView onHost = frame.OnHost();
        NetworkWeights network = networks.For(onHost);
        active = network == networks.Color ? color : gray ??= Prepare(network);
        target[0].Initialize(onHost, box);
        active.Initialize(0, target[0], frame);
        return new TrackResult(box, 1, false, 0, 0);
    }

    /// <summary>Finds the target in the next frame, which may have another size than the last one.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    public TrackResult Update(in FrameView frame)
    {
        Initialized().Update(target, frame, result);
        return result[0];
    }

    void ITracker.Initialize(in FrameView frame, BoundingBox target) => Initialize(frame, target);

    BoundingBox ITracker.Update(in FrameView frame) => Update(frame).Box;

    /// <summary>Copies the last frame's response at the winning scale; it is zero before the first <see cref="Update"/>.</summary>
    /// <param name="map">Receives <see cref="ResponseSize"/> x <see cref="ResponseSize"/> values, row by row.</param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    /// <exception cref="KernelShapeException">The span has another length.</exception>
    public void ReadResponse(Span<float> map) => Initialized().ReadResponse(0, target[0].Scale, map);

    /// <summary>Copies the exemplar crop that the template was last computed from.</summary>
    /// <param name="rgb">
    /// Receives three planes (red, green, blue). Each has <see cref="NetworkDefinition.ExemplarSize"/> rows and columns of values 0..255.
    /// </param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    /// <exception cref="KernelShapeException">The span has another length.</exception>
    public void ReadExemplar(Span<float> rgb) => Initialized().ReadExemplar(0, rgb);

    /// <summary>Frees the networks. The device stays open: it belongs to the caller.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        color.Dispose();
        gray?.Dispose();
    }

    private TrackingPass Initialized()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return active ?? throw new InvalidOperationException("the tracker has no target yet: call Initialize with its box first");
    }

    private TrackingPass Prepare(NetworkWeights weights)
    {
        using var filters = new BranchFilters(device, weights);
        return new TrackingPass(filters, weights, Options, targets: 1);
    }
}
