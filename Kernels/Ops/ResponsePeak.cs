namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// Finds the target's place in the responses of all scales. Each response is upsampled bicubically; all scales but the middle one are
/// penalized; the scale with the highest peak wins. The winner's response is normalized to sum 1 and mixed with a Hann window. The peak
/// of the mixed map is the target's place.
/// </summary>
/// <param name="Scales">Number of responses, odd; the middle one is the unchanged scale.</param>
/// <param name="ResponseSize">Rows and columns of a response.</param>
/// <param name="Upsampling">The factor of the bicubic upsampling.</param>
/// <param name="ScalePenalty">Multiplies the peaks of all scales but the middle one when the winner is chosen.</param>
/// <param name="WindowInfluence">The share of the Hann window in the mixed map, 0..1.</param>
public readonly record struct ResponsePeakSpec(int Scales, int ResponseSize, int Upsampling, float ScalePenalty, float WindowInfluence)
{
    /// <summary>Rows and columns of the upsampled map.</summary>
    public int MapSize => ResponseSize * Upsampling;

    /// <summary>Shape of the responses.</summary>
    public TensorShape Responses => new(Scales, 1, ResponseSize, ResponseSize);

    /// <summary>Throws when the sizes make no sense.</summary>
    /// <exception cref="KernelShapeException">The values do not fit; the message names them.</exception>
    public void Validate()
    {
        if (Scales <= 0 || Scales % 2 == 0 || ResponseSize <= 0 || Upsampling <= 0)
            throw new KernelShapeException($"response peak: sizes must be positive and the number of scales odd, got {this}");
        if (!(WindowInfluence is >= 0 and <= 1) || !float.IsFinite(ScalePenalty))
            throw new KernelShapeException($"response peak: the window's share must lie in 0..1, got {this}");
    }

    /// <summary>
    /// A symmetric Hann window of sum 1, as long as a side of the map. A window of two samples would be all zeros, so it is flat instead.
    /// </summary>
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

    // Sample i and its mirror image are computed alike, so that the two middle samples of an even window are equal.
    private static double Hann(int i, int n) => n == 1 ? 1 : 0.5 * (1 - double.CosPi(2.0 * Math.Min(i, n - 1 - i) / (n - 1)));
}

/// <summary>Where the target is in the upsampled map, and how clear the peak is.</summary>
/// <param name="Scale">Index of the winning scale.</param>
/// <param name="Row">Row of the peak of the mixed map, 0-based.</param>
/// <param name="Column">Column of the peak of the mixed map, 0-based.</param>
/// <param name="Response">Highest value of the winner's upsampled response, before penalty, normalization and window.</param>
/// <param name="PeakToSidelobe">
/// (peak - mean) / standard deviation of the winner's response before upsampling. The peak is its largest value. Mean and deviation are
/// taken over all cells that are more than two rows or columns away from the peak. It is 0 where it is undefined.
/// </param>
public readonly record struct PeakResult(int Scale, int Row, int Column, float Response, float PeakToSidelobe);

/// <summary>A prepared <see cref="ResponsePeakSpec"/>.</summary>
public abstract class ResponsePeak(ComputeDevice device, ResponsePeakSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public ResponsePeakSpec Spec { get; } = spec;

    /// <summary>Enqueues the search for the peak in the responses (planar).</summary>
    public void Forward(TensorView responses)
    {
        Require(responses, Spec.Responses, TensorLayout.Planar, "responses");
        ForwardCore(responses);
    }

    /// <summary>Waits for the last <see cref="Forward"/> and returns what it found. It is the only wait of a frame.</summary>
    public abstract PeakResult Read();

    /// <summary>Searches responses that have been checked.</summary>
    protected abstract void ForwardCore(TensorView responses);
}
