using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Plans;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

[TestFixture]
internal sealed class BranchTests
{
    [Test]
    [Needs(Need.SharedData)]
    public void SiamFc_OnTheReferenceImage_CorrelatesWithTheOriginalsActivations()
    {
        NetworkWeights weights = NetworkWeights.Load(SharedData.Require("weights/siamfc/siamfc-color-3s-from-int8.safetensors"));
        Frame image = ImageReader.Read(SharedData.Require("weights/siamfc/reference-activations.jpg"));
        double[] reference = ReferenceActivations(out int height, out int width, out int channels);
        using var device = new CpuDevice();
        using var plan = InferencePlan.Create(device, weights, 1, image.Height, image.Width);
        Assert.That(plan.Output.Shape, Is.EqualTo(new TensorShape(1, channels, height, width)));

        device.Upload(Planar(image), plan.Input);
        plan.Forward();
        var features = new float[plan.Output.Shape.Count];
        device.Download(plan.Output, features);

        double correlation = Correlation(features, reference);
        TestContext.Out.WriteLine($"correlation {correlation:F6}");
        Assert.That(correlation, Is.GreaterThanOrEqualTo(0.9998));
    }

    /// <summary>SYSTEM.md section 2: features of exemplar and search, and the response.</summary>
    [TestCase("siamfc", 6, 22, 256, 17, 8)]
    [TestCase("siamfc-v2", 17, 49, 32, 33, 4)]
    [TestCase("cfnet-conv1", 62, 62, 32, 33, 4)]
    [TestCase("cfnet-conv2", 57, 57, 32, 33, 4)]
    [TestCase("cfnet-conv3", 53, 53, 32, 33, 4)]
    [TestCase("cfnet-conv5", 49, 49, 32, 33, 4)]
    public void Network_HasThePapersShapes(string name, int exemplar, int search, int channels, int response, int stride)
    {
        NetworkDefinition definition = PaperNetworks.Definition(name);
        Assert.That(definition.Stride, Is.EqualTo(stride));
        Assert.That(FeatureShape(definition.ExemplarSize), Is.EqualTo(new TensorShape(1, channels, exemplar, exemplar)));
        Assert.That(FeatureShape(definition.SearchSize), Is.EqualTo(new TensorShape(1, channels, search, search)));

        using var device = new CpuDevice();
        using var network = SiameseNetwork.Create(device, NetworkInitializer.Create(definition, seed: 1), 3);
        Assert.That(network.Responses.Shape, Is.EqualTo(new TensorShape(3, 1, response, response)));

        TensorShape FeatureShape(int size) => BranchShapes.Of(definition, 1, size, size)[^1].Output;
    }

    [Test]
    public void SiamFc_WorkOfOneSearchCrop_IsThePapers()
    {
        double gflop = BranchShapes.Of(NetworkDefinition.SiamFc, 1, 255, 255).Sum(l => l.Flops) / 1e9;

        Assert.That(gflop, Is.EqualTo(5.44).Within(0.01));
    }

    /// <summary>r.z_features [h,w,c], column by column, as [c,h,w].</summary>
    private static double[] ReferenceActivations(out int height, out int width, out int channels)
    {
        var result = (MatStruct)MatFile.Read(SharedData.Require("weights/siamfc/reference-activations.mat"), "r");
        var features = (MatNumeric)result["z_features"]!;
        (height, width, channels) = (features.Dimensions[0], features.Dimensions[1], features.Dimensions[2]);
        var planar = new double[features.Count];
        for (int c = 0; c < channels; c++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    planar[(c * height + y) * width + x] = features[y + height * (x + width * c)];
        return planar;
    }

    private static float[] Planar(Frame image)
    {
        int pixels = image.Width * image.Height;
        var planar = new float[3 * pixels];
        for (int i = 0; i < planar.Length; i++)
            planar[i] = image.Pixels[i % pixels * 3 + i / pixels];
        return planar;
    }

    private static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<double> b)
    {
        double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sa += a[i];
            sb += b[i];
            saa += (double)a[i] * a[i];
            sbb += b[i] * b[i];
            sab += a[i] * b[i];
        }
        int n = a.Length;
        return (n * sab - sa * sb) / Math.Sqrt((n * saa - sa * sa) * (n * sbb - sb * sb));
    }
}
