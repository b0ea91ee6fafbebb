using SiamIlgpu.CameraHost;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;

// A host with frames of its own: a camera fills one buffer of BGRA pixels again and again, and the tracker looks at it in place.
// Only the library is referenced; no image file is read, and no memory is allocated once the video runs.

const int Frames = 100;
using ComputeDevice device = new CpuDevice();
using var tracker = new Tracker(DefaultModel.Load(), device);
var camera = new PretendCamera(width: 640, height: 480);

camera.Capture();
tracker.Initialize(View(), camera.Target);
double overlap = 0;
for (int frame = 2; frame <= Frames; frame++)
{
    camera.Capture();
    TrackResult result = tracker.Update(View());
    overlap += result.Box.IntersectionOverUnion(camera.Target);
    if (frame % 20 == 0)
        Console.WriteLine($"frame {frame}: {result.Box}, confidence {result.Confidence:F2}{(result.Lost ? ", lost" : "")}");
}
overlap /= Frames - 1;
Console.WriteLine($"{device.Name}: mean overlap with the true box {overlap:F3}");
return overlap > 0.5 ? 0 : 1;

// The pixels stay where the camera wrote them: rows may lie further apart than they are wide.
FrameView View() => new(camera.Pixels, camera.Width, camera.Height, PixelFormat.Bgra32, camera.StrideBytes);
