using System.Globalization;
using SiamIlgpu.Training;
using Spectre.Console;

namespace SiamIlgpu.Run;

/// <summary>
/// Shows a running training: a table of epochs on the output stream; warnings and a progress bar on the error stream. Where there is no
/// terminal, a line from time to time replaces the bar.
/// </summary>
internal sealed class TrainingProgress
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(30);

    private readonly Lock access = new();
    private readonly int epochs;
    private readonly IAnsiConsole? console;
    private readonly ProgressTask? bar;
    private long lastLine = TimeProvider.System.GetTimestamp();

    private TrainingProgress(int epochs, IAnsiConsole? console, ProgressTask? bar)
    {
        this.epochs = epochs;
        this.console = console;
        this.bar = bar;
    }

    /// <summary>Runs work with a progress bar.</summary>
    internal static T Show<T>(int epochs, Func<TrainingProgress, T> work)
    {
        if (Console.IsErrorRedirected)
            return work(new TrainingProgress(epochs, null, null));
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return terminal.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = 20 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => work(new TrainingProgress(epochs, terminal, context.AddTask("first steps"))));
    }

    /// <summary>Shows the progress of the epoch.</summary>
    internal void Step(StepReport step)
    {
        double left = (step.PairsOfEpoch - step.Pairs) / step.PairsPerSecond;
        double all = left + (epochs - 1.0 - step.Epoch) * step.PairsOfEpoch / step.PairsPerSecond;
        string times = step.Pairs == step.PairsOfEpoch ? "validating" : $"{Time(left)} left, {Time(all)} in all";
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {step.Epoch + 1}/{epochs}  loss {step.Loss:F4}  {step.PairsPerSecond:F1} pairs/s  {times}");
        lock (access)
        {
            if (bar is not null)
            {
                bar.MaxValue = step.PairsOfEpoch;
                bar.Value = step.Pairs;
                bar.Description = text;
            }
            else if (TimeProvider.System.GetElapsedTime(lastLine) >= BetweenLines)
            {
                lastLine = TimeProvider.System.GetTimestamp();
                Console.Error.WriteLine($"{text}  ({step.Pairs} of {step.PairsOfEpoch} pairs)");
            }
        }
    }

    /// <summary>Writes a line of the table of epochs.</summary>
    internal void Line(string text) => Write(text, Console.IsOutputRedirected || console is null ? Console.Out : null);

    /// <summary>Prints a warning. Training goes on.</summary>
    internal void Warn(string text) => Write($"warning: {text}", console is null ? Console.Error : null);

    /// <summary>Prints a message that is not a result.</summary>
    internal void Note(string text) => Write(text, console is null ? Console.Error : null);

    /// <summary>A duration as people say it.</summary>
    internal static string Time(double seconds)
    {
        if (!double.IsFinite(seconds))
            return "?";
        TimeSpan time = TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.SecondsPerDay * 9999.0));
        return time switch
        {
            { TotalDays: >= 1 } => $"{time.Days} d {time.Hours} h",
            { TotalHours: >= 1 } => $"{time.Hours} h {time.Minutes} min",
            { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
            _ => $"{time.Seconds} s",
        };
    }

    // Lines on the same terminal as the bar go through the bar's console, which keeps them above the bar.
    private void Write(string text, TextWriter? writer)
    {
        lock (access)
        {
            if (writer is null)
                console!.WriteLine(text);
            else
                writer.WriteLine(text);
        }
    }
}
