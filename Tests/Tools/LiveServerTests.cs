using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Live;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The live server without a browser: who gets in, what a page may send, and what cannot disturb a session.</summary>
[TestFixture]
internal sealed class LiveServerTests
{
    private static readonly BoundingBox Somewhere = new(60, 40, 40, 40);

    private CpuDevice device = null!;
    private NetworkWeights network = null!;

    [OneTimeSetUp]
    public void MakeANetwork()
    {
        device = new CpuDevice(new CpuDeviceOptions { Threads = 1 });
        network = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1);
    }

    [OneTimeTearDown]
    public void Free() => device.Dispose();

    [Test]
    public async Task Page_IsServedWithAPolicyThatAllowsNothingFromOutside()
    {
        await using LiveHere live = await StartAsync();
        using HttpClient http = new();

        using HttpResponseMessage page = await http.GetAsync(live.Address);
        Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(page.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'none'; script-src 'self';"));
        Assert.That(page.Headers.Contains("Server"), Is.False);
        string html = await page.Content.ReadAsStringAsync();
        Assert.That(html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), Does.Not.Contain("//").And.Contain("live.js"));
        foreach (string file in new[] { "live.css", "live.js" })
            Assert.That((await http.GetAsync(live.Address + file)).StatusCode, Is.EqualTo(HttpStatusCode.OK), file);
        Assert.That((await http.GetAsync(live.Address + "live.cs")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await http.PostAsync(live.Address, null)).StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That((await http.GetAsync(live.Address + "boxes?target=9")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [TestCase("/")]
    [TestCase("/wrong/")]
    [TestCase("/0123456789abcdef0123456789abcdef/")]
    [TestCase("/0123456789abcdef0123456789abcdef/boxes")]
    [TestCase("/0123456789abcdef0123456789abcdef/socket")]
    [TestCase("//")]
    public async Task WrongToken_Is403WithOneSentence(string path)
    {
        await using LiveHere live = await StartAsync();
        using HttpClient http = new();

        using HttpResponseMessage answer = await http.GetAsync($"http://127.0.0.1:{live.Server.Address.Port}{path}");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("The token in the address is wrong: open the address that live printed.\n"));
    }

    [Test]
    public async Task Tokens_Differ()
    {
        await using LiveHere a = await StartAsync();
        await using LiveHere b = await StartAsync();

        Assert.That(a.Server.Address.AbsolutePath, Is.Not.EqualTo(b.Server.Address.AbsolutePath).And.Length.EqualTo(34));
    }

    [TestCase("evil.example")]
    [TestCase("127.0.0.1.evil.example")]
    public async Task AnotherHost_IsRefused(string host)
    {
        await using LiveHere live = await StartAsync();
        using HttpClient http = new();
        using HttpRequestMessage request = new(HttpMethod.Get, live.Address);
        request.Headers.Host = $"{host}:{live.Server.Address.Port}";

        Assert.That((await http.SendAsync(request)).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [TestCase("http://evil.example")]
    [TestCase("null")]
    [TestCase(null)]
    public async Task SocketOfAnotherOrigin_IsRefused(string? origin)
    {
        await using LiveHere live = await StartAsync();
        using ClientWebSocket socket = new();
        socket.Options.CollectHttpResponseDetails = true;
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(SocketAddress(live), CancellationToken.None));
        Assert.That(socket.HttpStatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task OnlyLoopbackListens()
    {
        await using LiveHere live = await StartAsync();

        IPEndPoint[] listeners = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(e => e.Port == live.Server.Address.Port)];

        Assert.That(listeners, Is.EqualTo(new[] { new IPEndPoint(IPAddress.Loopback, live.Server.Address.Port) }));
    }

    [Test]
    public async Task Environment_CannotOpenOtherAddresses()
    {
        string? before = Environment.GetEnvironmentVariable("ASPNETCORE_URLS");
        Environment.SetEnvironmentVariable("ASPNETCORE_URLS", "http://0.0.0.0:0");
        try
        {
            await using LiveHere live = await StartAsync();
            Assert.That(live.Server.Address.Host, Is.EqualTo("127.0.0.1"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("ASPNETCORE_URLS", before);
        }
    }

    [TestCase("")]
    [TestCase("play")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("{\"type\":\"play\"")]
    [TestCase("{\"type\":\"play\"}{")]
    [TestCase("{\"type\":\"dance\"}")]
    [TestCase("{\"type\":null}")]
    [TestCase("{\"type\":[[[[1]]]]}")]
    [TestCase("{\"type\":\"ready\"}")]
    [TestCase("{\"type\":\"ready\",\"width\":-1}")]
    [TestCase("{\"type\":\"ready\",\"width\":1e99}")]
    [TestCase("{\"type\":\"speed\",\"speed\":\"warp\"}")]
    [TestCase("{\"type\":\"add\",\"frame\":1}")]
    [TestCase("{\"type\":\"add\",\"frame\":1,\"box\":[1,2,3]}")]
    [TestCase("{\"type\":\"add\",\"frame\":1,\"box\":[1,2,3,4,5]}")]
    [TestCase("{\"type\":\"add\",\"frame\":1,\"box\":[1,2,3,\"4\"]}")]
    [TestCase("{\"type\":\"add\",\"frame\":1,\"box\":[1,2,3,1e999]}")]
    [TestCase("{\"type\":\"remove\"}")]
    [TestCase("{\"type\":\"remove\",\"target\":7}")]
    [TestCase("{\"type\":\"redraw\",\"target\":7,\"frame\":1,\"box\":[60,40,40,40]}")]
    [TestCase("{\"type\":\"add\",\"frame\":1,\"box\":[60,40,0,40]}")]
    [TestCase("{\"type\":\"add\",\"frame\":1,\"box\":[6000,40,40,40]}")]
    [TestCase("{\"type\":\"add\",\"frame\":9,\"box\":[60,40,40,40]}")]
    [TestCase("{\"type\":\"play\",\"wish\":1}")]
    public async Task SenselessMessage_IsAnsweredAndChangesNothing(string message)
    {
        await using LiveHere live = await StartAsync();
        using PageHere page = await PageHere.OpenAsync(live);

        await page.SendAsync(message);
        JsonNode answer = await page.ReadErrorAsync();

        Assert.That((string)answer["error"]!, Is.Not.Empty);
        await page.SendAsync("""{"type":"add","frame":1,"box":[60,40,40,40]}""");
        JsonNode shown = await page.ReadUntilAsync(view => view["targets"]!.AsArray().Count == 1);
        Assert.That(((string)shown["state"]!, (int)shown["frame"]!), Is.EqualTo(("paused", 1)));
    }

    [Test]
    public async Task OversizedMessage_ClosesItsSocketOnly()
    {
        await using LiveHere live = await StartAsync();
        using PageHere other = await PageHere.OpenAsync(live), page = await PageHere.OpenAsync(live);

        await page.SendAsync(new string(' ', 5000));

        Assert.That(await page.ReadCloseAsync(), Is.EqualTo(WebSocketCloseStatus.MessageTooBig));
        await other.ReadUntilAsync(view => (int)view["frame"]! == 1);
    }

    [Test]
    public async Task BinaryMessage_ClosesItsSocket()
    {
        await using LiveHere live = await StartAsync();
        using PageHere page = await PageHere.OpenAsync(live);

        await page.Socket.SendAsync(new byte[10], WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.That(await page.ReadCloseAsync(), Is.EqualTo(WebSocketCloseStatus.InvalidMessageType));
    }

    [Test]
    public async Task TwoPages_SeeAndSteerTheSameSession()
    {
        await using LiveHere live = await StartAsync();
        using PageHere a = await PageHere.OpenAsync(live), b = await PageHere.OpenAsync(live);

        await a.SendAsync("""{"type":"add","frame":1,"box":[60,40,40,40]}""");
        await b.ReadUntilAsync(view => view["targets"]!.AsArray().Count == 1);
        await b.SendAsync("""{"type":"step"}""");
        JsonNode seen = await a.ReadUntilAsync(view => (int)view["frame"]! == 2);

        Assert.That((int)seen["targets"]![0]!["number"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task PagesThatVanishOrDoNotRead_HoldUpNothing()
    {
        await using LiveHere live = await StartAsync(() => new SyntheticVideo(frameCount: 200), new LiveOptions { Speed = LiveSpeed.Max });
        using PageHere page = await PageHere.OpenAsync(live), deaf = await PageHere.OpenAsync(live);
        for (int i = 0; i < 20; i++)
        {
            PageHere dropped = await PageHere.OpenAsync(live);
            await dropped.ReadyAsync(640);
            dropped.Socket.Abort();
            dropped.Dispose();
        }
        for (int i = 0; i < 100; i++)
            await deaf.ReadyAsync(640);

        await page.SendAsync("""{"type":"play"}""");
        JsonNode end = await page.ReadUntilAsync(view => (string)view["state"]! == "ended");

        Assert.That((int)end["frame"]!, Is.EqualTo(200));
        Assert.That((string)end["note"]!, Does.Match(@"^199 frames at \d+\.\d fps$"));
    }

    [Test]
    [NonParallelizable] // It weighs the whole heap.
    public async Task PagesThatAreGone_LeaveNothingBehind()
    {
        const int Visits = 300, BytesOfAPage = LivePage.LongestMessage;
        await using LiveHere live = await StartAsync();
        await VisitAsync(50);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        await VisitAsync(Visits);

        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Visits * BytesOfAPage / 2));

        async Task VisitAsync(int times)
        {
            for (int i = 0; i < times; i++)
            {
                using PageHere page = await PageHere.OpenAsync(live, room: 1 << 18);
                await page.ReadUntilAsync(view => (int)view["frame"]! == 1);
                page.Socket.Abort();
            }
        }
    }

    [Test]
    public async Task MorePagesThanAllowed_AreRefused()
    {
        await using LiveHere live = await StartAsync();
        List<PageHere> pages = [];
        try
        {
            for (int i = 0; i < 16; i++)
                pages.Add(await PageHere.OpenAsync(live));
            await Assert.ThrowsAsync<WebSocketException>(() => PageHere.OpenAsync(live));
        }
        finally
        {
            pages.ForEach(page => page.Dispose());
        }
    }

    [Test]
    public async Task TargetsWithoutEnd_AreRefused()
    {
        await using LiveHere live = await StartAsync(options: new LiveOptions { Targets = [.. Enumerable.Repeat(Somewhere, LiveSession.MostTargets)] });
        using PageHere page = await PageHere.OpenAsync(live);

        await page.SendAsync("""{"type":"add","frame":1,"box":[60,40,40,40]}""");

        Assert.That((string)(await page.ReadErrorAsync())["error"]!, Does.Contain("8 targets"));
    }

    [TestCase(1, 1)]
    [TestCase(7680, 4320)]
    [TestCase(3, 5000)]
    public async Task FrameOfAnySize_IsShownWithinThePagesRoom(int width, int height)
    {
        await using LiveHere live = await StartAsync(() => new BlankVideo(width, height), new LiveOptions { Targets = [new(0, 0, width, height)] });
        using PageHere page = await PageHere.OpenAsync(live);

        await page.SendAsync("""{"type":"step"}""");
        JsonNode view = await page.ReadUntilAsync(v => (int)v["frame"]! == 2);

        Assert.That(((int)view["width"]!, (int)view["height"]!), Is.EqualTo((width, height)));
        Assert.That((int)view["shownWidth"]!, Is.InRange(1, Math.Min(width, 960)));
        Assert.That((int)view["shownHeight"]!, Is.InRange(1, Math.Min(height, 960)));
    }

    [Test]
    public async Task Restart_BeginsAnewWithoutTargets()
    {
        await using LiveHere live = await StartAsync();
        using PageHere page = await PageHere.OpenAsync(live);
        await page.SendAsync("""{"type":"add","frame":1,"box":[60,40,40,40]}""");
        for (int frame = 2; frame <= 4; frame++)
        {
            await page.SendAsync("""{"type":"step"}""");
            await page.ReadUntilAsync(view => (int)view["frame"]! == frame);
        }

        await page.SendAsync("""{"type":"restart"}""");

        JsonNode view = await page.ReadUntilAsync(v => (int)v["frame"]! == 1);
        Assert.That(view["targets"]!.AsArray(), Is.Empty);
        Assert.That((string)view["state"]!, Is.EqualTo("paused"));
    }

    [Test]
    public async Task LoopedVideo_CountsOn()
    {
        await using LiveHere live = await StartAsync(
            () => new LoopedVideo(() => new SyntheticVideo(frameCount: 3, width: 160, height: 120)),
            new LiveOptions { Playing = true, Speed = LiveSpeed.Max, Targets = [Somewhere] });
        using PageHere page = await PageHere.OpenAsync(live);

        await page.ReadUntilAsync(view => (int)view["frame"]! > 20);
        await page.SendAsync("""{"type":"pause"}""");
        await page.ReadUntilAsync(view => (string)view["state"]! == "paused");

        int[] numbers = [.. live.BoxesOfAll().Split('\n')[1..^1].Select(line => int.Parse(line.Split(',')[0], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(1, numbers.Length)));
    }

    [Test]
    [Category("Slow")]
    public async Task VideoThatHangs_IsWaitedForWithoutHangingAnything()
    {
        using HangingVideo video = new();
        Stopwatch watch = new();
        await using (LiveHere live = await StartAsync(() => video, new LiveOptions { Playing = true }))
        {
            using PageHere page = await PageHere.OpenAsync(live);
            await page.ReadUntilAsync(view => (string)view["state"]! == "waiting");
            await page.SendAsync("""{"type":"add","frame":1,"box":[60,40,40,40]}""");
            await page.ReadUntilAsync(view => view["targets"]!.AsArray().Count == 1);
            watch.Start();
        }
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(8)));
    }

    [Test]
    public Task VideoWithoutAFrame_IsAnError() =>
        Assert.ThatAsync(() => StartAsync(() => new FailingVideo(0)), Throws.TypeOf<FrameException>().With.Message.Contains("unplugged"));

    [Test]
    public Task TargetOutsideTheFrame_IsAnError() =>
        Assert.ThatAsync(
            () => StartAsync(options: new LiveOptions { Targets = [new(5000, 0, 10, 10)] }),
            Throws.ArgumentException.With.Message.Contains("outside"));

    [Test]
    public void History_KeepsTheLastFramesAndTheLastBoxOfAFrame()
    {
        TargetHistory history = new();
        for (int frame = 1; frame <= TargetHistory.Most + 10; frame++)
            history.Add(frame, new TrackResult(new BoundingBox(frame, 0, 1, 1), 1, false, 0, 0));
        history.Add(TargetHistory.Most + 10, new TrackResult(new BoundingBox(-5, 0, 1, 1), 1, false, 0, 0));

        TargetFrame[] kept = [.. history.Read()];

        Assert.That(kept.Select(f => f.Frame), Is.EqualTo(Enumerable.Range(11, TargetHistory.Most)));
        Assert.That(kept[^1].Box.X, Is.EqualTo(-5));
        Assert.That(kept[^2].Box.X, Is.EqualTo(TargetHistory.Most + 9));
    }

    [Test]
    public void Thumbnail_HasTheMeansOfItsBoxes()
    {
        // Two rows of six pixels, three columns for each pixel of the thumbnail.
        byte[] pixels = [.. Enumerable.Range(0, 36).Select(i => (byte)(i * 7))];
        var small = new byte[8];

        Thumbnail.Shrink(pixels, 6, 2, small, 2, 1);

        for (int x = 0; x < 2; x++)
        {
            for (int c = 0; c < 3; c++)
            {
                int sum = 0;
                for (int i = 0; i < 6; i++)
                    sum += pixels[(i / 3 * 6 + 3 * x + i % 3) * 3 + c];
                Assert.That(small[4 * x + c], Is.EqualTo(sum / 6));
            }
            Assert.That(small[4 * x + 3], Is.EqualTo(255));
        }
    }

    private static Uri SocketAddress(LiveHere live) => new(live.Address.Replace("http://", "ws://", StringComparison.Ordinal) + "socket");

    private Task<LiveHere> StartAsync(Func<FrameSource>? open = null, LiveOptions? options = null) =>
        LiveHere.StartAsync(device, network, open ?? (() => new SyntheticVideo(frameCount: 30, width: 160, height: 120)), options);

    /// <summary>A page without a browser.</summary>
    private sealed class PageHere : IDisposable
    {
        private readonly byte[] buffer;

        private PageHere(int room) => buffer = new byte[room];

        internal ClientWebSocket Socket { get; } = new();

        internal static async Task<PageHere> OpenAsync(LiveHere live, int room = 8 << 20)
        {
            PageHere page = new(room);
            page.Socket.Options.SetRequestHeader("Origin", $"http://127.0.0.1:{live.Server.Address.Port}");
            await page.Socket.ConnectAsync(SocketAddress(live), CancellationToken.None);
            return page;
        }

        internal Task SendAsync(string message) =>
            Socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

        internal Task ReadyAsync(int width) => SendAsync($"{{\"type\":\"ready\",\"width\":{width}}}");

        /// <summary>The header of the first message that is as wanted; those before it are shown and forgotten.</summary>
        internal async Task<JsonNode> ReadUntilAsync(Func<JsonNode, bool> wanted)
        {
            while (true)
            {
                await ReadyAsync(640);
                WebSocketReceiveResult part;
                do
                    part = await ReceiveAsync();
                while (part.MessageType != WebSocketMessageType.Binary);
                JsonNode view = JsonNode.Parse(buffer.AsSpan(4, BinaryPrimitives.ReadInt32LittleEndian(buffer)))!;
                if (wanted(view))
                    return view;
            }
        }

        internal async Task<JsonNode> ReadErrorAsync()
        {
            WebSocketReceiveResult part;
            do
                part = await ReceiveAsync();
            while (part.MessageType != WebSocketMessageType.Text);
            return JsonNode.Parse(buffer.AsSpan(0, part.Count))!;
        }

        internal async Task<WebSocketCloseStatus?> ReadCloseAsync()
        {
            while (true)
            {
                WebSocketReceiveResult part = await ReceiveAsync();
                if (part.MessageType == WebSocketMessageType.Close)
                    return part.CloseStatus;
            }
        }

        public void Dispose() => Socket.Dispose();

        private async Task<WebSocketReceiveResult> ReceiveAsync()
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
            int length = 0;
            while (true)
            {
                WebSocketReceiveResult part = await Socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), patience.Token);
                length += part.Count;
                if (part.EndOfMessage)
                    return new WebSocketReceiveResult(length, part.MessageType, endOfMessage: true, part.CloseStatus, part.CloseStatusDescription);
            }
        }
    }

    /// <summary>The same gray frame for ever.</summary>
    private sealed class BlankVideo : FrameSource
    {
        private readonly Frame frame;

        internal BlankVideo(int width, int height)
        {
            frame = new Frame(width, height);
            frame.Pixels.Fill(90);
        }

        public override int? Count => null;

        public override Frame Read() => frame;
    }

    /// <summary>One frame, then nothing: a camera whose network is gone.</summary>
    private sealed class HangingVideo : FrameSource
    {
        private readonly ManualResetEventSlim end = new();
        private bool read;

        public override int? Count => null;

        public override Frame? Read()
        {
            if (read)
                end.Wait();
            read = true;
            return end.IsSet ? null : new Frame(160, 120);
        }

        protected override void Dispose(bool disposing) => end.Set();
    }
}
