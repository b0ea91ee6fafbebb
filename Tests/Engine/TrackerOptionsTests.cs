using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

public sealed class TrackerOptionsTests
{
    private static readonly NetworkWeights Weights = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1);

    [Test]
    public void For_ANetworkWithoutParameters_IsThePreset()
        => Assert.That(TrackerOptions.For(Weights), Is.EqualTo(TrackerOptions.CfNetConv1));

    [Test]
    public void For_ANetworkWithParameters_IsThem()
    {
        TrackerOptions fitted = TrackerOptions.CfNetConv1 with
        {
            Name = "fitted",
            Context = 0.7,
            FirstTemplateShare = 0.25f,
            SizeLimits = (0.1, 9),
            Conventions = TrackerConventions.SiamFc,
        };
        using var device = new CpuDevice(1);
        using var tracker = new Tracker(With(fitted.ToJson()), device);

        Assert.That(TrackerOptions.For(With(fitted.ToJson())), Is.EqualTo(fitted));
        Assert.That(tracker.Options, Is.EqualTo(fitted));
    }

    [TestCase("{}", "name")]
    [TestCase("null", "null")]
    [TestCase("no JSON", "JSON")]
    public void For_ANetworkWithBadParameters_SaysSo(string json, string mention) => Assert.That(
        () => TrackerOptions.For(With(json)),
        Throws.TypeOf<WeightFormatException>().With.Message.Contain("tracking parameters").And.Message.Contain(mention));

    [Test]
    public void For_ANetworkWithAParameterOutOfRange_NamesIt()
    {
        string json = (TrackerOptions.CfNetConv1 with { FirstTemplateShare = 2 }).ToJson();

        Assert.That(
            () => TrackerOptions.For(With(json)), Throws.TypeOf<WeightFormatException>().With.Message.Contain("first template's share"));
    }

    [Test]
    public void FirstTemplateShare_MixesTheResponsesOfBothTemplates()
    {
        float[] first = SecondResponse(rate: 0, share: 0);
        float[] running = SecondResponse(rate: 0.5f, share: 0);

        float[] mixed = SecondResponse(rate: 0.5f, share: 0.3f);

        Assert.That(running, Is.Not.EqualTo(first).Within(1e-4));
        for (int i = 0; i < mixed.Length; i++)
            Assert.That(mixed[i], Is.EqualTo(0.3f * first[i] + 0.7f * running[i]).Within(1e-4f), $"cell {i}");
    }

    // The template changes after the first update, so the second update is the first to show it. All begin at the same place.
    private static float[] SecondResponse(float rate, float share)
    {
        TrackerOptions options = TrackerOptions.CfNetConv1 with { Scales = 1, TemplateRate = rate, FirstTemplateShare = share };
        using var device = new CpuDevice(1);
        using var tracker = new Tracker(Weights, device, options);
        using var video = new SyntheticVideo();
        tracker.Initialize(video.Read(), video.GroundTruth[0]);
        for (int i = 0; i < 10; i++)
            video.Read();
        tracker.Update(video.Read());
        tracker.Update(video.Read());
        float[] response = new float[tracker.ResponseSize * tracker.ResponseSize];
        tracker.ReadResponse(response);
        return response;
    }

    private static NetworkWeights With(string json) => new(
        Weights.Source, Weights.Definition, Weights.Tensors, new Dictionary<string, string> { [TrackerOptions.MetadataKey] = json });
}
