using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>The correlation filter and its gradients.</summary>
internal sealed class CorrelationFilterTests
{
    /// <summary>
    /// After an update a filter and its gradients are those of the new window and target, to the last bit; what was enqueued before
    /// is of the old ones. Neither plane is like the other, so they serve as each other's update.
    /// </summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Each))]
    public void Update_IsAsPreparedAnew(object on)
    {
        var device = (TestDevice)on;
        AssertUpdates(device.Device, new CorrelationFilterSpec(17, 8, 1, 1));
        if (!device.IsSandbox)
            AssertUpdates(device.Device, new CorrelationFilterSpec(32, 57, 16, 10));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        const string WrongWindow = "correlation filter: window and target of 5x5 take 25 values, got 24 and 25";
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        var spec = new CorrelationFilterSpec(4, 5, 1, 1);
        Assert.That(() => device.Prepare(spec, new float[24], new float[25]),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo(WrongWindow));
        Assert.That(() => device.PrepareBackward(spec, new float[24], new float[25]),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo(WrongWindow));
        using CorrelationFilterBackward operation = device.PrepareBackward(spec, new float[25], new float[25]);
        Assert.That(() => operation.Update(new float[25], new float[24]), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("correlation filter: window and target of 5x5 take 25 values, got 25 and 24"));
        TensorView x = tensors.Output(spec.Features), plane = tensors.Output(operation.Plane, TensorLayout.Planar);
        Assert.That(() => operation.Backward(x, x, x, plane, plane, GradientWrite.Overwrite), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("correlation filter template gradient: expected [1,4,3,3] Blocked16, got [1,4,5,5] Blocked16"));
    }

    private static void AssertUpdates(ComputeDevice device, CorrelationFilterSpec spec)
    {
        float[] window = CorrelationFilterCase.Window(spec), target = CorrelationFilterCase.Target(spec);
        using var tensors = new CaseTensors(device);
        using (CorrelationFilter filter = device.Prepare(spec, window, target))
        using (CorrelationFilterBackward backward = device.PrepareBackward(spec, window, target))
        {
            Run(filter, backward);
            filter.Update(target, window);
            backward.Update(target, window);
            Run(filter, backward);
        }
        foreach ((float[] first, float[] second) in (ValueTuple<float[], float[]>[])[(window, target), (target, window)])
        {
            using CorrelationFilter filter = device.Prepare(spec, first, second);
            using CorrelationFilterBackward backward = device.PrepareBackward(spec, first, second);
            Run(filter, backward);
        }

        float[][] results = [.. tensors.Outputs.Select(output => output.Planar())];
        int each = results.Length / 4;
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < each; i++)
            {
                Assert.That(results[i], Is.EqualTo(results[2 * each + i]), $"output {i}, enqueued before the update");
                Assert.That(results[each + i], Is.EqualTo(results[3 * each + i]), $"output {i}, after the update");
                Assert.That(results[i], Is.Not.EqualTo(results[each + i]), $"output {i}: the update makes a difference");
            }
        }

        // Each run writes into tensors of its own, and nothing waits.
        void Run(CorrelationFilter filter, CorrelationFilterBackward backward)
        {
            new CorrelationFilterCase(spec).Prepare(tensors, filter)();
            new CorrelationFilterBackwardCase(spec).Prepare(tensors, backward)();
        }
    }
}
