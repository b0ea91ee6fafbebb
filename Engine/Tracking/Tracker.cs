using SiamIlgpu.Kernels;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu;

/// <summary>
/// Tracks one target through a video: SiamFC (Bertinetto et al. 2016) or CFNet (Valmadre et al. 2017), as its weights say.
/// <see cref="Initialize"/> with the target's box in one frame, then <see cref="Update"/> with every later frame; initialise
/// again at any time for another target. After the first update a frame allocates nothing on the managed heap.
/// A tracker is for one thread at a time; several trackers, each on a thread of its own, may share a device.
/// </summary>
public sealed class Tracker : IDisposable
{
    // How far beyond the frame's own size a target's box may reach: more is a slip, not a target.
    private const double LargestBox = 16;

    private readonly ComputeDevice device;
    private readonly NetworkWeights? greyWeights;
    private readonly Prepared colour;
    private readonly double[] scales;
    private readonly double[] sides;
    private readonly CropSquare[] levels;
    private Prepared? grey;
    private bool disposed;

    // The target: set by Initialize, moved by Update.
    private Prepared? active;
    private RgbColor padding;
    private (double X, double Y) center;
    private (double Width, double Height) size;
    private (double Min, double Max) exemplarLimits;
    private (double Min, double Max) searchLimits;
    private double exemplarSide;
    private double searchSide;
    private bool lost;

    /// <summary>Prepares a tracker.</summary>
    /// <param name="weights">A Siamese network's weights, with their definition.</param>
    /// <param name="device">Where it runs; must outlive the tracker.</param>
    /// <param name="options">Parameters of the loop; the paper's row for the network when null.</param>
    /// <param name="greyWeights">A network of the same shape for grey video, used where the first frame has no colour.</param>
    /// <exception cref="WeightFormatException">The weights are no complete Siamese network.</exception>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public Tracker(NetworkWeights weights, ComputeDevice device, TrackerOptions? options = null, NetworkWeights? greyWeights = null)
    {
        this.device = device;
        this.greyWeights = greyWeights;
        Definition = weights.RequireDefinition();
        if (greyWeights is not null && !greyWeights.RequireDefinition().Equals(Definition))
        {
            throw new WeightFormatException(
                greyWeights.Source, $"the grey network must have the layers of {weights.Source}, but it is a {greyWeights.Definition!.Name}");
        }
        Options = options ?? TrackerOptions.For(Definition);
        Options.Validate();
        scales = [.. Enumerable.Range(0, Options.Scales).Select(i => Math.Pow(Options.ScaleStep, i - Options.Scales / 2))];
        sides = new double[Options.Scales];
        levels = new CropSquare[Options.Scales];
        colour = new Prepared(device, weights, Options);
    }

    /// <summary>What the network is made of.</summary>
    public NetworkDefinition Definition { get; }

    /// <summary>The parameters of the loop.</summary>
    public TrackerOptions Options { get; }

    /// <summary>The last box; the given one after <see cref="Initialize"/>.</summary>
    public BoundingBox Box => new(center.X - size.Width / 2, center.Y - size.Height / 2, size.Width, size.Height);

    /// <summary>
    /// Opens a tracker from a weight file alone: safetensors or MatConvNet's MAT. The network and the paper's parameters
    /// for it come from the file.
    /// </summary>
    /// <param name="file">The weights.</param>
    /// <param name="device">Where it runs; must outlive the tracker.</param>
    /// <param name="options">Parameters of the loop; the paper's row for the network when null.</param>
    /// <param name="greyFile">Weights of the same network for grey video, or null.</param>
    /// <exception cref="WeightFormatException">A file is no complete Siamese network; the message says what is missing.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Tracker Load(string file, ComputeDevice device, TrackerOptions? options = null, string? greyFile = null) =>
        new(NetworkWeights.Load(file), device, options, greyFile is null ? null : NetworkWeights.Load(greyFile));

    /// <summary>Takes the target's box in this frame.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <param name="box">The target, in pixels.</param>
    /// <returns>The given box, with confidence 1.</returns>
    /// <exception cref="ArgumentException">The box is not finite, has no area, lies outside the frame or dwarfs it.</exception>
    public TrackResult Initialize(in FrameView frame, BoundingBox box)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        CheckBox(frame, box);
        active = greyWeights is not null && IsGrey(frame)
            ? grey ??= new Prepared(device, greyWeights, Options)
            : colour;

        padding = RgbColor.MeanOf(frame);
        center = box.Center;
        size = (box.Width, box.Height);
        exemplarSide = CropGeometry.ContextSide(box.Width, box.Height, Options.Context);
        searchSide = exemplarSide * Definition.SearchSize / Definition.ExemplarSize;
        exemplarLimits = (Options.SizeLimits.Min * exemplarSide, Options.SizeLimits.Max * exemplarSide);
        searchLimits = (Options.SizeLimits.Min * searchSide, Options.SizeLimits.Max * searchSide);
        lost = false;

