using Spectre.Console;

namespace SiamIlgpu.Run;

/// <summary>A progress bar on the error stream. The output stream stays free for results.</summary>
internal static class ProgressBar
{
    /// <summary>Runs work, which calls its argument once per frame.</summary>
    /// <param name="frames">How many calls to expect; null when that is not known.</param>
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
