using System.Globalization;
using System.Text;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Training;

namespace SiamIlgpu.Run;

/// <summary>
/// Makes a web page of a training: charts by epoch. The page needs no other file, is light or dark as the reader's system is, and fits
/// on a phone.
/// </summary>
internal static class CurvesPage
{
    private const string Style = """
        :root { --train: #1f66d0; --valid: #c2500a; --layer2: #007a5a; --layer3: #a03d84; --layer4: #6b6b6b; }
        @media (prefers-color-scheme: dark) {
          :root { --train: #74abff; --valid: #ffa05c; --layer2: #4fd3a8; --layer3: #f08fd0; --layer4: #b8b8b8; }
        }
        polyline { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .train, .layer0 { stroke: var(--train); color: var(--train); }
        .valid, .layer1 { stroke: var(--valid); color: var(--valid); }
        .layer2 { stroke: var(--layer2); color: var(--layer2); }
        .layer3 { stroke: var(--layer3); color: var(--layer3); }
        .layer4 { stroke: var(--layer4); color: var(--layer4); }
        circle { fill: currentColor; stroke: none; }
        circle.best { fill: none; stroke: var(--valid); stroke-width: 1.5; }
        """;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    // Sizes of a chart, in its own units.
    private const int Width = 440, Height = 270, Left = 62, Right = 14, Top = 14, Bottom = 48;

    // A line with more points than this is drawn without dots.
    private const int MostDots = 80;

    /// <summary>Makes the page.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="command">The command line of the training.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    /// <param name="history">The epochs that are done, at least one.</param>
    internal static string Of(string network, string command, int epochs, IReadOnlyList<EpochReport> history)
    {
        EpochReport? best = TrainingFolder.BestOf(history);
        var page = new StringBuilder();
        page.Append(HtmlPage.Begin($"{network}: {command}", Style));
        page.Append(Invariant, $"""
            <h1>Training of {HtmlPage.Text(network)}</h1>
            <p><code>{HtmlPage.Text(command)}</code></p>
            <p>Epoch {history.Count} of {epochs}.{HtmlPage.Text(SayBest(best))}</p>
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
        if (history.Any(r => r.Tracking is not null))
        {
            Curve tracking = new("valid", null, [.. history.Select(r => r.Tracking ?? double.NaN)]);
            AppendChart(page, "Tracking of made-up videos", "mean IoU with restarts", best?.Epoch, logarithmic: false, tracking);
        }
        AppendChart(page, "Learning rate", "logarithmic axis", null, logarithmic: true, rate);
        AppendLayers(page, "Update ratio", "length of the last step / length of the filters", logarithmic: true, history, l => l.UpdateRatio);
        AppendLayers(page, "Cosine with the start", "1: the filters have not moved", logarithmic: false, history, l => l.CosineWithStart);
        AppendLayers(page, "High frequencies", "share of energy above 0.25 cycles per pixel", logarithmic: false, history, l => l.HighFrequencies);
        page.Append("</div>\n");
        AppendTable(page, history);
        page.Append(HtmlPage.End);
        return page.ToString();
    }

    // A chart with one line for each convolution.
    private static void AppendLayers(
        StringBuilder page, string title, string unit, bool logarithmic, IReadOnlyList<EpochReport> history, Func<LayerReport, double> valueOf)
    {
        Curve[] curves =
        [
            .. history[0].Layers.Select((layer, i) => new Curve(
                $"layer{i}", layer.Layer, [.. history.Select(report => report.Layers.Count > i ? valueOf(report.Layers[i]) : double.NaN)])),
        ];
        if (curves.Length > 0)
            AppendChart(page, title, unit, null, logarithmic, curves);
    }

    private static string SayBest(EpochReport? best) => best switch
    {
        null => "",
        { Validation: { } v } => string.Create(
            Invariant,
            $" Best: epoch {best.Epoch + 1}, ringed: distance error {v.DistancePixels:F1} px, validation loss {v.Loss:F4}, "
            + $"overlap error {v.OverlapError:F3}{(best.Tracking is { } iou ? string.Create(Invariant, $", tracking IoU {iou:F3}") : "")}."),
        _ => string.Create(Invariant, $" Best: epoch {best.Epoch + 1}, training loss {best.Loss:F4}."),
    };

    private static void AppendChart(StringBuilder page, string title, string unit, int? best, bool logarithmic, params Curve[] curves)
    {
        page.Append(Invariant, $"<figure><figcaption>{title} <span>{unit}</span>");
        foreach (Curve curve in curves)
        {
            if (curve.Name is not null)
                page.Append(Invariant, $"<span class=\"{curve.Class}\">\u25CF {curve.Name}</span>");
        }
        page.Append("</figcaption>\n");
        page.Append(Invariant, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{title} by epoch\">\n");

        double[] finite = [.. curves.SelectMany(c => c.Values).Where(double.IsFinite)];
        ChartAxis y = logarithmic ? ChartAxis.Logarithmic(finite) : ChartAxis.Linear(finite);
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
            + "<th>distance error (px)</th><th>overlap error</th><th>tracking IoU</th><th>learning rate</th><th>pairs/s</th></tr>\n");
        foreach (EpochReport r in history)
        {
            string validation = r.Validation is { } v
                ? string.Create(Invariant, $"<td>{v.Loss:F4}</td><td>{v.DistancePixels:F2}</td><td>{v.OverlapError:F4}</td>")
                : "<td>\u2013</td><td>\u2013</td><td>\u2013</td>";
            page.Append(Invariant, $"<tr><td>{r.Epoch + 1}</td><td>{r.Loss:F4}</td>{validation}");
            page.Append(Invariant, $"<td>{r.Tracking?.ToString("F4", Invariant) ?? "\u2013"}</td>");
            page.Append(Invariant, $"<td>{r.LearningRate:G3}</td><td>{r.PairsPerSecond:F1}</td></tr>\n");
        }
        page.Append("</table></div></details>\n");
    }

    private static IEnumerable<int> EpochTicks(int last)
    {
        // Labels are multiples of 1, 2, 5, 10, ..., about seven at most.
        int step = (int)Math.Max(1, ChartAxis.NiceStep(last / 6.0));
        if (step > 1)
            yield return 1;
        for (int epoch = step; epoch <= last; epoch += step)
            yield return epoch;
    }

    /// <summary>One line of a chart: a value for each epoch. NaN is left out.</summary>
    private sealed record Curve(string Class, string? Name, double[] Values);
}
