using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Networks;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>
/// A frame's work for a fixed number of targets: their crops, one pass of the network over all of them, their peaks. Targets are
/// known by their place, from 0; their geometry is the caller's.
/// </summary>
internal sealed class TrackingPass : IDisposable
{
    private readonly TrackerOptions options;
    private readonly SiameseNetwork network;
    private readonly CropResize exemplarCrop;
    private readonly CropResize searchCrop;
    private readonly ResponsePeak[] peaks;
    // From the search crops to the peaks, and from the exemplar crops into the templates; the same in every frame.
    private readonly RecordedWork respond;
    private readonly RecordedWork updateTemplates;

    internal TrackingPass(BranchFilters filters, NetworkWeights weights, TrackerOptions options, int targets)
    {
        this.options = options;
        ComputeDevice device = filters.Device;
        network = new SiameseNetwork(filters, weights, options.Scales, targets);
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

    /// <summary>Makes a target's template from its place in this frame.</summary>
    internal void Initialize(int place, TrackedTarget target, in FrameView frame)
    {
        CropExemplar(place, target, frame);
        network.SetTemplate(place);
    }

    /// <summary>Finds all targets, one a place, in the next frame.</summary>
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

        // The templates follow their targets slowly (CFNet): from the new position, with the old exemplar side.
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

    /// <summary>The response of a target at one scale, row by row.</summary>
    /// <exception cref="KernelShapeException">The length differs.</exception>
    internal void ReadResponse(int place, int scale, Span<float> map) => Device.Download(Responses(place).Images(scale, 1), map);

    /// <summary>The crop that a target's template was last made from, three planes.</summary>
    /// <exception cref="KernelShapeException">The length differs.</exception>
    internal void ReadExemplar(int place, Span<float> rgb) => Device.Download(network.ExemplarCrops.Images(place, 1), rgb);

    /// <summary>Takes over what another pass of the same network knows of a target.</summary>
    internal void CopyFrom(TrackingPass other, int place, int to)
    {
        Copy(other.network.Templates.Images(place, 1), network.Templates.Images(to, 1));
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

    // By way of the host: a target comes or goes once in a while.
    private void Copy(TensorView from, TensorView to)
    {
        float[] values = new float[from.Shape.Count];
        Device.Download(from, values);
        Device.Upload(values, to);
    }
}
