using System.Globalization;
using System.Net;
using System.Text;
using SiamIlgpu.Training;

namespace SiamIlgpu.Run;

/// <summary>
/// A training as one page that needs no other file: charts by epoch, light or dark as the reader likes, down to a phone's width.
/// </summary>
internal static class CurvesPage
{
    private const string Style = """
        :root {
          color-scheme: light dark;
          --page: #fcfcfb; --card: #fff; --text: #1c1d20; --soft: #5d626b; --line: #e1e3e6; --train: #1f66d0; --valid: #c2500a;
        }
        @media (prefers-color-scheme: dark) {
          :root { --page: #131417; --card: #1c1e22; --text: #e8e9eb; --soft: #a0a6b0; --line: #33363c; --train: #74abff; --valid: #ffa05c; }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.25rem; max-width: 76rem; font: 16px/1.5 system-ui, sans-serif; }
        body { background: var(--page); color: var(--text); }
        h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; }
        p { margin: .4rem 0; color: var(--soft); }
        code { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; color: var(--text); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; margin: 1.25rem 0; }
        figure { margin: 0; padding: .8rem .8rem .3rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        figcaption { font-weight: 600; }
        figcaption span { margin-right: .4rem; font-weight: 400; font-size: .875rem; color: var(--soft); white-space: nowrap; }
        svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
        svg text { fill: var(--soft); }
        /* Charts shrink with the page; their numbers stay as large as can be read. */
        @media (max-width: 34rem) { body { padding: .9rem; } svg { font-size: 17px; } }
        .grid { stroke: var(--line); }
        .train, .valid { fill: none; stroke: var(--train); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .valid { stroke: var(--valid); }
        circle.train { fill: var(--train); stroke: none; }
        circle.valid { fill: var(--valid); stroke: none; }
        circle.best { fill: none; stroke: var(--valid); stroke-width: 1.5; }
        figcaption .train-key { color: var(--train); }
        figcaption .valid-key { color: var(--valid); }
        .table { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        summary { cursor: pointer; color: var(--soft); }
        """;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    // Of a chart, in its own units.
    private const int Width = 440, Height = 270, Left = 62, Right = 14, Top = 14, Bottom = 48;

    // More points than this are a line alone.
    private const int MostDots = 80;

