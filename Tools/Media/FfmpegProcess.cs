using System.ComponentModel;
using System.Diagnostics;

namespace SiamIlgpu.Media;

/// <summary>
/// A running ffmpeg with its pipes, its log, and a timer that kills it when it stalls, so that no caller waits forever. <see cref="Kill"/>
/// may be called from any thread; everything else is for one thread. Although callers wait for each read and write of a pipe, these are
/// asynchronous calls, because no others can be canceled. A wait may have to be canceled: if ffmpeg was started by a script, a program that
/// the script left running may keep a pipe open long after ffmpeg has ended.
/// </summary>
internal sealed class FfmpegProcess : IDisposable
{
    // How long to wait for the exit of a process that was killed or has closed its output.
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(5);

    // How long to wait for the log, which may arrive later than the pictures.
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
    /// <param name="program">The full path of ffmpeg.</param>
    /// <param name="arguments">The arguments after those that every run has.</param>
    /// <param name="patience">How long a wait may last; see <see cref="BeginWait"/>.</param>
    /// <param name="purpose">The name of the video, for error messages.</param>
    /// <exception cref="FrameException">The program cannot be started.</exception>
    public FfmpegProcess(string program, IEnumerable<string> arguments, TimeSpan patience, string purpose)
    {
        this.patience = patience;
        string[] all = [program, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info", .. arguments];
        // ffmpeg gets its own session, so that Ctrl+C reaches only this process, which can then end the video properly.
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

    /// <summary>What ffmpeg has written to its log so far.</summary>
    public FfmpegLog Log { get; } = new();

    /// <summary>Starts the timer: if <see cref="EndWait"/> is not called in time, ffmpeg counts as stalled and is killed.</summary>
    public void BeginWait() => watch.Change(patience, Timeout.InfiniteTimeSpan);

    /// <summary>Stops the timer: ffmpeg has done what the caller waited for.</summary>
    public void EndWait() => watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Reads from ffmpeg's output. Returns how many bytes were read: at least 1, or 0 at the end of the output.</summary>
    /// <exception cref="IOException">The pipe is broken.</exception>
    /// <exception cref="OperationCanceledException">ffmpeg was killed.</exception>
    public int Read(Memory<byte> buffer)
    {
        ValueTask<int> read = process.StandardOutput.BaseStream.ReadAsync(buffer, killed.Token);
        return read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Writes all bytes to ffmpeg's input.</summary>
    /// <exception cref="IOException">The pipe is broken: ffmpeg accepts no more input.</exception>
    /// <exception cref="OperationCanceledException">ffmpeg was killed.</exception>
    public void Write(ReadOnlyMemory<byte> bytes)
    {
        ValueTask write = process.StandardInput.BaseStream.WriteAsync(bytes, killed.Token);
        if (!write.IsCompletedSuccessfully)
            write.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>
    /// Waits until the log says which stream ffmpeg decodes, but at most a second. ffmpeg logs this before its first picture.
    /// </summary>
    public void WaitForDescription() => described.Wait(LogLag);

    /// <summary>
    /// Waits for the end of a process that has closed its output or gets no more input. Returns why it failed, or null when it succeeded.
    /// </summary>
    /// <param name="longest">How long to wait before the process counts as stalled.</param>
    public string? Finish(TimeSpan longest)
    {
        if (!process.WaitForExit(longest))
            Stall();
        process.WaitForExit(Leaving);
        // The rest of the log helps to explain a failure. But a program that ffmpeg left running may keep the log open, so the wait is
        // short.
        listener.Wait(LogLag);
        if (stalled)
            return $"ffmpeg stalled: nothing came for {patience.TotalSeconds:0.###} s{After(Log.LastWords)}";
        if (!process.HasExited)
            return "ffmpeg does not end";
        return process.ExitCode switch
        {
            0 => null,
            // Exit code 128 + n means that signal n ended the process. There are no such codes on Windows.
            > 128 and < 160 and int code => $"ffmpeg was killed (signal {code - 128}){After(Log.Errors)}",
            int code => $"ffmpeg failed (exit code {code}){After(Log.LastWords)}",
        };
    }

    /// <inheritdoc cref="Finish(TimeSpan)"/>
    public string? Finish() => Finish(Leaving);

    /// <summary>Kills ffmpeg at once. A read or write that is in progress on another thread fails.</summary>
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
                // ffmpeg or one of its children has already ended.
            }
            killed.Cancel();
        }
    }

    /// <summary>Closes ffmpeg's input, which tells ffmpeg that no more frames follow.</summary>
    public void CloseInput()
    {
        try
        {
            process.StandardInput.BaseStream.Dispose();
        }
        catch (IOException)
        {
            // ffmpeg did not read the last bytes, so they are lost. Finish says why.
        }
    }

    /// <summary>Kills ffmpeg if it is still running, and waits for its end.</summary>
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
            // ffmpeg was killed. The last lines of its log may be lost.
        }
        described.Set();
    }
}
