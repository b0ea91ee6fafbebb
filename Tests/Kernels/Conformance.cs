using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>What a test asks of an operation: is it right, and does it leave the collector alone?</summary>
internal static class Conformance
{
    internal static void Check(ComputeDevice device, OperationCase testCase) => AssertRight(testCase.Check(device));

    /// <summary>Fails when there are failures, and names them all.</summary>
    internal static void AssertRight(CaseResult result) => Assert.That(result.Failures, Is.Empty);

    /// <summary>Fails when a device gives other bits than another one gave, or allocates managed memory in a warm pass.</summary>
    internal static void AssertSameBits(ComputeDevice device, OperationCase testCase, float[][] expected)
    {
        using var tensors = new CaseTensors(device);
        Action pass = testCase.Prepare(tensors);
        tensors.Run(pass);
        for (int i = 0; i < expected.Length; i++)
            Assert.That(tensors.Outputs[i].Raw().AsSpan().SequenceEqual(expected[i]), Is.True, $"{device.Name}: other bits in output {i}");
        AssertAllocatesNothing(pass);
    }

    /// <summary>Fails when a call allocates managed memory after the first.</summary>
    internal static void AssertAllocatesNothing(Action call)
    {
        call();
        call();
        long bytes = Allocated(call);
        if (bytes > 0)
        {
            // A collection in the background counts what is left of this thread's allocation context: after a whole one there is none.
            GC.Collect();
            bytes = Allocated(call);
        }
        Assert.That(bytes, Is.Zero, "bytes allocated by a warm call");
    }

    private static long Allocated(Action call)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        call();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
