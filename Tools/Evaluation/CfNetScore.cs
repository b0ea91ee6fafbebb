namespace SiamIlgpu.Evaluation;

/// <summary>
/// The score by which CFNet's authors chose their parameters (Valmadre et al., CVPR 2017, and their code). The tracker runs three times on
/// each video, from different frames. Each run ends at its first frame without overlap, and in the frames after it the overlap counts as 0.
/// </summary>
/// <param name="Frames">Number of frames that count, including those after a failure.</param>
/// <param name="Overlap">
/// The area under the curve that gives, for t = 0, 0.01, ..., 1, the share of frames whose IoU is at least t (trapezoidal rule). The
/// authors print this number times 100.
/// </param>
public readonly record struct CfNetScore(int Frames, double Overlap)
{
    private const int Subsequences = 3;
    private const int Thresholds = 101;

    /// <summary>The numbers of the frames to start from, counted from 0: the beginning of each third of the video.</summary>
    /// <param name="frames">Number of frames in the video.</param>
    public static IReadOnlyList<int> Starts(int frames) =>
        [.. Enumerable.Range(0, Subsequences).Select(i => (int)Math.Round((frames - 1) * i / (double)Subsequences, MidpointRounding.AwayFromZero))];

    /// <summary>
    /// The score of a list of frames, from the runs on one video or on all. Each frame counts once. NaN when there are no frames.
    /// </summary>
    /// <param name="overlaps">The IoU of every frame of every run; 0 after a failure.</param>
    public static CfNetScore Of(IReadOnlyCollection<double> overlaps)
    {
        if (overlaps.Count == 0)
            return new CfNetScore(0, double.NaN);
        double sum = 0;
        for (int t = 0; t < Thresholds; t++)
        {
            double share = overlaps.Count(o => o >= t / (Thresholds - 1.0)) / (double)overlaps.Count;
            sum += t is 0 or Thresholds - 1 ? share / 2 : share;
        }
        return new CfNetScore(overlaps.Count, sum / (Thresholds - 1));
    }
}
