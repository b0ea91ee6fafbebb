using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Plans;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Kernels;
using SiamIlgpu.Tests.Reference;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

/// <summary>Whole networks: loss and gradients against the double reference, and that against finite differences.</summary>
internal sealed class TrainingPlanTests
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    private const int Batch = 3;
    private static readonly int[] ThreadCounts = [1, 2, 3];

    private static IEnumerable<TestCaseData> Networks()
    {
        foreach (NetworkDefinition network in (NetworkDefinition[])[SmallNetworks.CfNet, SmallNetworks.SiamFc, SmallNetworks.Baseline])
        {
            yield return Named(network, LossKind.Logistic, 0);
            yield return Named(network, LossKind.Triplet, 0);
            yield return Named(network, LossKind.Triplet, 7);
        }

        static TestCaseData Named(NetworkDefinition network, LossKind loss, int hardNegatives) =>
            new TestCaseData(network, loss, hardNegatives).SetArgDisplayNames(network.Name, $"{loss}", $"{hardNegatives}");
    }

    private static IEnumerable<TestCaseData> NetworksOneSlow() =>
        Networks().Select(data => SmallNetworks.CfNet.Equals(data.Arguments[0]) ? data.SetCategory("Slow") : data);

    [TestCaseSource(nameof(NetworksOneSlow))]
    public void Reference_Gradients_AreThoseOfFiniteDifferences(NetworkDefinition network, LossKind loss, int hardNegatives)
    {
        const double Step = 1e-6;
        var data = new Data(network, loss, hardNegatives);
        Dictionary<string, double[]> at = data.Parameters();
        (_, Dictionary<string, double[]> gradients) = data.Reference.Run(at);
        double scale = gradients.Values.Max(g => g.Max(Math.Abs));
        Assert.That(gradients.Keys, Is.SupersetOf(at.Keys.Where(n => !n.EndsWith("mean", StringComparison.Ordinal) && !n.EndsWith("sigma", StringComparison.Ordinal))));
        foreach ((string name, double[] gradient) in gradients)
        {
            // Each tensor's own size counts, unless it is a bias that the batch norm behind it takes out again.
            double largest = Math.Max(gradient.Max(Math.Abs), 1e-6 * scale);
            foreach (int i in Enumerable.Range(0, 5).Select(k => k * (gradient.Length - 1) / 4).Distinct())
            {
                double value = at[name][i];
                at[name][i] = value + Step;
                double above = data.Reference.Run(at).Loss;
                at[name][i] = value - Step;
                double below = data.Reference.Run(at).Loss;
                at[name][i] = value;
                Assert.That((above - below) / (2 * Step), Is.EqualTo(gradient[i]).Within(1e-6 * largest + 1e-9 * scale), $"{name}[{i}]");
            }
        }
    }

    [TestCaseSource(nameof(Networks))]
    public void ComputeGradients_AreTheReferences_ForAnyThreadCount(NetworkDefinition network, LossKind loss, int hardNegatives)
    {
        var data = new Data(network, loss, hardNegatives);
        (double expectedLoss, Dictionary<string, double[]> expected) = data.Reference.Run(data.Parameters());
        float[]? first = null;
        foreach (int threads in ThreadCounts)
        {
            using var device = new CpuDevice(threads);
            using TrainingPlan plan = data.Plan(device);
            Assert.That(data.Loss(device, plan), Is.EqualTo(expectedLoss).Within(1e-5 * expectedLoss));
            float[] all = device.Download(plan.Arena.Gradients);
            Assert.That(all, Is.EqualTo(first ??= all), "the same bits for any number of threads");
            AssertGradients(device, plan, expected);
        }
    }

    /// <summary>The float loss itself, along the gradient: where a float's rounding is far below the step.</summary>
    [TestCaseSource(nameof(Networks))]
    public void Loss_AlongTheGradient_FallsAsTheGradientSays(NetworkDefinition network, LossKind loss, int hardNegatives)
    {
        var data = new Data(network, loss, hardNegatives);
        using var device = new CpuDevice(threads: 1);
        using TrainingPlan plan = data.Plan(device, data.Options with { WindowRate = 1, TargetRate = 1 });
        data.Loss(device, plan);
        float[] gradient = device.Download(plan.Arena.Gradients);
        float[] at = device.Download(plan.Arena.Parameters);
        // Stored moments are no parameters of the loss; what the gradient arena holds for them are moments.
        foreach (string norm in data.Start.Tensors.Keys.Where(n => n.EndsWith(".mean", StringComparison.Ordinal)))
        {
            TensorView moments = plan.Arena.MomentsGradient(norm[..^".mean".Length]);
            Array.Clear(gradient, (int)moments.Offset, (int)moments.Length);
        }
        double square = gradient.Sum(g => (double)g * g);
        float step = (float)(1e-4 / Math.Sqrt(square));
        double above = LossAt(+step), below = LossAt(-step);
        Assert.That((above - below) / (2 * step), Is.EqualTo(square).Within(1e-3 * square));

        double LossAt(float along)
        {
            device.Upload([.. at.Zip(gradient, (p, g) => p + along * g)], plan.Arena.Parameters);
            // No step at all, but window and target are looked at anew.
            plan.Step(0);
            return data.Loss(device, plan);
        }
    }

    [Test]
    public void Step_AllocatesNothing()
    {
        var data = new Data(SmallNetworks.CfNet, LossKind.Logistic, 0);
        using var device = new CpuDevice(threads: 1);
        using TrainingPlan plan = data.Plan(device);
        using Tensor losses = device.Allocate(new TensorShape(Batch, 1, 1, 1), TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() =>
        {
            plan.ComputeGradients(losses);
            plan.Step(1e-3f);
        });
    }

    [Test]
    public void Weights_WithAnAverage_AreTheRunningMeanOfTheParameters([Values] OptimizerKind optimizer)
    {
        var data = new Data(SmallNetworks.CfNet, LossKind.Logistic, 0);
        using var device = new CpuDevice(threads: 1);
        using var plan = new TrainingPlan(device, data.Start, data.Options with { Optimizer = optimizer, AverageDecay = 0.75f });
        data.Upload(device, plan);
        float[] expected = Filters(plan.Weights(NoMetadata));
        Assert.That(expected, Is.EqualTo(Filters(data.Start)), "it begins at the start");
        for (int step = 0; step < 3; step++)
        {
            data.Loss(device, plan);
            plan.Step(1e-2f);
            float[] parameters = Filters(plan.Arena.Weights(plan.Arena.Parameters, NoMetadata));
            Assert.That(parameters, Is.Not.EqualTo(expected));
            expected = [.. expected.Zip(parameters, (mean, p) => 0.75f * mean + 0.25f * p)];
            Assert.That(Filters(plan.Weights(NoMetadata)), Is.EqualTo(expected).Within(1e-6f));
        }

        static float[] Filters(NetworkWeights weights) => weights.Tensors["conv1.weight"].Values;
    }

    [Test]
    public void Step_LearnsWindowAndTarget_WhenTheyHaveARate()
    {
        var data = new Data(SmallNetworks.CfNet, LossKind.Logistic, 0);
        using var device = new CpuDevice(threads: 1);
        using var learns = new TrainingPlan(device, data.Start, data.Options with { WindowRate = 1, TargetRate = 1 });
        using TrainingPlan keeps = data.Plan(device);
        double[] losses = [Trained(learns), Trained(keeps)];
        Assert.That(Planes(keeps), Is.EqualTo(Planes(data.Start)));
        Assert.That(Planes(learns), Is.Not.EqualTo(Planes(data.Start)));
        // The plan works with what it has learned: a fresh one from its weights has the same loss.
        using var fresh = new TrainingPlan(device, learns.Weights(data.Start.Metadata), data.Options);
        data.Upload(device, fresh);
        Assert.That(data.Loss(device, fresh), Is.EqualTo(losses[0]).Within(1e-6));
        Assert.That(losses[0], Is.Not.EqualTo(losses[1]));

        double Trained(TrainingPlan plan)
        {
            data.Upload(device, plan);
            data.Loss(device, plan);
            plan.Step(0.1f);
            return data.Loss(device, plan);
        }

        static float[] Planes(object from) => from is TrainingPlan plan
            ? Planes(plan.Weights(new Dictionary<string, string>()))
            : [.. ((NetworkWeights)from).Tensors["join.window"].Values, .. ((NetworkWeights)from).Tensors["join.target"].Values];
    }

    [Test]
    public void Plan_OfANetworkWithoutJoin_SaysSo()
    {
        NetworkDefinition chain = SmallNetworks.SiamFc with { Join = new JoinDefinition(JoinKind.None, AdjustKind.None) };
        using var device = new CpuDevice(threads: 1);
        Assert.That(
            () => new TrainingPlan(device, NetworkInitializer.Create(chain, 1), TrainingOptions.SiamFc),
            Throws.InstanceOf<WeightFormatException>().With.Message.Contains("has no join of two branches, so it cannot be trained"));
    }

    private static void AssertGradients(ComputeDevice device, TrainingPlan plan, Dictionary<string, double[]> expected)
    {
        double scale = expected.Values.Max(g => g.Max(Math.Abs));
        foreach ((string name, double[] reference) in expected)
        {
            float[] actual = device.Download(plan.Arena.Gradient(name));
            double largest = Math.Max(reference.Max(Math.Abs), 1e-3 * scale);
            for (int i = 0; i < actual.Length; i++)
                Assert.That(actual[i], Is.EqualTo(reference[i]).Within(1e-3 * largest), $"{name}[{i}]");
        }
    }

    /// <summary>A small network with seeded weights and pairs.</summary>
    private sealed class Data
    {
        private readonly float[] exemplars, searches, labels, weights;

        internal Data(NetworkDefinition network, LossKind loss, int hardNegatives)
        {
            Options = TrainingOptions.For(network) with
            {
                SearchSize = network.SearchSize,
                PositiveRadius = network.Stride,
                NegativeRadius = 1.5 * network.Stride,
                Batch = Batch,
                Loss = loss,
                HardNegatives = hardNegatives,
            };
            NetworkWeights initial = SmallNetworks.Start(network, seed: 5);
            // No gain or offset at its neutral value: mistakes would hide there.
            var tensors = new Dictionary<string, WeightTensor>();
            foreach ((string name, WeightTensor tensor) in initial.Tensors)
            {
                float[] noise = TestValues.Uniform(tensor.Values.Length, seed: name.Sum(c => c));
                bool moves = tensor.Shape.Count == 1 && !name.EndsWith("sigma", StringComparison.Ordinal);
                tensors.Add(name, new WeightTensor(tensor.Shape, [.. tensor.Values.Zip(noise, (v, n) => moves ? v + 0.3f * n : v)]));
            }
            Start = new NetworkWeights(initial.Source, network, tensors);
            exemplars = TestValues.Uniform(Batch * 3L * network.ExemplarSize * network.ExemplarSize, seed: 1);
            searches = TestValues.Uniform(Batch * 3L * network.SearchSize * network.SearchSize, seed: 2);
            int size = ResponseSize(network);
            var maps = new LabelMaps(size, network.Stride, Options);
            // The last pair is a negative one, except for a triplet, which needs a positive.
            PairKind[] kinds = [PairKind.Positive, PairKind.Positive, loss == LossKind.Logistic ? PairKind.EasyNegative : PairKind.Positive];
            labels = [.. kinds.SelectMany(k => maps.Labels(k).ToArray())];
            weights = [.. kinds.SelectMany(k => maps.Weights(k).ToArray())];
            Reference = new NetworkReference(network, Options, Doubles(exemplars), Doubles(searches), Doubles(labels), Doubles(weights));
        }

        internal TrainingOptions Options { get; }

        internal NetworkWeights Start { get; }

        internal NetworkReference Reference { get; }

        internal Dictionary<string, double[]> Parameters() => Start.Tensors.ToDictionary(t => t.Key, t => Doubles(t.Value.Values));

        internal TrainingPlan Plan(ComputeDevice device, TrainingOptions? options = null)
        {
            var plan = new TrainingPlan(device, Start, options ?? Options);
            Upload(device, plan);
            return plan;
        }

        internal void Upload(ComputeDevice device, TrainingPlan plan)
        {
            device.Upload(exemplars, plan.Exemplars);
            device.Upload(searches, plan.Searches);
            device.Upload(labels, plan.Labels);
            device.Upload(weights, plan.LabelWeights);
        }

        internal double Loss(ComputeDevice device, TrainingPlan plan)
        {
            using Tensor losses = device.Allocate(new TensorShape(Batch, 1, 1, 1), TensorLayout.Planar);
            plan.ComputeGradients(losses);
            double loss = device.Download(losses).Average(x => (double)x);
            return loss;
        }

        private static double[] Doubles(float[] values) => [.. values.Select(v => (double)v)];

        private static int ResponseSize(NetworkDefinition network) =>
            network.FeatureSize(network.SearchSize) - (network.FeatureSize(network.ExemplarSize) - 2 * network.Join.Margin) + 1;
    }
}
