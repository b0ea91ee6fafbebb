using System.Text.Json;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Weights;

public sealed class NetworkDefinitionTests
{
    // Section 3 and table 1 of the papers: features of the exemplar and the search, stride.
    [TestCase("SiamFC", 6, 22, 8)]
    [TestCase("Baseline-conv5", 17, 49, 4)]
    [TestCase("CFNet-conv1", 62, 62, 4)]
    [TestCase("CFNet-conv2", 57, 57, 4)]
    [TestCase("CFNet-conv3", 53, 53, 4)]
    [TestCase("CFNet-conv5", 49, 49, 4)]
    public void Known_Network_HasThePapersSizes(string name, int exemplar, int search, int stride)
    {
        NetworkDefinition network = Known(name);
        Assert.That(network.FeatureSize(network.ExemplarSize), Is.EqualTo(exemplar));
        Assert.That(network.FeatureSize(network.SearchSize), Is.EqualTo(search));
        Assert.That(network.Stride, Is.EqualTo(stride));
        Assert.That(network.FindFlaw(), Is.Null);
    }

    [Test]
    public void FromJson_OfToJson_IsEqual()
    {
        foreach (NetworkDefinition network in NetworkDefinition.Known)
        {
            NetworkDefinition again = NetworkDefinition.FromJson(network.ToJson());
            Assert.That(again, Is.EqualTo(network));
            Assert.That(again.GetHashCode(), Is.EqualTo(network.GetHashCode()));
        }
        Assert.That(NetworkDefinition.CfNetConv2, Is.Not.EqualTo(NetworkDefinition.CfNetConv3 with { Name = "CFNet-conv2" }));
    }

    [Test]
    public void FromJson_TypeAfterTheSizes_IsRead()
    {
        string json = NetworkDefinition.CfNetConv2.ToJson().Replace("""{"type":"maxPool","size":3,"stride":2}""", """{"size":3,"stride":2,"type":"maxPool"}""", StringComparison.Ordinal);
        Assert.That(NetworkDefinition.FromJson(json), Is.EqualTo(NetworkDefinition.CfNetConv2));
    }

    [TestCase("\"stride\":2", "\"stride\":0", "has an impossible size or stride")]
    [TestCase("\"stride\":2", "\"stride\":16000", "the strides multiply")]
    [TestCase("\"inChannels\":96", "\"inChannels\":90", "conv2 takes 90 channels, conv1 gives 96")]
    [TestCase("\"groups\":2", "\"groups\":3", "channels into 3 groups")]
    [TestCase("\"groups\":2", "\"groups\":0", "channels into 0 groups")]
    [TestCase("\"lambda\":10", "\"lambda\":0", "lambda is 0")]
    [TestCase("\"margin\":16", "\"margin\":29", "cannot be joined")]
    [TestCase("\"margin\":16", "\"margin\":2000000000", "leaves nothing")]
    [TestCase("\"exemplarSize\":255", "\"exemplarSize\":-255", "leaves nothing")]
    [TestCase("\"exemplarSize\":255", "\"exemplarSize\":2000000000", "too large")]
    [TestCase("\"name\":\"conv2\"", "\"name\":\"conv1\"", "shares its name")]
    [TestCase("\"kind\":\"CorrelationFilter\"", "\"kind\":\"Magic\"", "could not be converted")]
    [TestCase("\"margin\":16", "\"margin\":16,\"margin\":17", "Duplicate")]
    [TestCase("\"type\":\"maxPool\",", "", "a layer does not say its type")]
    [TestCase("\"type\":\"maxPool\"", "\"type\":\"minPool\"", "minPool")]
    [TestCase("\"margin\":16", "\"edge\":16", "edge")]
    public void FromJson_ImpossibleNetwork_SaysWhy(string from, string to, string cause) => Assert.That(
        () => NetworkDefinition.FromJson(NetworkDefinition.CfNetConv2.ToJson().Replace(from, to, StringComparison.Ordinal)),
        Throws.InstanceOf<JsonException>().With.Message.Contains(cause));

    [Test]
    public void Recognize_EveryKnownNetwork_WithAndWithoutBatchNorm([Range(0, 5)] int index, [Values] bool folded)
    {
        NetworkDefinition network = NetworkDefinition.Known[index];
        Dictionary<string, WeightTensor> tensors = SafetensorsTests.Random(network).Tensors
            .Where(tensor => !folded || !tensor.Key.StartsWith("bn", StringComparison.Ordinal)).ToDictionary();
        NetworkDefinition? recognized = NetworkRecognition.Recognize(tensors, out _);
        Assert.That(recognized?.Name, Is.EqualTo(network.Name));
        Assert.That(recognized?.Join, Is.EqualTo(network.Join));
        Assert.That(recognized?.Convolutions.Any(conv => conv.BatchNorm), Is.EqualTo(!folded));
        if (!folded)
            Assert.That(recognized, Is.EqualTo(network));
    }

    [Test]
    public void RequireDefinition_UnknownTensors_SaysWhatIsMissing()
    {
        Dictionary<string, WeightTensor> tensors = SafetensorsTests.Random(NetworkDefinition.CfNetConv2).Tensors.ToDictionary();
        tensors.Remove("conv2.bias");
        var weights = new NetworkWeights("test", definition: null, tensors);
        Assert.That(() => weights.RequireDefinition(), Throws.InstanceOf<WeightFormatException>().With.Message.EqualTo(
            "test: does not describe its network, and its tensors fit no known network: the nearest is CFNet-conv2, but conv2.bias is missing"));
    }

    private static NetworkDefinition Known(string name) => NetworkDefinition.Known.Single(network => network.Name == name);
}
