using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SiamIlgpu.Tests.Tools;

/// <summary>A headless Chromium, spoken to by its DevTools protocol.</summary>
internal sealed class Chromium : IDisposable
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly string profile = Directory.CreateTempSubdirectory("SiamIlgpu-chromium").FullName;
    private readonly Process process;
    private readonly int port;

    private Chromium(string program)
    {
        ProcessStartInfo start = new(program) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
        ];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        port = WaitForPort();
    }

    /// <summary>Where it is installed; null where it is not.</summary>
    internal static string? Program { get; } = Places.FirstOrDefault(File.Exists) ?? ReferenceTool.Find("chromium");

    internal static Chromium Start() => new(Program!);

    /// <summary>A new tab.</summary>
    internal async Task<ChromiumPage> OpenAsync(string address, int width = 1280, int height = 800, bool dark = false, bool phone = false)
    {
        using HttpClient http = new();
        using HttpResponseMessage made = await http.PutAsync($"http://127.0.0.1:{port}/json/new?about:blank", null);
        JsonNode target = JsonNode.Parse(await made.Content.ReadAsStringAsync())!;
        ChromiumPage page = await ChromiumPage.ConnectAsync(new Uri((string)target["webSocketDebuggerUrl"]!));
        await page.ResizeAsync(width, height, phone);
        await page.AppearAsync(dark);
        await page.NavigateAsync(address);
        return page;
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        try
        {
            Directory.Delete(profile, recursive: true);
        }
        catch (IOException)
        {
            // A helper process of the browser may still be writing; the folder is a temporary one.
        }
    }

    private int WaitForPort()
    {
        string file = Path.Combine(profile, "DevToolsActivePort");
        for (int tries = 0; tries < 600; tries++)
        {
            Assert.That(process.HasExited, Is.False, "Chromium ended at once");
            if (File.Exists(file) && File.ReadAllLines(file) is { Length: 2 } lines)
                return int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture);
            Thread.Sleep(50);
        }
        throw new TimeoutException("Chromium did not open its DevTools port");
    }
}

/// <summary>One tab: scripts, mouse, keys, pictures, and what went wrong in it.</summary>
internal sealed class ChromiumPage : IAsyncDisposable
{
    /// <summary>Modifier keys, as the protocol numbers them.</summary>
    internal const int Ctrl = 2, Shift = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> answers = new();
    private readonly ConcurrentQueue<string> problems = new();
    private readonly SemaphoreSlim sending = new(1);
    private Task receiving = Task.CompletedTask;
    private TaskCompletionSource loaded = new();
    private int last;

    /// <summary>Errors and warnings on the console, and exceptions that nothing caught.</summary>
    internal IReadOnlyCollection<string> Problems => problems;

    internal static async Task<ChromiumPage> ConnectAsync(Uri address)
    {
        ChromiumPage page = new();
        page.socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await page.socket.ConnectAsync(address, CancellationToken.None);
        page.receiving = page.ReceiveAllAsync();
        foreach (string domain in new[] { "Page", "Runtime", "Log" })
            await page.AskAsync($"{domain}.enable");
        return page;
    }

    internal async Task NavigateAsync(string address)
    {
        loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await AskAsync("Page.navigate", new JsonObject { ["url"] = address });
        await loaded.Task.WaitAsync(Patience);
    }

