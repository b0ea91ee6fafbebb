namespace SiamIlgpu.Evaluation;

/// <summary>
/// The protocol that CFNet's authors chose its parameters by (Valmadre et al., CVPR 2017, and their code): three starts a video,
/// each run ending at its first frame without overlap, after which the overlap counts as 0.
/// </summary>
/// <param name="Frames">Frames that count, those after a failure included.</param>
/// <param name="Overlap">
/// Area, by trapezoids, under the share of frames whose IoU is at least t, for t = 0, 0.01, ..., 1. The authors print it times 100.
/// </param>
public readonly record struct CfNetScore(int Frames, double Overlap)
{
    private const int Subsequences = 3;
    private const int Thresholds = 101;

    /// <summary>The frames to start from, from 0: the beginnings of equal thirds.</summary>
    /// <param name="frames">Frames of the video.</param>
    public static IReadOnlyList<int> Starts(int frames) =>
        [.. Enumerable.Range(0, Subsequences).Select(i => (int)Math.Round((frames - 1) * i / (double)Subsequences, MidpointRounding.AwayFromZero))];

    /// <summary>The score of frames, of one video's runs or of all at once: every frame counts once. NaN when there are none.</summary>
    /// <param name="overlaps">IoU of every frame of every run; 0 after a failure.</param>
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
