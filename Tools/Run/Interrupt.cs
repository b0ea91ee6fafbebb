using System.Runtime.InteropServices;

namespace SiamIlgpu.Run;

/// <summary>Turns the first Ctrl+C, or a polite request to terminate, into a cancellation; a second one ends the process at once.</summary>
/// <remarks>
/// Make it before a device is opened. LLVM, which comes with PoCL, handles signals too, and at the first one gives them all back to
/// whom it had them from: that must not be the system, which would end the process.
/// </remarks>
internal sealed class Interrupt : IDisposable
{
    /// <summary>Exit code of a verb that was interrupted, with all kept that it had done: that of a program that Ctrl+C ended.</summary>
    internal const int ExitCode = 130;

    private readonly CancellationTokenSource source;
    private readonly Action heard;
    private readonly PosixSignalRegistration[] registrations;

    /// <summary>Begins to listen.</summary>
    /// <param name="outer">Cancels as well.</param>
    /// <param name="heard">Called at the first signal, on a thread of its own.</param>
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
