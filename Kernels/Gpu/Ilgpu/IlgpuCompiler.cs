using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// Kernels to PTX or OpenCL C; no device is needed. O2, because O1 gives generic loads and, in OpenCL C, a type qualifier that not
/// every compiler has. Kernels are compiled one after the other in one context, which keeps the methods that they share, until one
/// fails: a failure spoils all later compilations of its context, so the next kernel gets a new one.
/// </summary>
internal sealed partial class IlgpuCompiler : IDisposable
{
    private readonly Lock gate = new();
    private readonly Func<Context, Backend> newBackend;
    private Context? context;
    private Backend? backend;

    private IlgpuCompiler(Func<Context, Backend> newBackend) => this.newBackend = newBackend;

    /// <summary>A compiler to PTX, for one architecture and in one version of the language.</summary>
    internal static IlgpuCompiler ToPtx(CudaArchitecture architecture, CudaInstructionSet set) =>
        new(context => new PTXBackend(context, new CudaCapabilityContext(architecture), architecture, set, null));

    /// <summary>A compiler to OpenCL C for any vendor's driver: no shuffles, no doubles, no halves, no atomics.</summary>
    internal static IlgpuCompiler ToOpenCl() => new(context => new CLBackend(
        context,
        new CLCapabilityContext(float16: false, float64: false, genericAddressSpace: true, int64_Atomics: false, subGroups: false),
        CLDeviceVendor.Other, CLCVersion.CL20));

    /// <summary>Compiles a kernel. Any thread may call it.</summary>
    /// <exception cref="DeviceException">ILGPU cannot compile it.</exception>
    internal CompiledKernel Compile(KernelSource kernel)
    {
        lock (gate)
        {
            context ??= Context.Create(builder => builder.Optimize(OptimizationLevel.O2).EnableAlgorithms());
            backend ??= newBackend(context);
            try
            {
                return backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method.Method), KernelSpecialization.Empty);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Dispose();
                throw new DeviceException($"ILGPU cannot compile kernel {kernel.Name}: {e.InnerException?.Message ?? e.Message}");
            }
        }
    }

    /// <summary>Forgets what it compiled.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            backend?.Dispose();
            context?.Dispose();
            (backend, context) = (null, null);
        }
    }

    /// <summary>
    /// The same code with its numbered names counted from 0 in the order in which they appear. ILGPU numbers types, labels and
    /// parameters by a counter of the process, so the order of compilations would decide on the text, and the drivers, which keep
    /// what they built by its text, would build anew.
    /// </summary>
    internal static string Renumber(string code)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return NumberedName().Replace(code, name =>
        {
            string number = name.Groups[2].Value;
            if (!numbers.TryGetValue(number, out int place))
                numbers.Add(number, place = numbers.Count);
            return $"{name.Groups[1].Value}{place}";
        });
    }

    /// <summary>What a compiled kernel is called and takes, to load it with a text that was changed; internal to ILGPU.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EntryPoint")]
    internal static extern EntryPoint EntryPointOf(CompiledKernel kernel);

    // type_123 of OpenCL C; L_123 and _parameter_123 of PTX.
#pragma warning disable MA0009 // It reads nothing but ILGPU's output.
    [GeneratedRegex(@"\b(type_|L_|_\w+_)([0-9]+)")]
#pragma warning restore MA0009
    private static partial Regex NumberedName();
}
