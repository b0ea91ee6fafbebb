using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using ILGPU;
using SiamIlgpu.Kernels.Gpu.Source;

namespace SiamIlgpu.KernelCompiler;

/// <summary>The files of Kernels/Gpu/Compiled: one for each target, all kernels in it, and a manifest.</summary>
internal static class KernelFiles
{
    private const string Portable = "kernels.ptx", TensorCores = "kernels.sm_80.ptx", OpenClC = "kernels.cl";

    internal static void Write(string sources, string to)
    {
        var files = new SortedDictionary<string, StringBuilder>(StringComparer.Ordinal);
        var entries = new List<(KernelSource Kernel, List<(string File, string EntryPoint)> EntryPoints)>();
        foreach (KernelSource kernel in KernelSources.All)
        {
            var entryPoints = new List<(string, string)>();
            if (kernel.Use != KernelUse.Processor)
                Add(kernel.Use == KernelUse.TensorCores ? TensorCores : Portable, IlgpuCompiler.ToPtx(kernel));
            if (kernel.Use != KernelUse.TensorCores)
                Add(OpenClC, IlgpuCompiler.ToOpenCl(kernel));
            entries.Add((kernel, entryPoints));
            Console.WriteLine($"{kernel.Name}: {string.Join(", ", entryPoints.Select(e => e.Item1))}");

            void Add(string file, (string Code, string EntryPoint) compiled)
            {
                if (!files.TryGetValue(file, out StringBuilder? text))
                    files[file] = text = new StringBuilder("// Made by Tools/KernelCompiler; do not edit.\n");
                text.Append("// kernel ").Append(kernel.Name).Append('\n').Append(Tidy(compiled.Code));
                entryPoints.Add((file, compiled.EntryPoint));
            }
        }

        Directory.CreateDirectory(to);
        foreach ((string file, StringBuilder text) in files)
            File.WriteAllText(Path.Combine(to, file), text.ToString());
        File.WriteAllText(Path.Combine(to, "manifest.json"), Manifest(SourceHash.Of(sources), entries) + "\n");
    }

    /// <summary>Without the empty lines and empty statements, which ILGPU writes by the thousand.</summary>
    private static string Tidy(string code)
    {
        var tidy = new StringBuilder();
        foreach (string line in code.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()))
        {
            if (line.Trim() is not ("" or ";"))
                tidy.Append(line).Append('\n');
        }
        return tidy.ToString();
    }

    private static string Manifest(string hash, List<(KernelSource Kernel, List<(string File, string EntryPoint)> EntryPoints)> entries)
    {
        var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("compiler", $"ILGPU {typeof(Context).Assembly.GetName().Version!.ToString(3)}");
            json.WriteString("sourceSha256", hash);
            json.WriteStartObject("kernels");
            foreach ((KernelSource kernel, List<(string File, string EntryPoint)> entryPoints) in entries)
            {
                Type[] parameters = [.. kernel.Method.Method.GetParameters().Select(p => p.ParameterType)];
                json.WriteStartObject(kernel.Name);
                json.WriteNumber("groupSize", kernel.GroupSize);
                json.WriteStartArray("elementBytes");
                foreach (Type view in parameters.SkipLast(1))
                    json.WriteNumberValue(SizeOf(view.GetGenericArguments()[0]));
                json.WriteEndArray();
                json.WriteNumber("argumentBytes", SizeOf(parameters[^1]));
                json.WriteStartObject("entryPoints");
                foreach ((string file, string entryPoint) in entryPoints)
                    json.WriteString(file, entryPoint);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
