using System.Globalization;
using System.Text.Json.Nodes;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Live;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The live page in a real browser: what is drawn there is tracked as a tracker alone would.</summary>
[TestFixture]
[Needs(Need.Browser)]
[NonParallelizable] // A browser needs the machine.
internal sealed class LivePageTests
{
    private static readonly NetworkWeights Network = DefaultModel.Load();

    private Chromium browser = null!;
    private CpuDevice device = null!;

    [OneTimeSetUp]
    public void StartABrowser()
    {
        browser = Chromium.Start();
        device = new CpuDevice();
    }

    [OneTimeTearDown]
    public void StopIt()
    {
        browser?.Dispose();
        device?.Dispose();
    }

    [Test]
    public async Task BoxDrawnWithTheMouse_IsTrackedLikeATrackerAlone()
    {
        await using LiveHere live = await LiveHere.StartAsync(device, Network, () => new SyntheticVideo(frameCount: 40));
        await using ChromiumPage page = await browser.OpenAsync(live.Address);
        await page.WaitForAsync("view?.frame === 1");

        await page.EvaluateAsync("document.getElementById('step').click()");
        await page.WaitForAsync("view.frame === 2");
        BoundingBox truth = TruthAt(2);
        await DrawAsync(page, truth);
        await page.WaitForAsync("view.targets.length === 1");
        BoundingBox drawn = await BoxAsync(page, 0);
        Assert.That(drawn.IntersectionOverUnion(truth), Is.GreaterThan(0.9), "the box is where the mouse was");

        await page.EvaluateAsync("document.getElementById('play').click()");
        await page.WaitForAsync("view.state === 'ended'");

        string boxes = (await page.EvaluateAsync("fetch('boxes?target=1').then(r => r.text())"))!.ToString();
        Assert.That(boxes, Is.EqualTo(TrackedAlone(drawn, first: 2)));
        string[] table = (await page.EvaluateAsync("fetch(document.getElementById('download').href).then(r => r.text())"))!.ToString().Split('\n');
        Assert.That(table[0], Is.EqualTo("frame,target,x,y,w,h,confidence,lost"));
        Assert.That(table[^2], Does.StartWith($"40,1,{boxes.Split('\n')[^2]},"));
        Assert.That(page.Problems, Is.Empty);
    }

    [Test]
    [Category("Slow")]
    public async Task BoxDrawnWhileItPlays_BelongsToTheFrameSeen()
    {
        await using LiveHere live = await LiveHere.StartAsync(
            device, Network, () => new SyntheticVideo(frameCount: 100), new LiveOptions { Playing = true });
        await using ChromiumPage page = await browser.OpenAsync(live.Address);
        await page.WaitForAsync("view?.frame > 5");

        await DrawAsync(page, TruthAt(12));
        await page.WaitForAsync("view.targets.length === 1 && view.state === 'ended'");

        string[] table = live.BoxesOfAll().Split('\n')[1..^1];
        int first = int.Parse(table[0].Split(',')[0], CultureInfo.InvariantCulture);
        BoundingBox drawn = Parse(string.Join(',', table[0].Split(',')[2..6]));
        Assert.That(live.BoxesOf(1), Is.EqualTo(TrackedAlone(drawn, first, frames: 100)));
        Assert.That(page.Problems, Is.Empty);
    }

    [Test]
    public async Task KeyboardAlone_DrawsRedrawsStepsAndDeletes()
    {
        await using LiveHere live = await LiveHere.StartAsync(device, Network, () => new SyntheticVideo(frameCount: 12));
        await using ChromiumPage page = await browser.OpenAsync(live.Address);
        await page.WaitForAsync("view?.frame === 1");

        // The default box is 64x48 in the middle, 128,96; a step is 4 px.
        await page.PressAsync("d");
        await page.PressAsync("ArrowRight");
        await page.PressAsync("ArrowDown");
        await page.PressAsync("ArrowLeft", ChromiumPage.Ctrl);
        await page.PressAsync("ArrowUp", ChromiumPage.Shift);
        await page.PressAsync("Enter");
        await page.WaitForAsync("view.targets.length === 1");
        Assert.That(await BoxAsync(page, 0), Is.EqualTo(new BoundingBox(131, 100, 64, 44)));

        for (int frame = 2; frame <= 5; frame++)
        {
            await page.PressAsync(frame % 2 == 0 ? "ArrowRight" : ".");
            await page.WaitForAsync($"view.frame === {frame}");
        }
        Assert.That(live.BoxesOf(1), Is.EqualTo(TrackedAlone(new BoundingBox(131, 100, 64, 44), first: 1, frames: 5)));

        await page.PressAsync("r");
        await page.PressAsync("ArrowDown");
        await page.PressAsync("Escape");
        Assert.That((bool)(await page.EvaluateAsync("edit === null"))!);
        await page.PressAsync("d");
        await page.PressAsync("Enter");
        await page.WaitForAsync("view.targets.length === 2");
        await page.PressAsync("Delete");
        await page.WaitForAsync("view.targets.length === 1 && view.targets[0].number === 1");

        await page.PressAsync(" ");
        await page.WaitForAsync("view.state === 'ended'");
        Assert.That(live.BoxesOf(1)!.Split('\n'), Has.Length.EqualTo(13), "12 lines");
        Assert.That(page.Problems, Is.Empty);
    }

