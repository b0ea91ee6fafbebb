using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>
/// Tracks one target through a video: SiamFC (Bertinetto et al. 2016) or CFNet (Valmadre et al. 2017), as its weights say.
/// <see cref="Initialize"/> with the target's box in one frame, then <see cref="Update"/> with every later frame; initialize
/// again at any time for another target. After the first update a frame allocates nothing on the managed heap.
/// A tracker is for one thread at a time; several trackers, each on a thread of its own, may share a device.
/// </summary>
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
    /// <param name="weights">A Siamese network's weights, with their definition.</param>
    /// <param name="device">Where it runs; must outlive the tracker.</param>
    /// <param name="options">Parameters of the loop; the paper's row for the network when null.</param>
    /// <param name="grayWeights">A network of the same shape for gray video, used where the first frame has no color.</param>
    /// <exception cref="WeightFormatException">The weights are no complete Siamese network.</exception>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public Tracker(NetworkWeights weights, ComputeDevice device, TrackerOptions? options = null, NetworkWeights? grayWeights = null)
    {
        this.device = device;
        networks = new TrackingNetworks(weights, grayWeights);
        Options = options ?? TrackerOptions.For(Definition);
        Options.Validate();
        target = [new TrackedTarget(Definition, Options)];
        color = Prepare(weights);
    }

    /// <summary>What the network is made of.</summary>
    public NetworkDefinition Definition => networks.Definition;

    /// <summary>The parameters of the loop.</summary>
    public TrackerOptions Options { get; }

    /// <summary>The last box; the given one after <see cref="Initialize"/>.</summary>
    public BoundingBox Box => target[0].Box;

    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize => color.ResponseSize;

    /// <summary>
    /// Opens a tracker from a weight file alone: safetensors or MatConvNet's MAT. The network and the paper's parameters
    /// for it come from the file.
    /// </summary>
    /// <param name="file">The weights.</param>
    /// <param name="device">Where it runs; must outlive the tracker.</param>
    /// <param name="options">Parameters of the loop; the paper's row for the network when null.</param>
    /// <param name="grayFile">Weights of the same network for gray video, or null.</param>
    /// <exception cref="WeightFormatException">A file is no complete Siamese network; the message says what is missing.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Tracker Load(string file, ComputeDevice device, TrackerOptions? options = null, string? grayFile = null) =>
        new(NetworkWeights.Load(file), device, options, grayFile is null ? null : NetworkWeights.Load(grayFile));

    /// <summary>Takes the target's box in this frame.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">The target, in pixels.</param>
    /// <returns>The given box, with confidence 1.</returns>
    /// <exception cref="ArgumentException">The box is not finite, has no area, lies outside the frame or dwarfs it.</exception>
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

    /// <summary>Finds the target in the next frame. The frame's size may change from one to the next.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    public TrackResult Update(in FrameView frame)
    {
        Initialized().Update(target, frame, result);
        return result[0];
    }

    void ITracker.Initialize(in FrameView frame, BoundingBox target) => Initialize(frame, target);

    BoundingBox ITracker.Update(in FrameView frame) => Update(frame).Box;

    /// <summary>The last frame's response, at the winning scale; zeros before the first <see cref="Update"/>.</summary>
    /// <param name="map"><see cref="ResponseSize"/> squared values, row by row.</param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    /// <exception cref="KernelShapeException">The map has another length.</exception>
    public void ReadResponse(Span<float> map) => Initialized().ReadResponse(0, target[0].Scale, map);

    /// <summary>The crop that the template was last made from.</summary>
    /// <param name="rgb">
    /// 3 planes (red, green, blue) of <see cref="NetworkDefinition.ExemplarSize"/> squared values 0..255, row by row.
    /// </param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    /// <exception cref="KernelShapeException">The length differs.</exception>
    public void ReadExemplar(Span<float> rgb) => Initialized().ReadExemplar(0, rgb);

    /// <summary>Frees the networks; the device stays the caller's.</summary>
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
