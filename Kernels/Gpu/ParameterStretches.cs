namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The segments of an optimizer as its kernel reads them: cut into stretches, one for each group of threads, which two tables on the device
/// describe. See <see cref="SgdStepArguments"/>.
/// </summary>
internal sealed class ParameterStretches : IDisposable
{
    internal ParameterStretches(GpuDevice device, IReadOnlyList<ParameterSegment> segments, float weightDecay)
    {
        var bounds = new List<int>();
        var factors = new List<float>();
        foreach (ParameterSegment piece in ParameterSegment.Cut(segments, SgdStepArguments.Stretch))
        {
            bool isAverage = piece.AverageOf > 0;
            double first = isAverage ? 1 - (double)piece.Rate : piece.Rate;
            double second = isAverage ? (double)piece.Rate / piece.AverageOf : (double)weightDecay * piece.Decay;
            bounds.AddRange([(int)piece.Offset, checked((int)(piece.Offset + piece.Length)), isAverage ? 1 : 0]);
            factors.AddRange([(float)first, (float)second]);
        }
        Count = factors.Count / SgdStepArguments.Factors;
        Bounds = device.Store<int>(bounds.ToArray());
        Factors = device.Store<float>(factors.ToArray());
    }

    internal int Count { get; }

    internal GpuBuffer Bounds { get; }

    internal GpuBuffer Factors { get; }

    public void Dispose()
    {
        Bounds.Dispose();
        Factors.Dispose();
    }
}
