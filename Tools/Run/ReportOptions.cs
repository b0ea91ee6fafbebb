using System.CommandLine;
using SiamIlgpu.Evaluation;

namespace SiamIlgpu.Run;

/// <summary>The options that say where an evaluation's figures go. The verbs eval and merge have them.</summary>
internal sealed class ReportOptions
{
    private readonly Option<string?> json = new("--json") { Description = "Write all figures and curves to this file.", HelpName = "FILE" };

    private readonly Option<string?> csv = new("--csv") { Description = "Write the figures of every sequence to this file.", HelpName = "FILE" };

    private readonly Option<string?> html = new("--html")
    {
        Description = "Write a report with plots and frames to this file, which needs no other.",
        HelpName = "FILE",
    };

    private readonly Option<bool> noTiming = new("--no-timing")
    {
        Description = "Leave speed out, which alone differs from one run to the next.",
    };

    internal void AddTo(Command command)
    {
        foreach (Option option in (IEnumerable<Option>)[json, csv, html, noTiming])
            command.Add(option);
    }

    /// <summary>Whether any file is to be written.</summary>
    internal bool AnyOf(ParseResult parsed) => Files(parsed).Any();

    /// <summary>Refuses files that cannot be written before the work begins.</summary>
    internal void Check(ParseResult parsed) => ResultFiles.RequireWritable(Files(parsed));

    /// <summary>Prints the tables and writes the files.</summary>
    internal void Write(
        ParseResult parsed, Manifest manifest, IReadOnlyList<EvaluatedSequence> sequences, IReadOnlyDictionary<RunKey, RunResult> results)
    {
        var report = EvaluationReport.Of(manifest, sequences, results, timed: !parsed.GetValue(noTiming));
        EvaluationTable.Print(report);
        if (parsed.GetValue(json) is { } jsonFile)
            report.WriteJson(jsonFile);
        if (parsed.GetValue(csv) is { } csvFile)
            report.WriteCsv(csvFile);
        if (parsed.GetValue(html) is { } htmlFile)
            report.WriteHtml(htmlFile);
    }

    private IEnumerable<string> Files(ParseResult parsed) => ((Option<string?>[])[json, csv, html]).Select(parsed.GetValue).OfType<string>();
}
