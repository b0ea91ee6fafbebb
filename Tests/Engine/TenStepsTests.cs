using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Plans;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

/// <summary>
/// Ten steps of training, recorded: their losses are the same within 1e-4 on every device and any number of threads, and the same
/// bits, weights included, when a device does them again. The recording is the CPU device's, by the test itself (its message
/// prints all ten); a difference is a finding about the kernels, not a reason to record anew.
/// </summary>
internal sealed class TenStepsTests
{
    private const int Steps = 10;

    private static readonly Recording[] Recordings =
    [
        new(SmallNetworks.CfNet, LossKind.Logistic, [0.771252, 0.802417, 0.790702, 0.767567, 0.762495, 0.752963, 0.730390, 0.726052, 0.721097, 0.712716]),
        new(SmallNetworks.SiamFc, LossKind.Logistic, [0.700039, 0.697408, 0.696231, 0.700835, 0.698712, 0.696552, 0.698322, 0.698694, 0.698561, 0.697965]),
        new(SmallNetworks.Baseline, LossKind.Triplet, [2.452581, 1.907030, 1.366833, 1.965349, 1.700967, 1.455561, 1.158308, 0.963714, 0.758872, 0.804881]),
    ];

    [TestCaseSource(nameof(Recordings))]
    public void CpuDevice_RepeatsTheRecordedLosses(object recording)
    {
        foreach (int threads in (int[])[1, 2, 3])
        {
            using var device = new CpuDevice(threads);
            ((Recording)recording).Check(device);
        }
    }

    [TestCaseSource(nameof(Recordings))]
    [Needs(Need.OpenCl)]
    public void OpenClDevice_RepeatsTheRecordedLosses(object recording)
    {
        using var device = new GpuDevice(OpenClHere.Open());
        ((Recording)recording).Check(device);
    }

    private sealed record Recording(NetworkDefinition Network, LossKind Loss, double[] Losses)
    {
        public override string ToString() => $"{Network.Name}, {Loss}";

        internal void Check(ComputeDevice device)
        {
            (double[] losses, float[] weights) = Train(device);
            (double[] again, float[] weightsAgain) = Train(device);
            Assert.That(again, Is.EqualTo(losses), "the same losses, bit for bit");
            Assert.That(weightsAgain, Is.EqualTo(weights), "the same weights, bit for bit");
            Assert.That(losses, Is.EqualTo(Losses).Within(1e-4), $"losses: {string.Join(", ", losses.Select(l => l.ToString("F6")))}");
        }

        private (double[] Losses, float[] Weights) Train(ComputeDevice device)
        {
            TrainingOptions options = TrainingOptions.For(Network) with
            {
                SearchSize = Network.SearchSize,
                PositiveRadius = Network.Stride,
                Batch = 4,
                Loss = Loss,
                HardNegatives = 5,
            };
            using var plan = new TrainingPlan(device, SmallNetworks.Start(Network, seed: 3), options);
            var labels = new LabelMaps(plan.ResponseSize, Network.Stride, options);
            using Tensor mapLosses = device.Allocate(new TensorShape(options.Batch, 1, 1, 1), TensorLayout.Planar);
            var losses = new double[Steps];
            for (int step = 0; step < Steps; step++)
            {
                Upload(device, plan, step, labels);
                plan.ComputeGradients(mapLosses);
                plan.Step(1e-2f);
                losses[step] = device.Download(mapLosses).Average(x => (double)x);
            }
            return (losses, device.Download(plan.Arena.Parameters));
        }

        private void Upload(ComputeDevice device, TrainingPlan plan, int step, LabelMaps labels)
        {
            var pairs = new BlobPairs(Network.ExemplarSize, Network.SearchSize, count: 4);
            int exemplar = 3 * Network.ExemplarSize * Network.ExemplarSize, search = 3 * Network.SearchSize * Network.SearchSize;
            var exemplars = new float[4 * exemplar];
            var searches = new float[4 * search];
            for (int n = 0; n < 4; n++)
                pairs.Read(step, n, exemplars.AsSpan(n * exemplar, exemplar), searches.AsSpan(n * search, search));
            device.UploadInterleaved(exemplars, plan.Exemplars);
            device.UploadInterleaved(searches, plan.Searches);
            device.Upload([.. Enumerable.Range(0, 4).SelectMany(_ => labels.Labels(PairKind.Positive).ToArray())], plan.Labels);
            device.Upload([.. Enumerable.Range(0, 4).SelectMany(_ => labels.Weights(PairKind.Positive).ToArray())], plan.LabelWeights);
        }
    }
}
