using BenchmarkDotNet.Attributes;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Bench.Micro;

/// <summary>Every operation at its real size, by one thread and by all.</summary>
[Config(typeof(MicroConfig))]
public class OperationBenchmarks : IDisposable
{
    private CpuDevice? device;
    private PreparedOperation? prepared;

    /// <summary>Names of the operations.</summary>
    public static IEnumerable<string> Operations => MicroOperation.All.Select(o => o.Name);

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
        prepared = MicroOperation.All.Single(o => o.Name == Operation).Prepare(device);
    }

    /// <summary>One pass.</summary>
    [Benchmark]
    public void Forward() => prepared!.Run();

    /// <summary>Frees the operation.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        prepared?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }
}
