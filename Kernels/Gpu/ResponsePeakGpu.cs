using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Kernels.Gpu;

internal sealed unsafe class ResponsePeakGpu : ResponsePeak
{
    private readonly GpuDriver driver;
    private readonly GpuKernel upsample, mix, finish;
    private readonly GpuBuffer first, weights, hann, maps, extents, peaks, found;
    private readonly PinnedMemory read;
    private readonly GpuFence done;
    private readonly ResponsePeakArguments arguments;
    private bool searched;

    internal ResponsePeakGpu(GpuDevice device, ResponsePeakSpec spec)
        : base(device, spec)
    {
        driver = device.Driver;
        upsample = device.Load("ResponsePeak.Upsample");
        mix = device.Load("ResponsePeak.Mix");
        finish = device.Load("ResponsePeak.Finish");
        int n = spec.MapSize;
        using var taps = new BicubicTaps();
        taps.Compute(spec.ResponseSize, n);
        first = device.Store(new ReadOnlySpan<int>(taps.First, n));
        weights = device.Store(new ReadOnlySpan<float>(taps.Weights, n * taps.Count));
        hann = device.Store<float>(spec.HannWindow());
        arguments = new ResponsePeakArguments
        {
            Scales = spec.Scales,
            ResponseSize = spec.ResponseSize,
            MapSize = n,
            Taps = taps.Count,
            Groups = checked(n * n).DivideUp(ResponsePeakArguments.Stretch),
            ScalePenalty = spec.ScalePenalty,
            WindowInfluence = spec.WindowInfluence,
        };
        maps = new GpuBuffer(device, checked(spec.Scales * n * n));
        extents = new GpuBuffer(device, spec.Scales * arguments.Groups * 3);
        peaks = new GpuBuffer(device, arguments.Groups * 2);
        found = new GpuBuffer(device, ResponsePeakFound.Length);
        read = driver.AllocatePinned(ResponsePeakFound.Length * sizeof(float));
        done = driver.CreateFence();
    }

    public override PeakResult Read()
    {
        if (!searched)
            throw new InvalidOperationException("response peak: read before the first search");
        done.Set();
        done.Wait();
        var values = new ReadOnlySpan<float>(read.Pointer, ResponsePeakFound.Length);
        (int column, int row) = Math.DivRem((int)values[ResponsePeakFound.Place], Spec.MapSize);
        return new PeakResult(
            (int)values[ResponsePeakFound.Scale], row, column, values[ResponsePeakFound.Response], values[ResponsePeakFound.PeakToSidelobe]);
    }

    protected override void ForwardCore(TensorView responses)
    {
        GpuView small = responses.OnGpu(alignment: 1);
        upsample.Launch(new GridSize(arguments.Groups, Spec.Scales), [small, first.All, weights.All, maps.All, extents.All], arguments);
        mix.Launch(new GridSize(arguments.Groups), [small, maps.All, extents.All, hann.All, peaks.All, found.All], arguments);
        finish.Launch(new GridSize(1), [small, peaks.All, found.All], arguments);
        driver.Download(found.Memory, 0, read.Pointer, read.Length);
        searched = true;
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (IDisposable owned in (IDisposable[])[done, read, first, weights, hann, maps, extents, peaks, found])
            owned.Dispose();
    }
}
