using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Networks;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>
/// The work of a frame for a fixed number of targets: it cuts their crops, runs the network once for all of them, and finds their peaks.
/// Each target has a place, counted from 0. The caller keeps the positions and sizes of the targets.
/// </summary>
internal sealed class TrackingPass : IDisposable
{
    private readonly TrackerOptions options;
    private readonly SiameseNetwork network;
    private readonly CropResize exemplarCrop;
    private readonly CropResize searchCrop;
    private readonly ResponsePeak[] peaks;
    // The work from the search crops to the peaks, and the work from the exemplar crops to the templates. Both are the same in every
    // frame, so they are recorded.
    private readonly RecordedWork respond;
    private readonly RecordedWork updateTemplates;

    internal TrackingPass(BranchFilters filters, NetworkWeights weights, TrackerOptions options, int targets)
    {
        this.options = options;
        ComputeDevice device = filters.Device;
        network = new SiameseNetwork(filters, weights, options.Scales, targets, options.FirstTemplateShare);
        exemplarCrop = device.Prepare(new CropResizeSpec(1, network.Definition.ExemplarSize));
        searchCrop = device.Prepare(new CropResizeSpec(options.Scales, network.Definition.SearchSize));
        var peak = new ResponsePeakSpec(options.Scales, network.ResponseSize, options.Upsampling, options.ScalePenalty, options.WindowInfluence);
        peaks = [.. Enumerable.Range(0, targets).Select(_ => device.Prepare(peak))];
        respond = device.Record(() =>
        {
            network.Respond();
            for (int i = 0; i < peaks.Length; i++)
                peaks[i].Forward(Responses(i));
        });
        updateTemplates = device.Record(() => network.UpdateTemplates(options.TemplateRate));
    }

    /// <summary>Rows and columns of a response.</summary>
    internal int ResponseSize => network.ResponseSize;

    /// <summary>Computes a target's template from the crop at its position in this frame.</summary>
    internal void Initialize(int place, TrackedTarget target, in FrameView frame)
    {
        CropExemplar(place, target, frame);
        network.SetTemplate(place);
    }

    /// <summary>Finds all targets in the next frame. There must be one for each place.</summary>
    internal void Update(IReadOnlyList<TrackedTarget> targets, in FrameView frame, Span<TrackResult> results)
    {
        for (int i = 0; i < peaks.Length; i++)
            searchCrop.Forward(frame, targets[i].SearchCrops(), network.SearchCrops.Images(i * options.Scales, options.Scales));
        respond.Replay();
        for (int i = 0; i < peaks.Length; i++)
        {
            PeakResult peak = peaks[i].Read();
            targets[i].Move(peak, peaks[i].Spec.MapSize);
            results[i] = targets[i].Report(peak, network.ScoreGain * (double)peak.Response + network.ScoreBias);
        }

        // CFNet's templates follow their targets slowly. The exemplar is cut at the new position, but with the old side.
        if (options.TemplateRate > 0)
        {
            for (int i = 0; i < peaks.Length; i++)
            {
                CropExemplar(i, targets[i], frame);
                targets[i].ResizeExemplar();
            }
            updateTemplates.Replay();
        }
    }

    /// <summary>Copies the response of a target at one scale, row by row.</summary>
    /// <exception cref="KernelShapeException">The span has another length.</exception>
    internal void ReadResponse(int place, int scale, Span<float> map) => Device.Download(Responses(place).Images(scale, 1), map);

    /// <summary>Copies the exemplar crop that a target's template was last computed from, as three planes.</summary>
    /// <exception cref="KernelShapeException">The span has another length.</exception>
    internal void ReadExemplar(int place, Span<float> rgb) => Device.Download(network.ExemplarCrops.Images(place, 1), rgb);

    /// <summary>Copies everything that another pass of the same network knows about a target.</summary>
    internal void CopyFrom(TrackingPass other, int place, int to)
    {
        foreach ((TensorView from, TensorView into) in other.network.TemplatesOf(place).Zip(network.TemplatesOf(to)))
            Copy(from, into);
        Copy(other.network.ExemplarCrops.Images(place, 1), network.ExemplarCrops.Images(to, 1));
        Copy(other.Responses(place), Responses(to));
    }

    public void Dispose()
    {
        updateTemplates.Dispose();
        respond.Dispose();
        foreach (ResponsePeak peak in peaks)
            peak.Dispose();
        searchCrop.Dispose();
        exemplarCrop.Dispose();
        network.Dispose();
    }

    private ComputeDevice Device => searchCrop.Device;

    private TensorView Responses(int place) => network.Responses.Images(place * options.Scales, options.Scales);

    private void CropExemplar(int place, TrackedTarget target, in FrameView frame) =>
        exemplarCrop.Forward(frame, target.ExemplarCrop(), network.ExemplarCrops.Images(place, 1));

    // The copy goes through the host, which is slow but rare: only when targets are added or removed.
    private void Copy(TensorView from, TensorView to)
    {
        float[] values = new float[from.Shape.Count];
        Device.Download(from, values);
        Device.Upload(values, to);
    }
}
