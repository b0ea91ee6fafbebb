using System.Globalization;

namespace SiamIlgpu.Evaluation;

/// <summary>Maps values to positions 0..1 on an axis, with ticks at round numbers.</summary>
internal sealed record ChartAxis(double From, double To, double[] Ticks, Func<double, double> Scale, Func<double, string> Label)
{
    internal double Place(double value) => (Scale(value) - Scale(From)) / (Scale(To) - Scale(From));

    // Changes that are smaller than this share of the largest value are not enlarged to the height of a chart.
    private const double LeastSpan = 0.05;

    /// <summary>A linear axis. It begins at 0, unless the values lie close together and far from 0.</summary>
    internal static ChartAxis Linear(double[] values)
    {
        double most = values.DefaultIfEmpty(1).Max(), least = values.DefaultIfEmpty(0).Min();
        if (least >= 0 && least < most / 2)
            least = 0;
        double step = NiceStep(Math.Max(Math.Max(most - least, LeastSpan * Math.Abs(most)) / 5, 1e-3));
        double from = Math.Floor(least / step) * step, to = Math.Ceiling(most / step) * step;
        if (to <= from)
            to = from + step;
        int count = (int)Math.Round((to - from) / step);
        int decimals = (int)Math.Clamp(-Math.Floor(Math.Log10(step)), 0, 15);
        return new ChartAxis(
            from,
            to,
            [.. Enumerable.Range(0, count + 1).Select(i => from + i * step)],
            static v => v,
            v => v.ToString($"F{decimals}", CultureInfo.InvariantCulture));
    }

    /// <summary>A logarithmic axis of whole decades. It has ticks at 1, and if there are few decades also at 2 and 5.</summary>
    internal static ChartAxis Logarithmic(double[] values)
    {
        double least = values.Min(), most = values.Max();
        int first = (int)Math.Floor(Math.Log10(least) + 1e-6), last = (int)Math.Ceiling(Math.Log10(most) - 1e-6);
        last = Math.Max(last, first + 1);
        double[] marks = last - first <= 2 ? [1, 2, 5] : [1];
        IEnumerable<double> ticks = Enumerable.Range(first, last - first).SelectMany(d => marks.Select(m => m * Math.Pow(10, d)));
        double from = Math.Pow(10, first), to = Math.Pow(10, last);
        return new ChartAxis(from, to, [.. ticks, to], Math.Log10, v => v.ToString("0.###e-0", CultureInfo.InvariantCulture));
    }

    /// <summary>The smallest number that is at least the given step, and 1, 2 or 5 times a power of ten.</summary>
    internal static double NiceStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return (step / power) switch
        {
            <= 1 => power,
            <= 2 => 2 * power,
            <= 5 => 5 * power,
            _ => 10 * power,
        };
    }
}
