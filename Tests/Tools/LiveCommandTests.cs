using System.Net;
using System.Net.Sockets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The verb live from its command line: what it prints, how it ends, and what it refuses.</summary>
[TestFixture]
[NonParallelizable] // The console is one for the whole process.
internal sealed class LiveCommandTests
{
    private string folder = "";

    [OneTimeSetUp]
    public void MakeAVideo()
    {
        folder = Directory.CreateTempSubdirectory("SiamIlgpu").FullName;
        using var video = new SyntheticVideo(frameCount: 2, width: 160, height: 120);
        foreach (Frame frame in video)
            PngEncoder.Write(frame, Path.Combine(folder, $"{frame.Index}.png"));
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [Test]
    public void Live_PrintsItsAddressAndEndsAtCtrlC()
    {
        using TcpListener listener = Listen(out string port);
        listener.Stop();
        using CancellationTokenSource ctrlC = new();
        Task pressing = CancelWhenServedAsync(port, ctrlC);

        (int exit, string output, string errors) = RunTests.Run(
            ["live", "--input", folder, "--port", port, "--init", "10,10,30,30", "60,40,40,40", "--speed", "max", "--device", "cpu"], ctrlC.Token);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(output, Does.Match($@"open http://127\.0\.0\.1:{port}/[0-9a-f]{{32}}/ in a browser"));
        Assert.That(pressing.IsCompletedSuccessfully);
    }

    [Test]
    public void Live_OnAPortInUse_IsRefused()
    {
        using TcpListener listener = Listen(out string port);

        Refused(port, "--input", folder, "--port", port);
    }

    [Test]
    public void Live_OfAMissingFolder_IsRefused() => Refused("nowhere", "--input", Path.Combine(folder, "nowhere"));

    [TestCase("--init", "10,10,30", "expected x,y,w,h")]
    [TestCase("--init", "1000,10,30,30", "--init: the box 1000.0000,10.0000,30.0000,30.0000 lies outside")]
    [TestCase("--port", "65536", "expected 0 to 65535")]
    [TestCase("--speed", "warp", "warp")]
    [TestCase("--preset", "fastest", "cfnet-conv2")]
    public void Live_WithASenselessOption_IsRefused(string option, string value, string mention) =>
        Refused(mention, "--input", folder, option, value);

    private static void Refused(string mention, params string[] arguments)
    {
        using CancellationTokenSource tooLong = new(TimeSpan.FromSeconds(30));

        (int exit, _, string errors) = RunTests.Run(["live", "--device", "cpu", .. arguments], tooLong.Token);

        Assert.That(exit, Is.EqualTo(2));
        Assert.That(errors, Does.StartWith("error: ").And.Contain(mention));
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    private static TcpListener Listen(out string port)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        port = FormattableString.Invariant($"{((IPEndPoint)listener.LocalEndpoint).Port}");
        return listener;
    }

    private static async Task CancelWhenServedAsync(string port, CancellationTokenSource ctrlC)
    {
        using HttpClient http = new();
        for (int tries = 0; tries < 600; tries++)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync($"http://127.0.0.1:{port}/");
                break;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50);
            }
        }
        // The address is printed right after the door opens.
        await Task.Delay(200);
        await ctrlC.CancelAsync();
    }
}
