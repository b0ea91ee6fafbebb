using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>What ILGPU's compiler can make of a kernel.</summary>
internal enum KernelTarget
{
    /// <summary>PTX for every GPU that CUDA still supports; the driver compiles it to its own code.</summary>
    Ptx,

    /// <summary>PTX for compute capability 8.0 and above: tensor cores.</summary>
    PtxTensorCores,

    /// <summary>OpenCL C.</summary>
    OpenClC,
}

/// <summary>
/// One compiled kernel, out of the embedded files that Tools/KernelCompiler wrote. Each file holds many kernels, each after
/// a line "// kernel NAME"; the manifest tells how they are called.
/// </summary>
/// <param name="Name">Its name, such as "MaxPool".</param>
/// <param name="GroupSize">Threads of a group.</param>
/// <param name="ElementBytes">Of each view that it takes, bytes of an element.</param>
/// <param name="ArgumentBytes">Size of the argument struct after the views.</param>
/// <param name="EntryPoint">Its function in the code.</param>
/// <param name="Code">PTX or OpenCL C.</param>
internal sealed record CompiledKernel(
    string Name, int GroupSize, IReadOnlyList<int> ElementBytes, int ArgumentBytes, string EntryPoint, string Code)
{
    private static readonly Lazy<JsonDocument> Manifest = new(() => JsonDocument.Parse(Read("manifest.json")));
    private static readonly ConcurrentDictionary<string, string> Files = new(StringComparer.Ordinal);

    /// <summary>Finds a kernel.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name for that target.</exception>
    internal static CompiledKernel Find(string name, KernelTarget target)
    {
        JsonElement entry = Manifest.Value.RootElement.GetProperty("kernels").GetProperty(name);
        string file = FileOf(target);
        return new CompiledKernel(
            name,
            entry.GetProperty("groupSize").GetInt32(),
            [.. entry.GetProperty("elementBytes").EnumerateArray().Select(e => e.GetInt32())],
            entry.GetProperty("argumentBytes").GetInt32(),
            entry.GetProperty("entryPoints").GetProperty(file).GetString()!,
            Section(Files.GetOrAdd(file, Read), name));
    }

    /// <summary>The names of all kernels that were compiled for a target.</summary>
    internal static IEnumerable<string> Names(KernelTarget target) =>
        Manifest.Value.RootElement.GetProperty("kernels").EnumerateObject()
            .Where(kernel => kernel.Value.GetProperty("entryPoints").TryGetProperty(FileOf(target), out _))
            .Select(kernel => kernel.Name);

    /// <summary>The SHA-256 of the sources that the embedded files were compiled from, in hexadecimal.</summary>
    internal static string SourceHash => Manifest.Value.RootElement.GetProperty("sourceSha256").GetString()!;

    private static string FileOf(KernelTarget target) => target switch
    {
        KernelTarget.Ptx => "kernels.ptx",
        KernelTarget.PtxTensorCores => "kernels.sm_80.ptx",
        _ => "kernels.cl",
    };

    private static string Section(string file, string name)
    {
        string start = $"// kernel {name}\n";
        int first = file.IndexOf(start, StringComparison.Ordinal);
        if (first < 0)
            throw new KeyNotFoundException($"no compiled kernel '{name}'");
        int next = file.IndexOf("// kernel ", first + start.Length, StringComparison.Ordinal);
        return next < 0 ? file[first..] : file[first..next];
    }

    private static string Read(string file)
    {
        using Stream stream = typeof(CompiledKernel).Assembly.GetManifestResourceStream($"SiamIlgpu.Kernels.Gpu.Compiled.{file}")
            ?? throw new FileNotFoundException($"the compiled kernels ({file}) are not part of this build");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
