using System.ComponentModel;
using System.Diagnostics;

namespace SiamIlgpu.Media;

/// <summary>
/// A running ffmpeg: its pipes, its log, and a watch over it, so that whatever ffmpeg does, nobody waits for it for ever.
/// <see cref="Kill"/> may be called from any thread; the rest is for one. Pipes are read and written by asynchronous calls
/// that are waited for: only those can be canceled, and a program that ffmpeg's wrapper left behind may hold a pipe open
/// long after ffmpeg is gone.
/// </summary>
internal sealed class FfmpegProcess : IDisposable
{
    // How long a process that was killed, or has closed its output, may take to be gone.
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(5);

    // How long the log may lag behind the pictures.
    private static readonly TimeSpan LogLag = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Process process;
    private readonly Task listener;
    private readonly CancellationTokenSource killed = new();
    private readonly ManualResetEventSlim described = new();
    private readonly Timer watch;
    private readonly TimeSpan patience;
    private volatile bool stalled;
    private bool disposed;

    /// <summary>Starts ffmpeg.</summary>
    /// <param name="program">Its full path.</param>
    /// <param name="arguments">What follows the options that every run has.</param>
    /// <param name="patience">How long a wait may last, see <see cref="BeginWait"/>.</param>
    /// <param name="purpose">The video, for messages.</param>
    /// <exception cref="FrameException">The program cannot be started.</exception>
    public FfmpegProcess(string program, IEnumerable<string> arguments, TimeSpan patience, string purpose)
    {
        this.patience = patience;
        string[] all = [program, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info", .. arguments];
        // In a session of its own, so that Ctrl+C reaches this process alone, which then ends the video in good order.
        if (FfmpegProgram.OnPath("setsid") is { } setsid)
            all = [setsid, .. all];
        ProcessStartInfo start = new(all[0], all.Skip(1))
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new FrameException(purpose, $"{program} cannot be started ({e.Message})", e);
        }
        watch = new Timer(_ => Stall());
        listener = Listen();
    }

    /// <summary>What it has said so far.</summary>
    public FfmpegLog Log { get; } = new();

    /// <summary>Begins to wait for ffmpeg: if <see cref="EndWait"/> does not come in time, it is stalled, and killed.</summary>
    public void BeginWait() => watch.Change(patience, Timeout.InfiniteTimeSpan);

    /// <summary>ffmpeg has done what was waited for.</summary>
    public void EndWait() => watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Reads from ffmpeg's output: at least one byte, or 0 at its end.</summary>
    /// <exception cref="IOException">The pipe is broken.</exception>
    /// <exception cref="OperationCanceledException">ffmpeg was killed.</exception>
    public int Read(Memory<byte> buffer)
    {
        ValueTask<int> read = process.StandardOutput.BaseStream.ReadAsync(buffer, killed.Token);
        return read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Writes all bytes to ffmpeg's input.</summary>
    /// <exception cref="IOException">The pipe is broken: ffmpeg takes no more.</exception>
    /// <exception cref="OperationCanceledException">ffmpeg was killed.</exception>
    public void Write(ReadOnlyMemory<byte> bytes)
    {
        ValueTask write = process.StandardInput.BaseStream.WriteAsync(bytes, killed.Token);
        if (!write.IsCompletedSuccessfully)
            write.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Waits until the log has named the stream that was chosen: ffmpeg says so before its first picture.</summary>
    public void WaitForDescription() => described.Wait(LogLag);

    /// <summary>
    /// Waits for the end of a process that has closed its output, or has no more input, and says why it failed; null when it
    /// did not.
    /// </summary>
    /// <param name="longest">How long that may take before it counts as stalled.</param>
    public string? Finish(TimeSpan longest)
    {
        if (!process.WaitForExit(longest))
            Stall();
        process.WaitForExit(Leaving);
        // All it said is worth hearing, but not worth waiting for a program that it left behind.
        listener.Wait(LogLag);
        if (stalled)
            return $"ffmpeg stalled: nothing came for {patience.TotalSeconds:0.###} s{After(Log.LastWords)}";
        if (!process.HasExited)
            return "ffmpeg does not end";
        return process.ExitCode switch
        {
            0 => null,
            // A shell's way to say that a signal ended it; there are no such codes on Windows.
            > 128 and < 160 and int code => $"ffmpeg was killed (signal {code - 128}){After(Log.Errors)}",
            int code => $"ffmpeg failed (exit code {code}){After(Log.LastWords)}",
        };
    }

    /// <inheritdoc cref="Finish(TimeSpan)"/>
    public string? Finish() => Finish(Leaving);

    /// <summary>Ends ffmpeg at once; a read or write under way on another thread fails.</summary>
    public void Kill()
    {
        lock (gate)
        {
            if (disposed)
                return;
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
            {
                // It is gone already, or its children are.
            }
            killed.Cancel();
        }
    }

    /// <summary>Closes ffmpeg's input: there are no more frames.</summary>
    public void CloseInput()
    {
        try
        {
            process.StandardInput.BaseStream.Dispose();
        }
        catch (IOException)
        {
            // What it could not take any more is lost with it; Finish says why.
        }
    }

    /// <summary>Kills ffmpeg unless it has ended, and waits until it is gone.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        Kill();
        process.WaitForExit(Leaving);
        listener.Wait(Leaving);
        lock (gate)
        {
            disposed = true;
            watch.Dispose();
            CloseInput();
            process.StandardOutput.Dispose();
            process.StandardError.Dispose();
            process.Dispose();
            described.Dispose();
            killed.Dispose();
        }
    }

    private static string After(string? words) => string.IsNullOrEmpty(words) ? "" : $": {words}";

    private void Stall()
    {
        stalled = true;
        Kill();
    }

    private async Task Listen()
    {
        try
        {
            while (await process.StandardError.ReadLineAsync(killed.Token).ConfigureAwait(false) is { } line)
            {
                if (Log.Add(line))
                    described.Set();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Killed; what it said last may be lost.
        }
        described.Set();
    }
}
