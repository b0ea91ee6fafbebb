using System.Runtime.InteropServices;

namespace SiamIlgpu.Bench.Peer;

/// <summary>
/// The C interface of a native ONNX Runtime library, chosen at run time: no package, no wrapper. The interface is a table of
/// function pointers that only ever grows at its end, so the places below hold for every release since 1.5.
/// </summary>
internal sealed unsafe class OnnxRuntime
{
    // The first version of the table that has all the functions below.
    private const uint ApiVersion = 5;
    private const int WarningLevel = 2;

    private readonly void** functions;

    /// <summary>Loads the library. It stays loaded: its threads and exit handlers do not survive being unloaded.</summary>
    /// <param name="path">The file of the library.</param>
    /// <exception cref="PeerException">There is no such file, or it is no ONNX Runtime.</exception>
    internal OnnxRuntime(string path)
    {
        nint getBase = new PeerLibrary("ONNX Runtime", path).Export("OrtGetApiBase");

        // The base is a pair of functions: the table for a version, and the library's own version as text.
        void** apiBase = ((delegate* unmanaged<void**>)getBase)();
        Version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)apiBase[1])())!;
        functions = ((delegate* unmanaged<uint, void**>)apiBase[0])(ApiVersion);
        if (functions is null)
            throw new PeerException($"{path}: ONNX Runtime {Version} is too old: version {ApiVersion} of its interface is needed");

        fixed (byte* name = "bench"u8)
        {
            nint created;
            Check(((delegate* unmanaged<int, byte*, nint*, nint>)this[Function.CreateEnv])(WarningLevel, name, &created));
            Environment = created;
        }
    }

    /// <summary>Places in the table.</summary>
    internal enum Function
    {
        GetErrorMessage = 2,
        CreateEnv = 3,
        CreateSessionFromArray = 8,
        Run = 9,
        CreateSessionOptions = 10,
        SetSessionExecutionMode = 13,
        SetSessionGraphOptimizationLevel = 23,
        SetIntraOpNumThreads = 24,
        CreateTensorWithDataAsOrtValue = 49,
        CreateCpuMemoryInfo = 69,
        ReleaseStatus = 93,
        ReleaseMemoryInfo = 94,
        ReleaseSession = 95,
        ReleaseValue = 96,
        ReleaseSessionOptions = 100,
        AddSessionConfigEntry = 130,
    }

    /// <summary>The library's version, "1.30.0".</summary>
    internal string Version { get; }

    /// <summary>What all sessions of the process share.</summary>
    internal nint Environment { get; }

    internal void* this[Function function] => functions[(int)function];

    /// <summary>Throws what a status says; a status of 0 says that all is well.</summary>
    internal void Check(nint status)
    {
        if (status == 0)
            return;
        string message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)this[Function.GetErrorMessage])(status))!;
        Release(Function.ReleaseStatus, status);
        throw new PeerException($"ONNX Runtime: {message}");
    }

    /// <summary>Frees an object by its own function; 0 is nothing.</summary>
    internal void Release(Function function, nint handle)
    {
        if (handle != 0)
            ((delegate* unmanaged<nint, void>)this[function])(handle);
    }
}
