using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using SiamIlgpu.Kernels.Gpu.Source;

namespace SiamIlgpu.KernelCompiler;

/// <summary>
/// ILGPU, offline: no device is needed. O2, because O1 gives generic loads and, in OpenCL C, a type qualifier that not every
/// compiler has; a context for each kernel, because one failure spoils all later compilations of a context.
/// </summary>
internal static class IlgpuCompiler
{
    /// <summary>PTX for all GPUs since 2014 and drivers since CUDA 9, or, for tensor cores, since compute capability 8.0.</summary>
    internal static (string Code, string EntryPoint) ToPtx(KernelSource kernel)
    {
        using Context context = NewContext();
        (CudaArchitecture architecture, CudaInstructionSet set) = kernel.Use == KernelUse.TensorCores
            ? (CudaArchitecture.SM_80, CudaInstructionSet.ISA_70)
            : (CudaArchitecture.SM_50, CudaInstructionSet.ISA_60);
        using var backend = new PTXBackend(context, new CudaCapabilityContext(architecture), architecture, set, null);
        var compiled = (PTXCompiledKernel)backend.Compile(Describe(kernel), KernelSpecialization.Empty);
        return (compiled.PTXAssembly, compiled.Name);
    }

    /// <summary>OpenCL C for any vendor's compiler.</summary>
    internal static (string Code, string EntryPoint) ToOpenCl(KernelSource kernel)
    {
        using Context context = NewContext();
        var capabilities = new CLCapabilityContext(float16: false, float64: false, genericAddressSpace: true, int64_Atomics: false, subGroups: false);
        using var backend = new CLBackend(context, capabilities, CLDeviceVendor.Other, new CLCVersion(2, 0));
        var compiled = (CLCompiledKernel)backend.Compile(Describe(kernel), KernelSpecialization.Empty);
        return (compiled.Source, compiled.Name);
    }

    private static Context NewContext() => Context.Create(builder => builder.Optimize(OptimizationLevel.O2));

    private static EntryPointDescription Describe(KernelSource kernel) =>
        EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method.Method);
}
