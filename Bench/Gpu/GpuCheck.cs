using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>All cases of all operations on a GPU, as the tests ask them.</summary>
internal sealed class GpuCheck(GpuDevice gpu)
{
    private readonly List<string> failures = [];

    /// <summary>Prints a table, and a line for each failure.</summary>
    /// <returns>Whether all cases pass.</returns>
    internal bool Run()
    {
        Console.WriteLine("| operation | cases | worst error | allowed | in case |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (IGrouping<string, OperationCase> operation in OperationCases.All.GroupBy(c => c.Operation))
            Check(operation.Key, operation, gpu);
        // Two convolutions have other kernels where there are few multiprocessors, and on tensor cores.
        OperationCase[] convolutions = [.. ConvolutionCases.Odd, .. ConvolutionBackwardCases.Odd];
        if (!gpu.LikeProcessor)
            Check("both convolutions, cut for 1 unit", convolutions, new GpuDevice(gpu.Driver) { ComputeUnits = 1 });
        if (gpu.Driver.HasTensorCores)
        {
            Check("Convolution, TF32", ConvolutionCases.All, new GpuDevice(gpu.Driver, ConvolutionMath.Tf32));
            Check("ConvolutionBackward, TF32", ConvolutionBackwardCases.All, new GpuDevice(gpu.Driver, ConvolutionMath.Tf32));
            var small = new GpuDevice(gpu.Driver, ConvolutionMath.Tf32) { ComputeUnits = 1 };
            Check("both convolutions, TF32, cut for 1 unit", convolutions, small);
        }
        Console.WriteLine();
        foreach (string failure in failures)
            Console.WriteLine($"FAILED: {failure}");
        return failures.Count == 0;
    }

    private void Check(string title, IEnumerable<OperationCase> cases, GpuDevice device)
    {
        int count = 0;
        (OperationCase? Case, Deviation? Deviation) worst = default;
        foreach (OperationCase testCase in cases)
        {
            count++;
            try
            {
                CaseResult result = testCase.Check(device);
                failures.AddRange(result.Failures.Select(failure => $"{title}, {testCase.Name}: {failure}"));
                foreach (Deviation deviation in result.Deviations)
                    if (worst.Deviation is null || !(deviation.Share <= worst.Deviation.Share))
                        worst = (testCase, deviation);
            }
            catch (DeviceException e) when (e is not DeviceLostException)
            {
                failures.Add($"{title}, {testCase.Name}: {e.Message}");
            }
        }
        string row = worst.Deviation is { } d ? $"{d.Error:0.0E+0} | {d.Allowed:0E+0} | {d.Name} of {worst.Case!.Name}" : "| |";
        Console.WriteLine($"| {title} | {count} | {row} |");
    }
}
