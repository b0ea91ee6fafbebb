using System.Globalization;
using System.Text;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// Writes an evaluation as one page that needs no other file: plots, figures, and frames with the boxes of every tracker. A check box shows
/// or hides a tracker everywhere; it works with style rules only, without a script.
/// </summary>
internal static class EvaluationPage
{
    // These hues remain distinct for readers who cannot tell red from green. They are dark on a light page and light on a dark one. When
    // there are more trackers than hues, lines are dashed.
    private const string Style = """
        :root { --c0: #0063b1; --c1: #c24100; --c2: #007d5a; --c3: #a83279; --c4: #8a6500; --c5: #4b4acf; --c6: #4f5b66; --halo: #fff; }
        @media (prefers-color-scheme: dark) {
          :root { --c0: #5fb2ff; --c1: #ff9a5c; --c2: #35cf9f; --c3: #ff9dd2; --c4: #e5c04a; --c5: #b3b0ff; --c6: #b9c4cf; --halo: #000; }
        }
        h2 { margin: 2rem 0 .6rem; font-size: 1.15rem; }
        h2::first-letter { text-transform: uppercase; }
        .charts figcaption span { display: block; }
        .thirds { grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
        .thirds svg { font-size: 16px; }
        h3 { margin: 0; font-size: 1rem; }
        .keys { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .8rem 0; padding: .5rem 0; }
        .keys { background: var(--page); border-bottom: 1px solid var(--line); }
        .keys label, .keys .truth-key { display: inline-flex; align-items: center; gap: .4rem; min-height: 1.75rem; overflow-wrap: anywhere; }
        .keys label { cursor: pointer; }
        .keys input { accent-color: var(--c); width: 1rem; height: 1rem; margin: 0; }
        .keys svg, .legend svg, td svg, th svg { display: inline-block; flex: none; width: 1.8rem; height: .7rem; vertical-align: baseline; }
        .line { fill: none; stroke: var(--c); stroke-width: 2.2; stroke-linejoin: round; }
        .legend { list-style: none; margin: .3rem 0; padding: 0; font-size: .875rem; font-variant-numeric: tabular-nums; }
        .legend li { display: flex; gap: .5rem; align-items: baseline; overflow-wrap: anywhere; }
        .legend b { font-weight: 600; }
        .band { fill: var(--soft); opacity: .14; }
        tbody th { font-weight: 400; text-align: left; }
        thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
        th:first-child { text-align: left; }
        .best { font-weight: 700; }
        .wide { width: 100%; }
        .bars td { width: 100%; text-align: left; padding: .35rem 0 .35rem .7rem; }
        .bars th { vertical-align: top; padding: .35rem 0; white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
        .bar { display: flex; align-items: center; gap: .45rem; height: 1.05rem; font-size: .8rem; line-height: 1; color: var(--soft); }
        .bar i { height: .62rem; width: calc(var(--v) * (100% - 3.6rem)); min-width: 1px; background: var(--c); border-radius: 0 .2rem .2rem 0; }
        .sequence { margin: 0 0 1.1rem; }
        .frames { display: grid; grid-template-columns: repeat(6, 1fr); gap: .5rem; margin-top: .4rem; }
        @media (max-width: 60rem) { .frames { grid-template-columns: repeat(3, 1fr); } }
        @media (max-width: 34rem) { .frames { grid-template-columns: repeat(2, 1fr); } }
        .frames figure { padding: 0; overflow: hidden; }
        .frames figcaption { padding: .1rem .5rem; font-size: .8rem; font-weight: 400; color: var(--soft); }
        .frames rect, .frames polygon { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
        .halo { stroke: var(--halo); stroke-width: 4; opacity: .75; }
        .box { stroke: var(--c); stroke-width: 2; }
        /* The true box lies above the others, which show between its dashes. */
        .truth { stroke: #fff; stroke-width: 1.6; stroke-dasharray: 4 4; }
        .truth-halo { stroke: #000; stroke-width: 3.4; stroke-dasharray: 4 4; }
        details { margin-top: 1.5rem; }
        """;

