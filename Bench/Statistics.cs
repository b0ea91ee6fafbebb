namespace SiamIlgpu.Bench;

internal static class Statistics
{
    /// <summary>The middle of the values; sorts them in place.</summary>
    internal static double Median(this List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
