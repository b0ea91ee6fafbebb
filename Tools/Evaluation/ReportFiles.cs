using System.Globalization;
using System.Text.Json;
using SiamIlgpu.Media;

namespace SiamIlgpu.Evaluation;

/// <summary>Writes the figures of an evaluation as JSON and as CSV.</summary>
internal static class ReportFiles
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Writes all figures and curves as JSON, completely or not at all. Values that are not known are null.</summary>
    internal static void WriteJson(string file, EvaluationReport report) =>
        AtomicFile.WriteBytes(file, [.. JsonText.Of(json => Write(json, report)), (byte)'\n']);

    /// <summary>Writes CSV, completely or not at all: for each tracker a line per sequence, and one for all sequences.</summary>
    internal static void WriteCsv(string file, EvaluationReport report)
    {
        var lines = new List<string> { $"tracker,sequence,{string.Join(',', report.Trackers[0].Metrics.Select(m => m.Key))}" };
        foreach (TrackerFigures tracker in report.Trackers)
        {
            foreach (SequenceFigures sequence in tracker.Sequences)
                lines.Add(Row(tracker.Name, sequence.Name, sequence.Metrics));
            lines.Add(Row(tracker.Name, "(all)", tracker.Metrics));
        }
        AtomicFile.WriteLines(file, lines);
    }

    private static void Write(Utf8JsonWriter json, EvaluationReport report)
    {
        json.WriteString("dataset", report.Manifest.Dataset);
        json.WriteString("format", report.Manifest.Format?.ToString().ToLowerInvariant());
        json.WriteString("protocol", report.Protocol.ToString().ToLowerInvariant());
        if (report.Interval is { } interval)
            WriteNumbers(json, "eaoInterval", [interval.Low, interval.High]);
        json.WriteStartArray("trackers");
        foreach (TrackerFigures tracker in report.Trackers)
        {
            json.WriteStartObject();
            WriteFigures(json, tracker.Name, tracker.Metrics);
            WriteNumbers(json, "successCurve", tracker.Curves.Success);
            WriteNumbers(json, "precisionCurve", tracker.Curves.Precision);
            WriteNumbers(json, "normalizedPrecisionCurve", tracker.Curves.NormalizedPrecision);
            if (tracker.ExpectedOverlap is not null)
                WriteNumbers(json, "expectedOverlapCurve", tracker.ExpectedOverlap);
            json.WriteStartArray("sequences");
            foreach (SequenceFigures sequence in tracker.Sequences)
            {
                json.WriteStartObject();
                WriteFigures(json, sequence.Name, sequence.Metrics);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFigures(Utf8JsonWriter json, string name, IEnumerable<Metric> metrics)
    {
        json.WriteString("name", name);
        foreach (Metric metric in metrics)
        {
            json.WritePropertyName(metric.Key);
            WriteNumber(json, metric.Value);
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
            WriteNumber(json, value);
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteNullValue();
    }

    private static string Row(string tracker, string sequence, IEnumerable<Metric> metrics) =>
        $"{Quoted(tracker)},{Quoted(sequence)},{string.Join(',', metrics.Select(m => double.IsFinite(m.Value) ? m.Value.ToString("R", Invariant) : ""))}";

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n") ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
}