        CropExemplar(frame);
        active.Network.UpdateTemplate(1);
        return new TrackResult(box, 1, false, 0, 0);
    }

    /// <summary>Finds the target in the next frame. The frame's size may change from one to the next.</summary>
    /// <param name="frame">The frame; its pixels are not kept.</param>
    /// <exception cref="InvalidOperationException"><see cref="Initialize"/> has not been called.</exception>
    public TrackResult Update(in FrameView frame)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (active is null)
            throw new InvalidOperationException("the tracker has no target yet: call Initialize with its box first");
        SiameseNetwork network = active.Network;

        // 1. Search crops at the last position, one a scale; their responses; the peak.
        CropSquare region = CropGeometry.Pyramid(center, Scaled(searchSide), Definition.SearchSize, out int regionSize, levels);
        active.SearchCrop.Forward(frame, Pyramid(region, regionSize, levels), network.SearchCrops);
        active.Respond.Replay();
        PeakResult peak = active.Peak.Read();

        // 2. Position: from cells of the upsampled map to pixels of the frame.
        center.X += Displacement(peak.Column);
        center.Y += Displacement(peak.Row);

        // 3. Size, damped; the search side within limits.
        double scale = scales[peak.Scale];
        searchSide = Damp(searchSide, scale, searchLimits);
        size = (Damp(size.Width, scale), Damp(size.Height, scale));

        // 4. The template follows the target slowly (CFNet): from the new position, with the old exemplar side.
        if (Options.TemplateRate > 0)
        {
            CropExemplar(frame);
            active.UpdateTemplate.Replay();
            exemplarSide = Damp(exemplarSide, scale, exemplarLimits);
        }

        double confidence = 1 / (1 + Math.Exp(-(network.ScoreGain * (double)peak.Response + network.ScoreBias)));
        lost = lost ? !(confidence > Options.LostThresholds.Above) : !(confidence >= Options.LostThresholds.Below);
        return new TrackResult(Box, confidence, lost, peak.Response, peak.PeakToSidelobe);
    }

    /// <summary>Frees the networks; the device stays the caller's.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        colour.Dispose();
        grey?.Dispose();
    }

    private static bool IsGrey(in FrameView frame)
    {
        if (frame.Format == PixelFormat.Gray8)
            return true;
        (int red, int green, int blue) = frame.ChannelOffsets;
        int step = frame.BytesPerPixel;
        for (int y = 0; y < frame.Height; y++)
        {
            ReadOnlySpan<byte> row = frame.Row(y);
            for (int x = 0; x < row.Length; x += step)
            {
                if (row[x + red] != row[x + green] || row[x + red] != row[x + blue])
                    return false;
            }
        }
        return true;
    }

    private static void CheckBox(in FrameView frame, BoundingBox box)
    {
        if (!box.IsValid)
            throw new ArgumentException($"a box needs finite numbers and a positive width and height, got {box}");
        if (box.X >= frame.Width || box.Y >= frame.Height || box.X + box.Width <= 0 || box.Y + box.Height <= 0)
            throw new ArgumentException($"the box {box} lies outside the {frame.Width}x{frame.Height} frame");
        if (box.Width > LargestBox * frame.Width || box.Height > LargestBox * frame.Height)
            throw new ArgumentException($"the box {box} is more than {LargestBox} times the {frame.Width}x{frame.Height} frame");
    }

    private void CropExemplar(in FrameView frame)
    {
        int cropSize = Definition.ExemplarSize;
        Span<CropSquare> wanted = levels;
        CropSquare region;
        int regionSize;
        if (Options.Conventions == TrackerConventions.SiamFc)
        {
            region = CropGeometry.Single(center, exemplarSide, cropSize, out regionSize, wanted);
            wanted = wanted[..1];
        }
        else
        {
            region = CropGeometry.Pyramid(center, Scaled(exemplarSide), cropSize, out regionSize, wanted);
            wanted = wanted.Slice(levels.Length / 2, 1);
        }
        active!.ExemplarCrop.Forward(frame, Pyramid(region, regionSize, wanted), active.Network.ExemplarCrop);
    }

    private CropPyramid Pyramid(CropSquare region, int regionSize, ReadOnlySpan<CropSquare> wanted) =>
        new() { Region = region, RegionSize = regionSize, Levels = wanted, Padding = padding };

    private ReadOnlySpan<double> Scaled(double side)
    {
        for (int i = 0; i < scales.Length; i++)
            sides[i] = side * scales[i];
        return sides;
    }

    private double Displacement(int peak) => CropGeometry.Displacement(
        peak, active!.Peak.Spec.MapSize, Definition.Stride, Options.Upsampling, searchSide, Definition.SearchSize, Options.Conventions);

    private double Damp(double value, double scale) => (1 - Options.ScaleRate) * value + Options.ScaleRate * value * scale;

    private double Damp(double value, double scale, (double Min, double Max) limits) =>
        Math.Clamp(Damp(value, scale), limits.Min, limits.Max);

    /// <summary>A network with the operations before and after it.</summary>
    private sealed class Prepared : IDisposable
    {
        internal Prepared(ComputeDevice device, NetworkWeights weights, TrackerOptions options)
        {
            Network = new SiameseNetwork(device, weights, options.Scales);
            ExemplarCrop = device.Prepare(new CropResizeSpec(1, Network.Definition.ExemplarSize));
            SearchCrop = device.Prepare(new CropResizeSpec(options.Scales, Network.Definition.SearchSize));
            Peak = device.Prepare(new ResponsePeakSpec(
                options.Scales, Network.ResponseSize, options.Upsampling, options.ScalePenalty, options.WindowInfluence));
            Respond = device.Record(() =>
            {
                Network.Respond();
                Peak.Forward(Network.Responses);
            });
            UpdateTemplate = device.Record(() => Network.UpdateTemplate(options.TemplateRate));
        }

        internal SiameseNetwork Network { get; }

        internal CropResize ExemplarCrop { get; }

        internal CropResize SearchCrop { get; }

        internal ResponsePeak Peak { get; }

        /// <summary>From the search crops to the peak; the same in every frame.</summary>
        internal RecordedWork Respond { get; }

        /// <summary>From the exemplar crop into the template, at the frames' rate.</summary>
        internal RecordedWork UpdateTemplate { get; }

        public void Dispose()
        {
            UpdateTemplate.Dispose();
            Respond.Dispose();
            Peak.Dispose();
            SearchCrop.Dispose();
            ExemplarCrop.Dispose();
            Network.Dispose();
        }
    }
}
