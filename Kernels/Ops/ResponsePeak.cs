namespace SiamIlgpu.Kernels;

/// <summary>
/// From the responses of all scales to one position: upsample each bicubically, penalise all scales but the middle one,
/// take the scale with the highest peak, normalise its response to sum 1, mix in a Hann window, find the peak.
/// </summary>
/// <param name="Scales">Number of responses, odd; the middle one is the unchanged scale.</param>
/// <param name="ResponseSize">Rows and columns of a response.</param>
/// <param name="Upsampling">Factor of the bicubic upsampling.</param>
/// <param name="ScalePenalty">Multiplies the peaks of all but the middle scale when the winner is chosen.</param>
/// <param name="WindowInfluence">Share of the Hann window in the final map, 0..1.</param>
public readonly record struct ResponsePeakSpec(int Scales, int ResponseSize, int Upsampling, float ScalePenalty, float WindowInfluence)
{
    /// <summary>Rows and columns of the upsampled map.</summary>
    public int MapSize => ResponseSize * Upsampling;

    /// <summary>Shape of the responses.</summary>
    public TensorShape Responses => new(Scales, 1, ResponseSize, ResponseSize);

    /// <summary>Throws when the sizes make no sense.</summary>
    /// <exception cref="KernelShapeException">Names the values that do not fit.</exception>
    public void Validate()
    {
        if (Scales <= 0 || Scales % 2 == 0 || ResponseSize <= 0 || Upsampling <= 0)
            throw new KernelShapeException($"response peak: sizes must be positive and the number of scales odd, got {this}");
        if (!(WindowInfluence is >= 0 and <= 1) || !float.IsFinite(ScalePenalty))
            throw new KernelShapeException($"response peak: the window's share must lie in 0..1, got {this}");
    }

    /// <summary>Symmetric Hann window of sum 1, one side of the map. Of two samples both would be 0, so a window without a sum is flat.</summary>
    internal float[] HannWindow()
    {
        int n = MapSize;
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += Hann(i, n);
        var window = new float[n];
        for (int i = 0; i < n; i++)
            window[i] = (float)(sum > 0 ? Hann(i, n) / sum : 1.0 / n);
        return window;
    }

    // Sample i and its mirror image are the same number, so that the middle of an even window is a tie, as it should be.
    private static double Hann(int i, int n) => n == 1 ? 1 : 0.5 * (1 - double.CosPi(2.0 * Math.Min(i, n - 1 - i) / (n - 1)));
}

/// <summary>Where the target is in the upsampled map, and how clear that is.</summary>
/// <param name="Scale">Index of the winning scale, ascending.</param>
/// <param name="Row">Row of the peak of the mixed map, 0-based.</param>
/// <param name="Column">Column of the peak of the mixed map, 0-based.</param>
/// <param name="Response">Highest value of the winner's upsampled response, before penalty, normalisation and window.</param>
/// <param name="PeakToSidelobe">
/// (peak - mean) / standard deviation of the winner's response at its own resolution: the peak is its largest value, mean
/// and deviation are over all cells more than two away (in row or column) from it; 0 where that is undefined.
/// </param>
public readonly record struct PeakResult(int Scale, int Row, int Column, float Response, float PeakToSidelobe);

/// <summary>A prepared <see cref="ResponsePeakSpec"/>.</summary>
public abstract class ResponsePeak(ComputeDevice device, ResponsePeakSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public ResponsePeakSpec Spec { get; } = spec;

    /// <summary>Enqueues the search in the responses (planar).</summary>
    public void Forward(TensorView responses)
    {
        Require(responses, Spec.Responses, TensorLayout.Planar, "responses");
        ForwardCore(responses);
    }

    /// <summary>Waits for the last <see cref="Forward"/> and returns what it found. The one wait of a frame.</summary>
    public abstract PeakResult Read();

    /// <summary>Searches checked responses.</summary>
    protected abstract void ForwardCore(TensorView responses);
}
