using NUnit.Framework.Internal;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>A device that operations are tested on, opened by the first test that asks for it and shared by all.</summary>
/// <param name="Name">Its name in test ids.</param>
/// <param name="Category">The kind of device, a category of its tests.</param>
/// <param name="Open">Opens it.</param>
internal sealed record TestDevice(string Name, string Category, Func<ComputeDevice> Open) : IDisposable
{
    private readonly Lazy<ComputeDevice> device = new(Open, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>Which cases it is asked to get right.</summary>
    internal IEnumerable<OperationCase> Cases { get; init; } = [];

    /// <summary>Devices that must give the same bits.</summary>
    internal IReadOnlyList<TestDevice> Twins { get; init; } = [];

    /// <summary>Whether its tests are left out of a fast run.</summary>
    internal bool IsSlow { get; init; }

    /// <summary>Whether it takes small cases only.</summary>
    internal bool IsSandbox => Category == "Sandbox";

    /// <summary>Whether its driver is another test device's, who frees it.</summary>
    internal bool SharesDriver { get; init; }

    internal ComputeDevice Device => device.Value;

    public void Dispose()
    {
        if (device.IsValueCreated && !SharesDriver)
            device.Value.Dispose();
        foreach (TestDevice twin in Twins)
            twin.Dispose();
    }

    /// <summary>The categories of its tests.</summary>
    internal IEnumerable<string> Categories => IsSlow ? [Category, "Slow"] : [Category];

    public override string ToString() => Name;
}

/// <summary>
/// The CPU device by several numbers of threads; this machine's OpenCL device, if it has one, as itself and by the kernels that a GPU
/// would run; and the sandbox, where an index out of bounds, a missing barrier or a read of what nobody wrote is an error: as a GPU
/// with few multiprocessors, as one with many (whose sums are split into parts and whose tiles differ), as a processor, and with tensor
/// cores, whose mma.sync it computes warp by warp.
/// </summary>
internal static class TestDevices
{
    internal static readonly TestDevice Cpu = OnThreads("CPU", ConvolutionAlgorithm.Automatic) with
    {
        Cases = OperationCases.All.Where(c => c is not ConvolutionCase),
    };

    internal static readonly TestDevice OpenCl = new("OpenCL", nameof(OpenCl), () => new GpuDevice(OpenClHere.Open()))
    {
        Cases = OperationCases.All,
    };

    /// <summary>Each kind of device, for tests that are not cases.</summary>
    internal static readonly TestDevice[] Main =
    [
        Cpu, .. OpenClOnly(OpenCl),
        Sandbox("sandbox small GPU", computeUnits: 4),
        Sandbox("sandbox large GPU", computeUnits: 132) with { IsSlow = true },
        Sandbox("sandbox processor", computeUnits: 2, isProcessor: true) with { IsSlow = true },
    ];

    /// <summary>All devices. Those that are not among <see cref="Main"/> differ in their convolutions alone.</summary>
    internal static readonly TestDevice[] All =
    [
        .. Main,
        // The other algorithm, Winograd's, has a test of its own with its own bound.
        OnThreads("CPU direct", ConvolutionAlgorithm.Direct) with { Cases = ConvolutionCases.Odd },
        OnThreads("CPU direct", ConvolutionAlgorithm.Direct) with { Cases = ConvolutionCases.Paper, IsSlow = true },
        .. OpenClOnly(
            LikeGpu("small", computeUnits: 1),
            LikeGpu(
                "large", computeUnits: 132,
                [.. PaperNetworks.Convolutions("siamfc", 1, 255), .. PaperNetworks.Convolutions("cfnet-conv2", 1, 255)])),
        new("sandbox tensor cores", nameof(Sandbox), () =>
            new GpuDevice(new SandboxDriver(SandboxKernels.Find, hasTensorCores: true, computeUnits: 4), ConvolutionMath.Tf32))
        {
            Cases =
            [
                .. ConvolutionCases.Odd.Where(c => c.Flops < 60_000),
                new ConvolutionBackwardCase(new(1, 17, 5, 6, 32, 2, 1, 1, Relu: false)),
            ],
        },
    ];

    /// <summary><see cref="Main"/> as the arguments of a test.</summary>
    internal static IEnumerable<TestCaseData> Each => Main.Select(device => device.With());

    /// <summary><see cref="Main"/> as the arguments of a fixture.</summary>
    internal static IEnumerable<TestFixtureData> Fixtures => Main.Select(device =>
    {
        TestFixtureData data = new TestFixtureData(device).SetArgDisplayNames(device.Name);
        foreach (string category in device.Categories)
            data.Properties.Add(PropertyNames.Category, category);
        return data;
    });

    /// <summary>The arguments of a test on a device.</summary>
    internal static TestCaseData With(this TestDevice device, params object[] arguments) =>
        device.Categories.Aggregate(new TestCaseData([device, .. arguments]), static (data, category) => data.SetCategory(category));

    private static TestDevice[] OpenClOnly(params TestDevice[] devices) => OpenClHere.IsTested ? devices : [];

    private static TestDevice OnThreads(string name, ConvolutionAlgorithm convolution)
    {
        TestDevice[] devices = [.. ((int[])[1, 2, 3]).Select(threads => new TestDevice(
            name, "Conformance", () => new CpuDevice(new CpuDeviceOptions { Threads = threads, Convolution = convolution })))];
        return devices[0] with { Twins = devices[1..] };
    }

    /// <summary>
    /// The kernels that an OpenCL GPU would run: large tiles for a few multiprocessors, small ones and parts of sums for many.
    /// </summary>
    private static TestDevice LikeGpu(string size, int computeUnits, params OperationCase[] more) => new(
        $"OpenCL as a {size} GPU", nameof(OpenCl),
        () => new GpuDevice(((GpuDevice)OpenCl.Device).Driver) { LikeProcessor = false, ComputeUnits = computeUnits })
    {
        Cases = [.. ConvolutionCases.Odd, .. ConvolutionBackwardCases.Odd, .. more],
        SharesDriver = true,
    };

    private static TestDevice Sandbox(string name, int computeUnits, bool isProcessor = false) => new(name, nameof(Sandbox), () =>
        new GpuDevice(new SandboxDriver(SandboxKernels.Find, isProcessor, computeUnits: computeUnits)))
    {
        Cases = OperationCases.All.Where(c => c.IsSmall),
    };
}
