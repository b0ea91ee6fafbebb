using SiamIlgpu.Evaluation;
using Spectre.Console;

namespace SiamIlgpu.Run;

/// <summary>Prints an evaluation's figures in the terminal.</summary>
internal static class EvaluationTable
{
    /// <summary>Prints one line for each sequence with every tracker's score, then one line for each tracker with all its figures.</summary>
    internal static void Print(EvaluationReport report)
    {
        bool plain = Console.IsOutputRedirected;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (plain)
            console.Profile.Width = 4096;
        Table bySequence = NewTable([report.Trackers[0].Score.Title, .. report.Trackers.Select(t => t.Name)]);
        for (int i = 0; i < report.Trackers[0].Sequences.Count; i++)
            AddRow(bySequence, [report.Trackers[0].Sequences[i].Name, .. report.Trackers.Select(t => t.Sequences[i].Score.ToString())]);
        console.Write(bySequence);

        Table all = NewTable(["", .. Shown(report.Trackers[0]).Select(m => m.Title)]);
        foreach (TrackerFigures tracker in report.Trackers)
            AddRow(all, [tracker.Name, .. Shown(tracker).Select(m => m.ToString())]);
        console.Write(all);

        static IEnumerable<Metric> Shown(TrackerFigures tracker) => tracker.Metrics.Where(m => m.Title.Length > 0);

        Table NewTable(string[] columns)
        {
            // A program that reads the output does not want drawn lines.
            Table table = new Table().Border(plain ? TableBorder.None : TableBorder.Simple);
            foreach (string column in columns)
                table.AddColumn(new TableColumn(Markup.Escape(column)) { Alignment = table.Columns.Count == 0 ? Justify.Left : Justify.Right });
            return table;
        }
    }

    private static void AddRow(Table table, string[] cells) => table.AddRow([.. cells.Select(Markup.Escape)]);
}