    internal Task ResizeAsync(int width, int height, bool phone = false) => AskAsync(
        "Emulation.setDeviceMetricsOverride",
        new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = phone ? 2 : 1, ["mobile"] = phone });

    internal Task AppearAsync(bool dark) => AskAsync("Emulation.setEmulatedMedia", new JsonObject
    {
        ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
    });

    /// <summary>The value of an expression; promises are awaited.</summary>
    internal async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode answer = await AskAsync(
            "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.That(answer["exceptionDetails"], Is.Null, $"{expression}: {answer.ToJsonString()}");
        return answer["result"]?["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    internal async Task WaitForAsync(string expression)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!(bool)(await EvaluateAsync($"!!({expression})"))!)
        {
            Assert.That(watch.Elapsed, Is.LessThan(Patience), $"waited for {expression}; problems: {string.Join("; ", problems)}");
            await Task.Delay(20);
        }
    }

    /// <summary>Presses the mouse at one place of the window, moves it to another, and lets it go.</summary>
    internal async Task DragAsync(double fromX, double fromY, double toX, double toY)
    {
        await MouseAsync("mouseMoved", fromX, fromY, 0);
        await MouseAsync("mousePressed", fromX, fromY, 1);
        for (int i = 1; i <= 4; i++)
            await MouseAsync("mouseMoved", fromX + (toX - fromX) * i / 4, fromY + (toY - fromY) * i / 4, 1);
        await MouseAsync("mouseReleased", toX, toY, 0);
    }

    /// <summary>Presses a key and lets it go.</summary>
    internal async Task PressAsync(string key, int modifiers = 0)
    {
        foreach (string type in new[] { key.Length == 1 || key == "Enter" ? "keyDown" : "rawKeyDown", "keyUp" })
        {
            JsonObject pressed = new() { ["type"] = type, ["key"] = key, ["modifiers"] = modifiers };
            if (type == "keyDown")
                pressed["text"] = key == "Enter" ? "\r" : key;
            if (key == "Tab")
                pressed["windowsVirtualKeyCode"] = 9;
            await AskAsync("Input.dispatchKeyEvent", pressed);
        }
    }

    /// <summary>Writes what is seen as PNG.</summary>
    internal async Task ScreenshotAsync(string file, bool whole = false)
    {
        JsonNode answer = await AskAsync("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = whole });
        await File.WriteAllBytesAsync(file, Convert.FromBase64String((string)answer["data"]!));
    }

    public async ValueTask DisposeAsync()
    {
        if (socket.State == WebSocketState.Open)
            await AskAsync("Page.close");
        socket.Abort();
        await receiving;
        socket.Dispose();
        sending.Dispose();
    }

    private Task MouseAsync(string type, double x, double y, int buttons) => AskAsync("Input.dispatchMouseEvent", new JsonObject
    {
        ["type"] = type,
        ["x"] = x,
        ["y"] = y,
        ["buttons"] = buttons,
        ["clickCount"] = 1,
        ["button"] = type == "mouseMoved" && buttons == 0 ? "none" : "left",
    });

    private async Task<JsonNode> AskAsync(string method, JsonObject? parameters = null)
    {
        int id = Interlocked.Increment(ref last);
        TaskCompletionSource<JsonNode> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        answers[id] = answer;
        byte[] message = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] });
        await sending.WaitAsync();
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }
        JsonNode result = await answer.Task.WaitAsync(Patience);
        return result["result"] ?? throw new InvalidOperationException($"{method}: {result.ToJsonString()}");
    }

    private async Task ReceiveAllAsync()
    {
        var buffer = new byte[1 << 16];
        using MemoryStream message = new();
        try
        {
            while (true)
            {
                WebSocketReceiveResult part = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                Hear(JsonNode.Parse(message.GetBuffer().AsSpan(0, (int)message.Length))!);
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The tab was closed.
        }
    }

    private void Hear(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (answers.TryRemove((int)id, out TaskCompletionSource<JsonNode>? waiting))
                waiting.SetResult(message);
            return;
        }
        JsonNode? details = message["params"];
        switch ((string?)message["method"])
        {
            case "Page.loadEventFired":
                loaded.TrySetResult();
                break;
            case "Runtime.exceptionThrown":
                problems.Enqueue(details!["exceptionDetails"]!.ToJsonString());
                break;
            case "Runtime.consoleAPICalled" when (string?)details!["type"] is "error" or "warning" or "assert":
                problems.Enqueue(details!["args"]!.ToJsonString());
                break;
            case "Log.entryAdded" when (string?)details!["entry"]!["level"] is "error" or "warning":
                problems.Enqueue(details!["entry"]!.ToJsonString());
                break;
        }
    }
}