    private const int Colors = 7;
    private static readonly string[] Dashes = ["", "7 3", "2 3"];

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    // The size and margins of a plot, in its own units.
    private const int Width = 440, Height = 290, Left = 46, Right = 14, Top = 12, Bottom = 46;

    /// <summary>The text of the page.</summary>
    internal static string Of(EvaluationReport report)
    {
        var page = new StringBuilder();
        Manifest what = report.Manifest;
        page.Append(HtmlPage.Begin($"Evaluation on {what.Dataset}", Style + TrackerStyles(report.Trackers.Count)));
        page.Append(Invariant, $"""
            <header>
            <h1>Evaluation on {HtmlPage.Text(what.Dataset)}</h1>
            <p>{Describe(what.Protocol)} {report.Sequences.Count} sequences, {report.Trackers.Max(t => t.Curves.Frames)} frames that count.
            {HtmlPage.Text(what.Device.Length > 0 ? $"Tracked on {what.Device}." : "Boxes from files.")}</p>
            </header>

            """);
        int[] order = [.. Enumerable.Range(0, report.Trackers.Count).OrderByDescending(i => report.Trackers[i].Score.Value)];
        AppendKeys(page, report, order);
        page.Append("<main>\n");
        AppendSummary(page, report, order);
        AppendPlots(page, report);
        AppendBars(page, report, order);
        AppendSpeed(page, report, order);
        AppendFrames(page, report);
        AppendFigures(page, report);
        page.Append("</main>\n");
        page.Append(HtmlPage.End);
        return page.ToString();
    }

    private static string Describe(Protocol protocol) => protocol switch
    {
        Protocol.Tre => "OTB, temporal robustness: 20 start frames.",
        Protocol.Sre => "OTB, spatial robustness: 12 start boxes that are slightly wrong.",
        Protocol.Vot => "VOT, supervised: initialized again five frames after each failure.",
        Protocol.Got10k => "GOT-10k, one pass.",
        Protocol.CfNet => "CFNet: three starts, each until the first failure.",
        _ => "OTB, one pass.",
    };

    private static string TrackerStyles(int trackers)
    {
        var style = new StringBuilder("\n");
        for (int i = 0; i < trackers; i++)
        {
            style.Append(Invariant, $".k{i} {{ --c: var(--c{i % Colors}); }} ");
            if (Dashes[i / Colors % Dashes.Length] is { Length: > 0 } dash)
                style.Append(Invariant, $".k{i} .line, .line.k{i}, .box.k{i} {{ stroke-dasharray: {dash}; }} ");
            style.Append(Invariant, $"body:has(#show{i}:not(:checked)) main .k{i} {{ display: none; }}\n");
        }
        return style.ToString();
    }

    private static void AppendKeys(StringBuilder page, EvaluationReport report, int[] order)
    {
        page.Append("<nav class=\"keys\" aria-label=\"Trackers to show\">\n");
        foreach (int i in order)
        {
            page.Append(Invariant, $"<label class=\"k{i}\"><input type=\"checkbox\" id=\"show{i}\" checked=\"checked\"/>");
            page.Append(Invariant, $"{Sample}{HtmlPage.Text(report.Trackers[i].Name)}</label>\n");
        }
        page.Append("<span class=\"truth-key\"><svg viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"truth-halo\" d=\"M1 6H29\"/>"
            + "<path class=\"truth\" d=\"M1 6H29\"/></svg>true box</span>\n</nav>\n");
    }

    private const string Sample = "<svg viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 6H29\"/></svg>";

