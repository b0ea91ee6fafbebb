using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// CUDA graphs, which ILGPU does not have: the launches on a stream are recorded, to be launched again in one call.
/// <see cref="LibraryNames"/> finds the library.
/// </summary>
internal static partial class CudaGraphs
{
    /// <summary>Other threads may go on calling the driver while this one captures.</summary>
    internal const int ThreadLocal = 1;

    private const string Library = "cuda";

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    internal static partial CudaError BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    internal static partial CudaError EndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    internal static partial CudaError Instantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    internal static partial CudaError Launch(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    internal static partial CudaError DestroyExecutable(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    internal static partial CudaError Destroy(nint graph);
}
