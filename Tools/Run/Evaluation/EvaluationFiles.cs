using System.Globalization;
using System.Text;
using System.Text.Json;
using SiamIlgpu.Data;
using SiamIlgpu.Evaluation;
using Spectre.Console;

namespace SiamIlgpu.Run;

/// <summary>An evaluation's figures as JSON, as CSV, and for the terminal.</summary>
internal static class EvaluationFiles
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Writes all figures and curves, whole or not at all. What is not known is null.</summary>
    internal static void WriteJson(string file, EvaluationReport report) =>
        AtomicFile.WriteBytes(file, [.. JsonText.Of(json => Write(json, report)), (byte)'\n']);

    /// <summary>Writes a line for each tracker and sequence, and one for all sequences, whole or not at all.</summary>
    internal static void WriteCsv(string file, EvaluationReport report)
    {
        string own = string.Concat(report.Trackers[0].Own.Select(f => $",{f.Key}"));
        var lines = new List<string> { $"tracker,sequence,frames,auc,precision20,normalizedPrecision,meanIou{own},fps,fpsWithDecoding" };
        foreach (TrackerFigures tracker in report.Trackers)
        {
            foreach (SequenceFigures sequence in tracker.Sequences)
                lines.Add(Row(tracker.Name, sequence.Name, sequence.Curves, sequence.Timing, sequence.Own, tracker.Own.Count));
            lines.Add(Row(tracker.Name, "(all)", tracker.Curves, tracker.Timing, tracker.Own, tracker.Own.Count));
        }
        AtomicFile.WriteLines(file, lines);
    }

    /// <summary>Prints a line for each sequence with the score of every tracker, then a line for each tracker with all its figures.</summary>
    internal static void Print(EvaluationReport report)
    {
        bool plain = Console.IsOutputRedirected;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (plain)
            console.Profile.Width = 4096;
        string score = ScoreTitle(report);
        Table bySequence = NewTable([$"{score}", .. report.Trackers.Select(t => t.Name)]);
        for (int i = 0; i < report.Sequences.Count; i++)
            bySequence.AddRow([report.Sequences[i].Name, .. report.Trackers.Select(t => Number(ScoreOf(t.Sequences[i].Own, t.Sequences[i].Curves), 3))]);
        console.Write(bySequence);

        Table all = NewTable(["", "AUC", "precision 20 px", "normalised", "mean IoU", .. report.Trackers[0].Own.Select(f => f.Title), "frames", "fps"]);
        foreach (TrackerFigures t in report.Trackers)
        {
            all.AddRow(
            [
                t.Name,
                Number(t.Curves.Auc, 3),
                Number(t.Curves.Precision20, 3),
                Number(t.Curves.NormalizedPrecisionAuc, 3),
                Number(t.Curves.MeanIou, 3),
                .. t.Own.Select(f => Number(f.Value, f.Decimals)),
                t.Curves.Frames.ToString(Invariant),
                Number(t.Timing?.FramesPerSecond ?? double.NaN, 1),
            ]);
        }
        console.Write(all);

        Table NewTable(string[] columns)
        {
            // What a program reads has no lines drawn.
            Table table = new Table().Border(plain ? TableBorder.None : TableBorder.Simple);
            foreach (string column in columns)
                table.AddColumn(new TableColumn(Markup.Escape(column)) { Alignment = table.Columns.Count == 0 ? Justify.Left : Justify.Right });
            return table;
        }
    }

    /// <summary>What sequences and trackers are compared by: the protocol's own first figure, or AUC.</summary>
    internal static string ScoreTitle(EvaluationReport report) => report.Trackers[0].Own is [Figure first, ..] ? first.Title : "AUC";

    internal static double ScoreOf(IReadOnlyList<Figure> own, TrackingCurves curves) => own is [Figure first, ..] ? first.Value : curves.Auc;

    /// <summary>For people; a dash when it is not known.</summary>
    internal static string Number(double value, int decimals) => double.IsFinite(value) ? value.ToString($"F{decimals}", Invariant) : "\u2013";

    private static void AddRow(this Table table, string[] cells) => TableExtensions.AddRow(table, [.. cells.Select(Markup.Escape)]);

    private static void Write(Utf8JsonWriter json, EvaluationReport report)
    {
        json.WriteString("dataset", report.Manifest.Dataset);
        json.WriteString("format", report.Manifest.Format.ToString().ToLowerInvariant());
        json.WriteString("protocol", report.Manifest.Protocol.ToString().ToLowerInvariant());
        if (report.Interval is { } interval)
            WriteNumbers(json, "eaoInterval", [interval.Low, interval.High]);
        json.WriteStartArray("trackers");
        foreach (TrackerFigures tracker in report.Trackers)
        {
            json.WriteStartObject();
            WriteFigures(json, tracker.Name, tracker.Curves, tracker.Timing, tracker.Own);
            WriteNumbers(json, "successCurve", tracker.Curves.Success);
            WriteNumbers(json, "precisionCurve", tracker.Curves.Precision);
            WriteNumbers(json, "normalizedPrecisionCurve", tracker.Curves.NormalizedPrecision);
            if (tracker.ExpectedOverlap is not null)
                WriteNumbers(json, "expectedOverlapCurve", tracker.ExpectedOverlap);
            json.WriteStartArray("sequences");
            foreach (SequenceFigures sequence in tracker.Sequences)
            {
                json.WriteStartObject();
                WriteFigures(json, sequence.Name, sequence.Curves, sequence.Timing, sequence.Own);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFigures(Utf8JsonWriter json, string name, TrackingCurves curves, RunTiming? timing, IReadOnlyList<Figure> own)
    {
        json.WriteString("name", name);
        WriteNumber(json, "auc", curves.Auc);
        WriteNumber(json, "precision20", curves.Precision20);
        WriteNumber(json, "normalizedPrecision", curves.NormalizedPrecisionAuc);
        WriteNumber(json, "meanIou", curves.MeanIou);
        foreach (Figure figure in own)
            WriteNumber(json, figure.Key, figure.Value);
        json.WriteNumber("frames", curves.Frames);
        WriteNumber(json, "fps", timing?.FramesPerSecond ?? double.NaN);
        WriteNumber(json, "fpsWithDecoding", timing?.FramesPerSecondWithDecoding ?? double.NaN);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            if (double.IsFinite(value))
                json.WriteNumberValue(value);
            else
                json.WriteNullValue();
        }
        json.WriteEndArray();
    }

    private static string Row(string tracker, string sequence, TrackingCurves curves, RunTiming? timing, IReadOnlyList<Figure> own, int columns)
    {
        // A tracker's last figures, such as the expected overlap, may be of all sequences alone.
        IEnumerable<double> ownValues = Enumerable.Range(0, columns).Select(i => i < own.Count ? own[i].Value : double.NaN);
        double[] values =
        [
            curves.Auc, curves.Precision20, curves.NormalizedPrecisionAuc, curves.MeanIou, .. ownValues,
            timing?.FramesPerSecond ?? double.NaN, timing?.FramesPerSecondWithDecoding ?? double.NaN,
        ];
        string numbers = string.Join(',', values.Select(v => double.IsFinite(v) ? v.ToString("R", Invariant) : ""));
        return string.Create(Invariant, $"{Quoted(tracker)},{Quoted(sequence)},{curves.Frames},{numbers}");
    }

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n") ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
}