    /// <summary>The page.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="command">The command line of the training.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    /// <param name="history">The epochs that are done, at least one.</param>
    internal static string Of(string network, string command, int epochs, IReadOnlyList<EpochReport> history)
    {
        EpochReport? best = TrainingFolder.BestOf(history);
        var page = new StringBuilder();
        page.Append(Invariant, $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>{Text(network)}: {Text(command)}</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            <h1>Training of {Text(network)}</h1>
            <p><code>{Text(command)}</code></p>
            <p>Epoch {history.Count} of {epochs}.{Text(SayBest(best))}</p>
            <div class="charts">

            """);
        bool validated = history.Any(report => report.Validation is not null);
        Curve rate = new("train", null, [.. history.Select(r => (double)r.LearningRate)]);
        Curve training = new("train", "training", [.. history.Select(r => r.Loss)]);
        if (validated)
        {
            Curve loss = new("valid", "validation", [.. history.Select(r => r.Validation?.Loss ?? double.NaN)]);
            Curve distance = new("valid", null, [.. history.Select(r => r.Validation?.DistancePixels ?? double.NaN)]);
            Curve overlap = new("valid", null, [.. history.Select(r => r.Validation?.OverlapError ?? double.NaN)]);
            AppendChart(page, "Loss", "mean of a pair", best?.Epoch, logarithmic: false, training, loss);
            AppendChart(page, "Distance error in validation", "px of the search crop", best?.Epoch, logarithmic: false, distance);
            AppendChart(page, "Overlap error in validation", "1 \u2212 IoU", best?.Epoch, logarithmic: false, overlap);
        }
        else
        {
            AppendChart(page, "Loss", "mean of a pair", null, logarithmic: false, training);
        }
        AppendChart(page, "Learning rate", "logarithmic axis", null, logarithmic: true, rate);
        page.Append("</div>\n");
        AppendTable(page, history);
        page.Append("</body>\n</html>");
        return page.ToString();
    }

    private static string SayBest(EpochReport? best) => best switch
    {
        null => "",
        { Validation: { } v } => string.Create(
            Invariant,
            $" Best: epoch {best.Epoch + 1}, ringed: validation loss {v.Loss:F4}, distance error {v.DistancePixels:F1} px, "
            + $"overlap error {v.OverlapError:F3}."),
        _ => string.Create(Invariant, $" Best: epoch {best.Epoch + 1}, training loss {best.Loss:F4}."),
    };

    private static void AppendChart(StringBuilder page, string title, string unit, int? best, bool logarithmic, params Curve[] curves)
    {
        page.Append(Invariant, $"<figure><figcaption>{title} <span>{unit}</span>");
        foreach (Curve curve in curves)
        {
            if (curve.Name is not null)
                page.Append(Invariant, $"<span class=\"{curve.Class}-key\">\u25CF {curve.Name}</span>");
        }
        page.Append("</figcaption>\n");
        page.Append(Invariant, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{title} by epoch\">\n");

        double[] finite = [.. curves.SelectMany(c => c.Values).Where(double.IsFinite)];
        Axis y = logarithmic ? Axis.Logarithmic(finite) : Axis.Linear(finite);
        int count = curves[0].Values.Length;
        int lastEpoch = Math.Max(count, 2);
        foreach (double tick in y.Ticks)
        {
            double at = Y(tick);
            page.Append(Invariant, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{at:F1}\" y2=\"{at:F1}\"/>");
            page.Append(Invariant, $"<text x=\"{Left - 7}\" y=\"{at + 4:F1}\" text-anchor=\"end\">{y.Label(tick)}</text>\n");
        }
        foreach (int epoch in EpochTicks(lastEpoch))
            page.Append(Invariant, $"<text x=\"{X(epoch):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{epoch}</text>");
        page.Append(Invariant, $"""

            <text x="{(Left + Width - Right) / 2}" y="{Height - 6}" text-anchor="middle">epoch</text>

            """);

        foreach (Curve curve in curves)
        {
            (int Epoch, double Value)[] points = [.. curve.Values.Select((v, i) => (i + 1, v)).Where(p => double.IsFinite(p.v))];
            string line = string.Join(' ', points.Select(p => string.Create(Invariant, $"{X(p.Epoch):F1},{Y(p.Value):F1}")));
            page.Append(Invariant, $"<polyline class=\"{curve.Class}\" points=\"{line}\"/>\n");
            foreach ((int epoch, double value) in points.Length > MostDots ? [] : points)
            {
                page.Append(Invariant, $"<circle class=\"{curve.Class}\" cx=\"{X(epoch):F1}\" cy=\"{Y(value):F1}\" r=\"2.6\">");
                page.Append(Invariant, $"<title>epoch {epoch}: {value:G4}</title></circle>\n");
            }
            if (best is { } index && curve.Class == "valid" && double.IsFinite(curve.Values[index]))
            {
                page.Append(
                    Invariant, $"<circle class=\"best\" cx=\"{X(index + 1):F1}\" cy=\"{Y(curve.Values[index]):F1}\" r=\"6\"/>\n");
            }
        }
        page.Append("</svg></figure>\n");

        double X(int epoch) => Left + (Width - Left - Right) * (epoch - 1.0) / (lastEpoch - 1);

        double Y(double value) => Height - Bottom - (Height - Top - Bottom) * y.Place(value);
    }

    private static void AppendTable(StringBuilder page, IReadOnlyList<EpochReport> history)
    {
        page.Append("<details><summary>All figures</summary>\n<div class=\"table\"><table>\n"
            + "<tr><th>epoch</th><th>training loss</th><th>validation loss</th>"
            + "<th>distance error (px)</th><th>overlap error</th><th>learning rate</th><th>pairs/s</th></tr>\n");
        foreach (EpochReport r in history)
        {
            string validation = r.Validation is { } v
                ? string.Create(Invariant, $"<td>{v.Loss:F4}</td><td>{v.DistancePixels:F2}</td><td>{v.OverlapError:F4}</td>")
                : "<td>\u2013</td><td>\u2013</td><td>\u2013</td>";
            page.Append(Invariant, $"<tr><td>{r.Epoch + 1}</td><td>{r.Loss:F4}</td>{validation}");
            page.Append(Invariant, $"<td>{r.LearningRate:G3}</td><td>{r.PairsPerSecond:F1}</td></tr>\n");
        }
        page.Append("</table></div></details>\n");
    }

    private static IEnumerable<int> EpochTicks(int last)
    {
        // From 1 in steps of 1, 2, 5, 10, ..., at whole multiples, at most seven or so.
        int step = (int)Math.Max(1, Axis.NiceStep(last / 6.0));
        if (step > 1)
            yield return 1;
        for (int epoch = step; epoch <= last; epoch += step)
            yield return epoch;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>One line of a chart: a value an epoch; those that are no numbers are left out.</summary>
    private sealed record Curve(string Class, string? Name, double[] Values);

    /// <summary>From values to places 0..1, with round numbers marked.</summary>
    private sealed record Axis(double From, double To, double[] Ticks, Func<double, double> Scale, Func<double, string> Label)
    {
        internal double Place(double value) => (Scale(value) - Scale(From)) / (Scale(To) - Scale(From));

        // Smaller changes than this share of the largest value are not blown up to a chart's height.
        private const double LeastSpan = 0.05;

        /// <summary>From 0, unless the values lie close together far from it.</summary>
        internal static Axis Linear(double[] values)
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
            return new Axis(
                from,
                to,
                [.. Enumerable.Range(0, count + 1).Select(i => from + i * step)],
                static v => v,
                v => v.ToString($"F{decimals}", Invariant));
        }

        /// <summary>Whole decades with their 1, and their 2 and 5 where there are few.</summary>
        internal static Axis Logarithmic(double[] values)
        {
            double least = values.Min(), most = values.Max();
            int first = (int)Math.Floor(Math.Log10(least) + 1e-6), last = (int)Math.Ceiling(Math.Log10(most) - 1e-6);
            last = Math.Max(last, first + 1);
            double[] marks = last - first <= 2 ? [1, 2, 5] : [1];
            IEnumerable<double> ticks = Enumerable.Range(first, last - first).SelectMany(d => marks.Select(m => m * Math.Pow(10, d)));
            double from = Math.Pow(10, first), to = Math.Pow(10, last);
            return new Axis(from, to, [.. ticks, to], Math.Log10, v => v.ToString("0.###e-0", Invariant));
        }

        /// <summary>1, 2 or 5 times a power of ten, at least the given step.</summary>
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
}
