using Spectre.Console;

namespace SiamIlgpu.Run;

/// <summary>A live bar on the error stream, so that what a program reads from the output stream stays clean.</summary>
internal static class ProgressBar
{
    /// <summary>Runs work that calls its argument once a frame.</summary>
    /// <param name="frames">How many calls to expect; null when nobody knows.</param>
    /// <param name="work">The work.</param>
    internal static void Show(int? frames, Action<Action> work)
    {
        if (Console.IsErrorRedirected)
        {
            work(static () => { });
            return;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask("tracking", maxValue: frames ?? 1);
                task.IsIndeterminate = frames is null;
                long start = TimeProvider.System.GetTimestamp();
                int done = 0;
                work(() =>
                {
                    task.Value = ++done;
                    task.Description = $"frame {done}, {done / TimeProvider.System.GetElapsedTime(start).TotalSeconds:F0} fps";
                });
            });
    }
}
