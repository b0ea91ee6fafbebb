namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// Run as it is the first time, because drivers load kernels at their first launch and cannot while they take work down; taken
/// down the second time, and replayed from there on where the driver can.
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
