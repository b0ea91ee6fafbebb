using System.Runtime.InteropServices;

namespace SiamIlgpu.Tests.Gpu.Sandbox;

/// <summary>
/// Lets one waiting thread through, once for each opening. On Linux it is a futex, at least twice as fast as a monitor; a
/// barrier is as many hand-overs as the group has threads. Gates live as long as the process.
/// </summary>
internal sealed unsafe partial class Gate
{
    private const int WaitPrivate = 128;
    private const int WakePrivate = 129;

    private static readonly int FutexCall = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    private readonly int* open = (int*)NativeMemory.AlignedAlloc(64, 64);
    private readonly object monitor = new();

    internal Gate() => *open = 0;

    /// <summary>Waits for the gate to be open, and closes it.</summary>
    internal void Wait()
    {
        if (FutexCall != 0)
        {
            while (Interlocked.Exchange(ref *open, 0) == 0)
                _ = WaitCall(FutexCall, open, WaitPrivate, 0, 0, 0, 0);
            return;
        }
        lock (monitor)
        {
            while (*open == 0)
                Monitor.Wait(monitor);
            *open = 0;
        }
    }

    /// <summary>Opens the gate.</summary>
    internal void Open()
    {
        if (FutexCall != 0)
        {
            Interlocked.Exchange(ref *open, 1);
            _ = WakeCall(FutexCall, open, WakePrivate, 1, 0, 0, 0);
            return;
        }
        lock (monitor)
        {
            *open = 1;
            Monitor.Pulse(monitor);
        }
    }

    // A wake-up does not block, so it need not let the collector in, which would cost more than it.
    [LibraryImport("libc", EntryPoint = "syscall"), SuppressGCTransition]
    private static partial nint WakeCall(nint number, int* word, nint operation, nint value, nint timeout, nint word2, nint value3);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint WaitCall(nint number, int* word, nint operation, nint value, nint timeout, nint word2, nint value3);
}
