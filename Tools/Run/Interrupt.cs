using System.Runtime.InteropServices;

namespace SiamIlgpu.Run;

/// <summary>Turns the first Ctrl+C or SIGTERM into a cancellation. The second one ends the process at once.</summary>
/// <remarks>
/// Create it before a device is opened. LLVM, which comes with PoCL, handles signals too. At the first signal it restores the handlers
/// that it found. If it found the system's, the next Ctrl+C would end the process.
/// </remarks>
internal sealed class Interrupt : IDisposable
{
    /// <summary>The exit code of a verb that was interrupted and kept its results: the same as for a program that Ctrl+C ended.</summary>
    internal const int ExitCode = 130;

    private readonly CancellationTokenSource source;
    private readonly Action heard;
    private readonly PosixSignalRegistration[] registrations;

    /// <summary>Starts to listen for signals.</summary>
    /// <param name="outer">Another token that cancels.</param>
    /// <param name="heard">Called at the first signal, on another thread.</param>
    internal Interrupt(CancellationToken outer, Action heard)
    {
        source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        this.heard = heard;
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];
    }

    internal CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
            registration.Dispose();
        source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (source.IsCancellationRequested)
            return;
        context.Cancel = true;
        heard();
        source.Cancel();
    }
}
