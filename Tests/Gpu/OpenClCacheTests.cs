using System.Diagnostics;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Run;
using SiamIlgpu.Tests.Tools;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>Whether the driver finds the kernels that it built for an earlier process: it keeps them by their text.</summary>
internal sealed class OpenClCacheTests
{
    [Test]
    [Needs(Need.OpenCl)]
    public void Track_InASecondProcess_BuildsNoKernelAnew()
    {
        string folder = Directory.CreateTempSubdirectory("siamilgpu-cache-").FullName;
        try
        {
            string frames = Directory.CreateDirectory(Path.Combine(folder, "frames")).FullName;
            using (var video = new SyntheticVideo())
            {
                for (int i = 1; i <= 3; i++)
                    PngEncoder.Write(video.Read()!, Path.Combine(frames, $"{i}.png"));
                string[] first = BuiltAfter(folder, frames, video.GroundTruth[0]), second = BuiltAfter(folder, frames, video.GroundTruth[0]);
                Assert.That(first, Has.Length.GreaterThan(10));
                Assert.That(second, Is.EquivalentTo(first));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // PoCL keeps a program in a folder of its own, two levels down.
    private static string[] BuiltAfter(string folder, string frames, BoundingBox box)
    {
        string cache = Directory.CreateDirectory(Path.Combine(folder, "kernels")).FullName;
        string[] arguments =
        [
            typeof(CommandLineHost).Assembly.Location, "track", "--input", frames, "--device", "opencl", "--boxes", Path.Combine(folder, "boxes.txt"),
            "--init", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{box.X},{box.Y},{box.Width},{box.Height}"),
        ];
        var start = new ProcessStartInfo("dotnet", arguments);
        start.Environment["POCL_CACHE_DIR"] = cache;
        (int code, string said) = ReferenceTool.Run(start);
        Assert.That(code, Is.Zero, said);
        return [.. Directory.GetFiles(cache, "program.bc", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(cache, file))];
    }
}