    [Test]
    public async Task PhoneWidth_NothingOverflows([Values] bool dark)
    {
        await using LiveHere live = await LiveHere.StartAsync(
            device, Network, () => new SyntheticVideo(frameCount: 20), new LiveOptions { Name = "a video with rather a long name, as cameras give them.mp4", Targets = [TruthAt(1), new BoundingBox(10, 10, 30, 30)] });
        await using ChromiumPage page = await browser.OpenAsync(live.Address, 390, 844, dark, phone: true);
        await page.WaitForAsync("view?.targets.length === 2");

        Assert.That((int)(await page.EvaluateAsync("document.documentElement.scrollWidth"))!, Is.LessThanOrEqualTo(390));
        // Text stands out from what is behind it: WCAG's 4.5 : 1.
        Assert.That((double)(await page.EvaluateAsync(Contrast))!, Is.GreaterThan(4.5));
        Assert.That(page.Problems, Is.Empty);
    }

    [Test]
    public async Task EveryControl_HasAName()
    {
        await using LiveHere live = await LiveHere.StartAsync(
            device, Network, () => new SyntheticVideo(frameCount: 20), new LiveOptions { Targets = [TruthAt(1)] });
        await using ChromiumPage page = await browser.OpenAsync(live.Address);
        await page.WaitForAsync("view?.targets.length === 1");

        JsonNode? nameless = await page.EvaluateAsync(
            "[...document.querySelectorAll('button, a, select, [role]:not([role=alert])')]"
            + ".filter(e => !(e.ariaLabel || e.textContent.trim() || e.closest('label') || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML)");
        Assert.That(nameless!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task VideoThatFails_SaysSoAndIsReadAgain()
    {
        int opened = 0;
        await using LiveHere live = await LiveHere.StartAsync(
            device, Network, () => new FailingVideo(opened++ == 0 ? 3 : 1000), new LiveOptions { Playing = true, Targets = [new(50, 50, 40, 40)] });
        await using ChromiumPage page = await browser.OpenAsync(live.Address);

        await page.WaitForAsync("document.getElementById('state').textContent.includes('failed')");
        Assert.That((await page.EvaluateAsync("document.getElementById('notice').textContent"))!.ToString(), Does.Contain("the camera was unplugged"));

        await page.EvaluateAsync("document.getElementById('restart').click()");
        await page.WaitForAsync("view.state === 'paused' && view.frame === 1");
        await page.PressAsync(" ");
        await page.WaitForAsync("view.state === 'playing' && view.frame > 3");
        Assert.That(page.Problems, Is.Empty);
    }

    private const string Contrast = """
        (() => {
          const light = color => color.match(/\d+/g).slice(0, 3).map(v => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c !== 'rgba(0, 0, 0, 0)') return c; } };
          return Math.min(...[...document.querySelectorAll('h1, h2, p, button:enabled, a, output, dt, figcaption, span')]
            .filter(e => e.textContent.trim() && e.checkVisibility()).map(e => {
              const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
              return (a + 0.05) / (b + 0.05);
            }));
        })()
        """;

    private static BoundingBox TruthAt(int frame)
    {
        using var video = new SyntheticVideo(frameCount: 40);
        return video.GroundTruth[frame - 1];
    }

    private static async Task DrawAsync(ChromiumPage page, BoundingBox box)
    {
        JsonNode area = (await page.EvaluateAsync(
            "(() => { const r = stage.getBoundingClientRect(); return { x: r.x, y: r.y, scale: r.width / view.width }; })()"))!;
        double x = (double)area["x"]!, y = (double)area["y"]!, scale = (double)area["scale"]!;
        // The first pixel's center is (1, 1), half a pixel inside the picture.
        await page.DragAsync(
            x + scale * (box.X - 0.5), y + scale * (box.Y - 0.5), x + scale * (box.X + box.Width - 0.5), y + scale * (box.Y + box.Height - 0.5));
    }

    private static async Task<BoundingBox> BoxAsync(ChromiumPage page, int index)
    {
        JsonArray box = (await page.EvaluateAsync($"view.targets[{index}].box"))!.AsArray();
        return new BoundingBox((double)box[0]!, (double)box[1]!, (double)box[2]!, (double)box[3]!);
    }

    private static BoundingBox Parse(string line)
    {
        double[] v = [.. line.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        return new BoundingBox(v[0], v[1], v[2], v[3]);
    }

    // As live writes it: a line for every frame from the first on.
    private string TrackedAlone(BoundingBox box, int first, int frames = 40)
    {
        using var video = new SyntheticVideo(frameCount: frames <= 12 ? 12 : frames);
        using var tracker = new Tracker(Network, device);
        string lines = "";
        for (int frame = 1; frame <= frames; frame++)
        {
            Frame read = video.Read()!;
            if (frame == first)
                lines += $"{tracker.Initialize(read, box).Box}\n";
            else if (frame > first)
                lines += $"{tracker.Update(read).Box}\n";
        }
        return lines;
    }
}
