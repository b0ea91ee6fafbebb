using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// Finds the drivers' libraries for ILGPU, which asks for "cuda" and "OpenCL": without their development packages machines have
/// libcuda.so.1 and libOpenCL.so.1 alone. The answer is an event's, not a DllImportResolver's, because ILGPU sets one of its own
/// under WSL and an assembly can have but one.
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

    /// <summary>Loads the library that goes by a name; 0 where there is none, or the name is another's.</summary>
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