    private static void AppendSummary(StringBuilder page, EvaluationReport report, int[] order)
    {
        page.Append("<div class=\"table\"><table>\n<thead><tr><th scope=\"col\">tracker</th>");
        AppendTitles(page, report);
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (int i in order)
        {
            TrackerFigures tracker = report.Trackers[i];
            page.Append(Invariant, $"<tr class=\"k{i}\"><th scope=\"row\">{Sample} {HtmlPage.Text(tracker.Name)}</th>");
            AppendCells(page, tracker.Metrics);
            page.Append("</tr>\n");
        }
        page.Append("</tbody>\n</table></div>\n");
        page.Append("<p>AUC, precision and IoU are means over sequences, each of which counts once.");
        page.Append(report.Protocol switch
        {
            Protocol.Got10k => " AO and SR are over all frames but the first of each sequence.",
            Protocol.Vot => " Accuracy is over all frames but those within ten of an initialization; expected overlap (EAO) is over lengths from "
                + $"{report.Interval!.Value.Low} to {report.Interval.Value.High} frames.",
            Protocol.CfNet => " CFNet's overlap is over all frames of all runs.",
            _ => "",
        });
        page.Append("</p>\n");
    }

    private static void AppendTitles(StringBuilder page, EvaluationReport report)
    {
        foreach (Metric metric in report.Trackers[0].Metrics.Where(m => m.Title.Length > 0))
            page.Append(Invariant, $"<th scope=\"col\">{metric.Title}</th>");
    }

    private static void AppendCells(StringBuilder page, IEnumerable<Metric> metrics)
    {
        foreach (Metric metric in metrics.Where(m => m.Title.Length > 0))
            page.Append(Invariant, $"<td>{metric}</td>");
    }

    private static void AppendPlots(StringBuilder page, EvaluationReport report)
    {
        string columns = report.Trackers[0].ExpectedOverlap is null ? " thirds" : "";
        page.Append(Invariant, $"<section class=\"charts{columns}\" aria-label=\"Plots\">\n");
        AppendPlot(
            page, report, "Success", "share of frames with a greater IoU", "IoU threshold", TrackingCurves.SuccessThresholds, t => t.Curves.Success,
            "AUC", t => t.Curves.Auc);
        AppendPlot(
            page, report, "Precision", "share of frames whose centers are at most this far apart", "distance of centers (px)",
            TrackingCurves.PrecisionThresholds, t => t.Curves.Precision, "at 20 px", t => t.Curves.Precision20);
        AppendPlot(
            page, report, "Normalized precision", "the same, in sizes of the target", "distance of centers (target sizes)",
            TrackingCurves.NormalizedThresholds, t => t.Curves.NormalizedPrecision, "area", t => t.Curves.NormalizedPrecisionAuc);
        if (report.Trackers[0].ExpectedOverlap is { } expected)
        {
            AppendPlot(
                page, report, "Expected overlap", "by the length of a sequence", "frames", [.. Enumerable.Range(1, expected.Count).Select(n => (double)n)],
                t => t.ExpectedOverlap!, "EAO", t => t["eao"], report.Interval);
        }
        page.Append("</section>\n");
    }

