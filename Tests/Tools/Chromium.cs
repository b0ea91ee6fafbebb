using System.Diagnostics;

namespace SiamIlgpu.Tests.Tools;

/// <summary>A real browser without a window.</summary>
internal static class Chromium
{
    private static readonly string[] Quiet =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    /// <summary>Opens a page from a file, and returns it as the browser understood it, with what the browser had to say.</summary>
    /// <param name="page">The file.</param>
    /// <param name="folder">Where the browser may keep its things.</param>
    internal static (string Dom, string Log) Open(string page, string folder)
    {
        string profile = Path.Combine(folder, $"chromium-{Guid.NewGuid():N}");
        var start = new ProcessStartInfo("chromium") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (IEnumerable<string>)[.. Quiet, $"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0", "--dump-dom", new Uri(page).AbsoluteUri])
            start.ArgumentList.Add(argument);
        using Process browser = Process.Start(start)!;
        Task<string> log = browser.StandardError.ReadToEndAsync();
        string dom = browser.StandardOutput.ReadToEnd();
        Assert.That(browser.WaitForExit(TimeSpan.FromSeconds(60)), "the browser does not end");
        return (dom, log.Result);
    }
}
