using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// Finds the drivers' libraries for ILGPU, which asks for "cuda" and "OpenCL". A machine without the development packages has only
/// libcuda.so.1 and libOpenCL.so.1. This uses an event instead of a DllImportResolver, because an assembly can have only one resolver and
/// ILGPU sets its own under WSL.
/// </summary>
internal static class LibraryNames
{
    private static readonly (string Asked, string[] Files)[] Known = OperatingSystem.IsWindows()
        ? [("cuda", ["nvcuda.dll"]), ("OpenCL", ["OpenCL.dll"])]
        : OperatingSystem.IsMacOS()
            ? [("OpenCL", ["/System/Library/Frameworks/OpenCL.framework/OpenCL"])]
            : [("cuda", ["libcuda.so.1", "libcuda.so"]), ("OpenCL", ["libOpenCL.so.1", "libOpenCL.so"])];

    static LibraryNames()
    {
        Assembly[] callers = [typeof(Context).Assembly, typeof(LibraryNames).Assembly];
        foreach (AssemblyLoadContext context in callers.Select(a => AssemblyLoadContext.GetLoadContext(a)!).Distinct())
            context.ResolvingUnmanagedDll += (_, name) => Find(name);
    }

    /// <summary>Whether this machine has a CUDA driver.</summary>
    internal static bool HasCuda => Find("cuda") != 0;

    /// <summary>Whether this machine has an OpenCL library.</summary>
    internal static bool HasOpenCl => Find("OpenCL") != 0;

    /// <summary>Loads the library that ILGPU asks for by this name; 0 if there is none, or if the name is not one of these.</summary>
    internal static nint Find(string name)
    {
        foreach ((string asked, string[] files) in Known)
        {
            foreach (string file in asked == name ? files : [])
            {
                if (NativeLibrary.TryLoad(file, out nint library))
                    return library;
            }
        }
        return 0;
    }
}