    private static void AppendPlot(
        StringBuilder page,
        EvaluationReport report,
        string title,
        string explanation,
        string unit,
        IReadOnlyList<double> thresholds,
        Func<TrackerFigures, IReadOnlyList<double>> curve,
        string scoreTitle,
        Func<TrackerFigures, double> score,
        (int Low, int High)? band = null)
    {
        int[] order = [.. Enumerable.Range(0, report.Trackers.Count).OrderByDescending(i => score(report.Trackers[i]))];
        ChartAxis x = ChartAxis.Linear([.. thresholds]), y = ChartAxis.Linear([0, 1]);
        page.Append(Invariant, $"<figure><figcaption>{title} <span>{explanation}</span></figcaption>\n<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\"");
        page.Append(Invariant, $" aria-label=\"{title} by {unit}; {string.Join(", ", order.Select(i => Label(i)))}\">\n");
        if (band is { } interval)
        {
            page.Append(Invariant, $"<rect class=\"band\" x=\"{X(interval.Low):F1}\" y=\"{Top}\" ");
            page.Append(Invariant, $"width=\"{X(interval.High) - X(interval.Low):F1}\" height=\"{Height - Top - Bottom}\"/>\n");
        }
        foreach (double tick in y.Ticks)
        {
            page.Append(Invariant, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\"/>");
            page.Append(Invariant, $"<text x=\"{Left - 7}\" y=\"{Y(tick) + 4:F1}\" text-anchor=\"end\">{y.Label(tick)}</text>\n");
        }
        foreach (double tick in x.Ticks)
            page.Append(Invariant, $"<text x=\"{X(tick):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{x.Label(tick)}</text>");
        page.Append(Invariant, $"\n<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{unit}</text>\n");
        // The best tracker is drawn last, above the others.
        foreach (int i in order.Reverse())
        {
            IReadOnlyList<double> values = curve(report.Trackers[i]);
            IEnumerable<string> points = thresholds.Zip(values).Where(p => double.IsFinite(p.Second))
                .Select(p => string.Create(Invariant, $"{X(p.First):F1},{Y(p.Second):F1}"));
            page.Append(Invariant, $"<polyline class=\"line k{i}\" points=\"{string.Join(' ', points)}\"><title>{Label(i)}</title></polyline>\n");
        }
        page.Append("</svg>\n<ol class=\"legend\">\n");
        foreach (int i in order)
            page.Append(Invariant, $"<li class=\"k{i}\">{Sample}<b>{Number(score(report.Trackers[i]), 3)}</b>{HtmlPage.Text(report.Trackers[i].Name)}</li>\n");
        page.Append("</ol></figure>\n");

        string Label(int i) => $"{HtmlPage.Text(report.Trackers[i].Name)}: {scoreTitle} {Number(score(report.Trackers[i]), 3)}";

        double X(double value) => Left + (Width - Left - Right) * x.Place(value);

        double Y(double value) => Height - Bottom - (Height - Top - Bottom) * y.Place(value);
    }

    private static void AppendBars(StringBuilder page, EvaluationReport report, int[] order)
    {
        string title = report.Trackers[0].Score.Title;
        page.Append(Invariant, $"<section>\n<h2>{title} by sequence</h2>\n<table class=\"bars wide\"><tbody>\n");
        for (int s = 0; s < report.Sequences.Count; s++)
        {
            page.Append(Invariant, $"<tr><th scope=\"row\">{HtmlPage.Text(report.Sequences[s].Name)}</th><td>");
            foreach (int i in order)
            {
                SequenceFigures figures = report.Trackers[i].Sequences[s];
                AppendBar(page, i, report.Trackers[i].Name, figures.Score.Value, 1, 3);
            }
            page.Append("</td></tr>\n");
        }
        page.Append("</tbody></table>\n</section>\n");
    }

    private static void AppendSpeed(StringBuilder page, EvaluationReport report, int[] order)
    {
        double most = report.Trackers.Select(t => t["fps"]).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        if (most == 0)
            return;
        page.Append("<section>\n<h2>Speed</h2>\n"
            + "<p>Frames per second of one tracker on one thread, without decoding. Other runs may have shared the processor.</p>\n"
            + "<table class=\"bars wide\"><tbody>\n");
        foreach (int i in order)
        {
            double speed = report.Trackers[i]["fps"];
            if (!double.IsFinite(speed))
                continue;
            page.Append(Invariant, $"<tr class=\"k{i}\"><th scope=\"row\">{HtmlPage.Text(report.Trackers[i].Name)}</th><td>");
            AppendBar(page, i, report.Trackers[i].Name, speed, most, 0);
            page.Append(Invariant, $"<small>{Number(report.Trackers[i]["fpsWithDecoding"], 0)} with decoding</small></td></tr>\n");
        }
        page.Append("</tbody></table>\n</section>\n");
    }

    private static void AppendBar(StringBuilder page, int tracker, string name, double value, double most, int decimals)
    {
        double share = double.IsFinite(value) ? Math.Clamp(value / most, 0, 1) : 0;
        page.Append(Invariant, $"<div class=\"bar k{tracker}\" title=\"{HtmlPage.Text(name)}\"><i style=\"--v:{share:F4}\"></i>{Number(value, decimals)}</div>");
    }

