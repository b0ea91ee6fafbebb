using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>Whether the check of a case sees what is wrong: an operation that copies its input, with one fault each.</summary>
internal sealed class OperationCaseTests
{
    [TestCase("", null)]
    [TestCase("wrong value", "copy: off by 3.3E-1, allowed are 1.0E-6; worst at (n,c,y,x) = (0, 1, 0, 0) of [1,3,1,1]: expected 2, got 3")]
    [TestCase("NaN", "copy: off by NaN, allowed are 1.0E-6; worst at (n,c,y,x) = (0, 2, 0, 0) of [1,3,1,1]: expected 3, got NaN")]
    [TestCase("dirty lane", "copy: padding lanes that are not zero")]
    [TestCase("writes into its input", "an input was changed")]
    [TestCase("does not accumulate", "copy: a second, accumulating pass did not make 2 times what the first one wrote")]
    public void Check_OfAFault_NamesIt(string fault, string? failure)
    {
        using var device = new CpuDevice(1);
        string[] expected = failure is null ? [] : [failure];
        Assert.That(new Copy(fault).Check(device).Failures, Is.EqualTo(expected));
    }

    private sealed class Copy(string fault) : OperationCase("Copy", fault)
    {
        private static readonly TensorShape Shape = new(1, 3, 1, 1);

        internal override long Bytes => 2 * sizeof(float) * Shape.Count;

        internal override Action Prepare(CaseTensors on)
        {
            TensorView input = on.Input([1, 2, 3], Shape), copy = on.Output(Shape, accumulates: true);
            return () =>
            {
                float[] values = Name switch { "wrong value" => [1, 3, 3], "NaN" => [1, 2, float.NaN], _ => [1, 2, 3] };
                if (on.Write == GradientWrite.Accumulate && Name != "does not accumulate")
                    values = [.. values.Zip(on.Device.Download(copy), (a, b) => a + b)];
                on.Device.Upload(values, copy);
                if (Name == "dirty lane")
                    on.Device.Upload([on.Write == GradientWrite.Overwrite ? 7 : 14], copy.Slice(5, new TensorShape(1, 1, 1, 1), TensorLayout.Planar));
                if (Name == "writes into its input")
                    on.Device.Upload([9, 2, 3], input);
            };
        }

        internal override IReadOnlyList<Expected> Reference() => [new("copy", Shape, 1e-6, [1, 2, 3])];
    }
}
