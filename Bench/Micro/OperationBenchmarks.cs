using BenchmarkDotNet.Attributes;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Micro;

/// <summary>Every operation at its real size, by one thread and by all.</summary>
[Config(typeof(MicroConfig))]
public class OperationBenchmarks : IDisposable
{
    private CpuDevice? device;
    private CaseTensors? tensors;
    private Action? pass;

    /// <summary>Names of the operations.</summary>
    public static IEnumerable<string> Operations => OperationCases.Timed.Select(c => c.Name);

    /// <summary>Which operation.</summary>
    [ParamsSource(nameof(Operations))]
    public string Operation { get; set; } = "";

    /// <summary>1, and 0 for all.</summary>
    [Params(1, 0)]
    public int Threads { get; set; }

    /// <summary>Prepares the operation.</summary>
    [GlobalSetup]
    public void Setup()
    {
        device = new CpuDevice(Threads);
        tensors = new CaseTensors(device);
        pass = OperationCases.Timed.Single(c => c.Name == Operation).Prepare(tensors);
    }

    /// <summary>One pass.</summary>
    [Benchmark]
    public void Pass()
    {
        pass!();
        device!.Synchronize();
    }

    /// <summary>Frees the operation.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        tensors?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }
}