    private static void AppendFrames(StringBuilder page, EvaluationReport report)
    {
        page.Append("<section>\n<h2>Frames</h2>\n");
        foreach (EvaluatedSequence sequence in report.Sequences)
        {
            page.Append(Invariant, $"<section class=\"sequence\"><h3>{HtmlPage.Text(sequence.Name)}</h3>\n<div class=\"frames\">\n");
            foreach (ShownFrame thumbnail in sequence.Shown)
                AppendFrame(page, report, sequence, thumbnail);
            page.Append("</div></section>\n");
        }
        page.Append("</section>\n");
    }

    private static void AppendFrame(StringBuilder page, EvaluationReport report, EvaluatedSequence sequence, ShownFrame thumbnail)
    {
        int frame = thumbnail.Frame;
        BoundingBox?[] boxes = [.. report.Trackers.Select(t => report.BoxOf(t.Name, sequence, frame))];
        string overlaps = string.Join(", ", report.Trackers.Select((t, i) =>
            $"{HtmlPage.Text(t.Name)} {(boxes[i] is { } box ? Number(sequence.Overlap(frame, box), 2) : "no box")}"));
        page.Append(Invariant, $"<figure><svg viewBox=\"0 0 {sequence.Width} {sequence.Height}\" role=\"img\" aria-label=\"");
        page.Append(Invariant, $"{HtmlPage.Text(sequence.Name)}, frame {frame + 1}; overlap: {overlaps}\"><title>overlap: {overlaps}</title>\n");
        page.Append(Invariant, $"<image width=\"{sequence.Width}\" height=\"{sequence.Height}\" preserveAspectRatio=\"none\" ");
        page.Append(Invariant, $"href=\"data:image/png;base64,{Convert.ToBase64String(thumbnail.Png)}\"/>\n");
        for (int i = 0; i < boxes.Length; i++)
        {
            if (boxes[i] is { } tracked)
                page.Append(Invariant, $"<{BoxShape(tracked)} class=\"halo k{i}\"/><{BoxShape(tracked)} class=\"box k{i}\"/>\n");
        }
        string? truth = sequence.Polygons?[frame] is { } corners ? PolygonShape(corners) : sequence.Truth[frame] is { } box ? BoxShape(box) : null;
        if (truth is not null)
            page.Append(Invariant, $"<{truth} class=\"truth-halo\"/><{truth} class=\"truth\"/>\n");
        page.Append(Invariant, $"</svg><figcaption>{frame + 1}</figcaption></figure>\n");
    }

    // Boxes count pixels from (1, 1), the picture from (0, 0).
    private static string BoxShape(BoundingBox box) => string.Create(
        Invariant, $"rect x=\"{box.X - 1:F1}\" y=\"{box.Y - 1:F1}\" width=\"{box.Width:F1}\" height=\"{box.Height:F1}\"");

    private static string PolygonShape(double[] corners) => string.Create(
        Invariant, $"polygon points=\"{string.Join(' ', corners.Select(c => string.Create(Invariant, $"{c - 1:F1}")))}\"");

    private static void AppendFigures(StringBuilder page, EvaluationReport report)
    {
        page.Append("<details><summary>All figures</summary>\n<div class=\"table\"><table>\n<thead><tr><th scope=\"col\">sequence</th><th scope=\"col\">tracker</th>");
        AppendTitles(page, report);
        page.Append("</tr></thead>\n<tbody>\n");
        for (int s = 0; s < report.Sequences.Count; s++)
        {
            for (int i = 0; i < report.Trackers.Count; i++)
            {
                SequenceFigures figures = report.Trackers[i].Sequences[s];
                page.Append(Invariant, $"<tr class=\"k{i}\"><th scope=\"row\">{HtmlPage.Text(figures.Name)}</th><td>{HtmlPage.Text(report.Trackers[i].Name)}</td>");
                AppendCells(page, figures.Metrics);
                page.Append("</tr>\n");
            }
        }
        page.Append("</tbody>\n</table></div></details>\n");
    }

    private static string Number(double value, int decimals) => Metric.Format(value, decimals);
}
