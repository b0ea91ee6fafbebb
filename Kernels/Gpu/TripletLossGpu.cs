namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Three launches: for the lists of positives and negatives, for the pairs, and for the sums of the maps.</summary>
internal sealed class TripletLossGpu : TripletLoss
{
    private readonly GpuKernel list, pairs, sumUp;
    private readonly GpuBuffer positives, negatives, isMet, counts, lossesOfPlaces;
    private readonly TripletLossArguments arguments;
    private readonly int places;

    internal TripletLossGpu(GpuDevice device, TripletLossSpec spec)
        : base(device, spec)
    {
        list = device.Load("TripletLoss.List");
        pairs = device.Load("TripletLoss.Pairs");
        sumUp = device.Load("TripletLoss.SumUp");
        places = checked((int)spec.Maps.Count);
        arguments = new TripletLossArguments { Batch = spec.Batch, Places = spec.Size * spec.Size, HardNegatives = spec.HardNegatives };
        positives = new GpuBuffer(device, places);
        negatives = new GpuBuffer(device, places);
        isMet = new GpuBuffer(device, places);
        counts = new GpuBuffer(device, 2 * spec.Batch);
        lossesOfPlaces = new GpuBuffer(device, places);
    }

    protected override void RunCore(TensorView scores, TensorView labels, TensorView losses, TensorView scoreGradient)
    {
        GpuView v = scores.OnGpu(), y = labels.OnGpu();
        list.LaunchOver(places, [v, y, positives.All, negatives.All, isMet.All, counts.All], arguments);
        pairs.LaunchOver(
            places, [v, y, positives.All, negatives.All, isMet.All, counts.All, lossesOfPlaces.All, scoreGradient.OnGpu()], arguments);
        sumUp.Launch(new GridSize(Spec.Batch), [lossesOfPlaces.All, losses.OnGpu()], arguments);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (IDisposable owned in (IDisposable[])[positives, negatives, isMet, counts, lossesOfPlaces])
            owned.Dispose();
    }
}
