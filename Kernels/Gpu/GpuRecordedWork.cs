namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// Work that is run normally the first time, because drivers load kernels at their first launch and cannot load them while they record.
/// The second time it is recorded, and from then on replayed, if the driver is able to.
/// </summary>
internal sealed class GpuRecordedWork(GpuDriver driver, Action enqueue) : RecordedWork(enqueue)
{
    private readonly Action enqueue = enqueue;
    private GpuRecording? recording;
    private int runs;

    public override void Replay()
    {
        if (runs++ == 1)
            recording = driver.Record(enqueue);
        if (recording is null)
            enqueue();
        else
            recording.Replay();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            recording?.Dispose();
        recording = null;
        runs = int.MinValue;
    }
}
