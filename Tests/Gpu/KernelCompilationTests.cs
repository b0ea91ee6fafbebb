extern alias CompiledKernels;
extern alias RealIlgpu;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using RealIlgpu::ILGPU.Backends.OpenCL;
using RealIlgpu::ILGPU.Backends.PTX;
using RealIlgpu::ILGPU.Runtime.Cuda;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.Ilgpu;
using SiamIlgpu.Tests.Tools;
using KernelSources = CompiledKernels::SiamIlgpu.Kernels.Gpu.KernelSources;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>What ILGPU makes of every kernel, for GPUs that need not be here.</summary>
internal sealed partial class KernelCompilationTests
{
    private static readonly ConcurrentDictionary<string, List<(KernelSource Kernel, string Code)>> Compiled = [];

    internal static IEnumerable<TestCaseData> Targets =>
    [
        new("OpenCL"), new TestCaseData("sm_75").SetCategory("Slow"), new("sm_80"), new TestCaseData("sm_90").SetCategory("Slow"),
    ];

    /// <summary>
    /// Accumulators in local memory would make a kernel many times as slow. The operands of mma.sync are written there, and the
    /// driver's compiler turns them into registers.
    /// </summary>
    [TestCaseSource(nameof(Targets))]
    public void Compile_EveryKernel_UsesNoLocalMemory(string target)
    {
        foreach ((KernelSource kernel, string code) in Compile(target))
        {
            if (kernel.Use != KernelUse.TensorCores)
                Assert.That(code, Does.Not.Contain(".local").And.Not.Contain("private"), kernel.Name);
        }
    }

    /// <summary>
    /// ILGPU moves a load that only a block's last branch needs down to it, over barriers. Between two barriers that the sources have
    /// there is an access, so two in a row tell that one was moved, which the sandbox, running the sources, cannot see.
    /// </summary>
    [TestCaseSource(nameof(Targets))]
    public void Compile_EveryKernel_HasAnAccessBetweenBarriers(string target)
    {
        string barrier = target == "OpenCL" ? "work_group_barrier" : "bar.sync";
        int withBarriers = 0;
        foreach ((KernelSource kernel, string code) in Compile(target))
        {
            string[] lines = [.. code.Split('\n', StringSplitOptions.TrimEntries).Where(line => line is not ("" or ";"))];
            bool[] barriers = [.. lines.Select(line => line.StartsWith(barrier, StringComparison.Ordinal))];
            Assert.That(barriers.Zip(barriers.Skip(1)), Has.None.EqualTo((true, true)), kernel.Name);
            withBarriers += barriers.Contains(true) ? 1 : 0;
        }
        Assert.That(withBarriers, Is.GreaterThan(20), "kernels with barriers, by the name that they have there");
    }

    /// <summary>What ILGPU cannot compile it leaves to a function that no driver has.</summary>
    [TestCaseSource(nameof(Targets))]
    [Category("Slow")]
    public void Compile_EveryKernel_CallsNothing(string target)
    {
        foreach ((KernelSource kernel, string code) in Compile(target))
        {
            if (target == "OpenCL")
                Assert.That(Calls().Matches(code).Select(call => call.Groups["name"].Value).Distinct().Except(OfOpenClC).Where(call => !call.StartsWith("Kernel_", StringComparison.Ordinal)), Is.Empty, kernel.Name);
            else
                Assert.That(code, Does.Not.Contain(".extern").And.Not.Contain("call"), kernel.Name);
        }
    }

    /// <summary>
    /// Drivers keep what they built by its text. In a few kernels ILGPU's numbers decide on the order of statements, too; for them the
    /// order of compilation has to be the same, see OpenClCacheTests.
    /// </summary>
    [TestCase("OpenCL")]
    [TestCase("sm_80")]
    [Category("Slow")]
    public void Renumber_KernelsCompiledInAnotherOrder_IsTheSameText(string target)
    {
        Dictionary<string, string> first = Compile(target).ToDictionary(k => k.Kernel.Name, k => k.Code);
        int same = 0;
        List<string> differ = [];
        foreach ((KernelSource kernel, string code) in CompileAll(target, backwards: true))
        {
            if (IlgpuCompiler.Renumber(code) != IlgpuCompiler.Renumber(first[kernel.Name]))
                differ.Add(kernel.Name);
            same += code == first[kernel.Name] ? 1 : 0;
        }
        Assert.That(differ, Has.Count.LessThanOrEqualTo(first.Count / 10), string.Join(", ", differ));
        Assert.That(same, Is.LessThan(first.Count / 2), "ILGPU's own numbers depend on the order");
    }

    [Test]
    public void Renumber_Names_KeepWhatIsNoNumberedName() => Assert.That(
        IlgpuCompiler.Renumber(".target sm_80 Kernel_Forward_7 [_a_935303+8] L_9351940: type_65160_kernel var12 field_3 [_a_935303]"),
        Is.EqualTo(".target sm_80 Kernel_Forward_7 [_a_0+8] L_1: type_2_kernel var12 field_3 [_a_0]"));

    /// <summary>NVIDIA's assembler finds what text does not show: wrong types, wrong instructions, memory for spilled registers.</summary>
    [TestCase("sm_75")]
    [TestCase("sm_80")]
    [TestCase("sm_90")]
    [Category("Slow")]
    [Needs(Need.Ptxas)]
    public void Assemble_EveryKernel_NeedsNoStack(string target)
    {
        string file = Path.GetTempFileName();
        try
        {
            foreach ((KernelSource kernel, string code) in Compile(target))
            {
                File.WriteAllText(file, code);
                (int exit, string said) = ReferenceTool.Run(new ProcessStartInfo("ptxas", ["-arch", target, "-v", file, "-o", "/dev/null"]));
                Assert.That(exit, Is.Zero, $"{kernel.Name}: {said}");
                Assert.That(said, Does.Contain("0 bytes stack frame, 0 bytes spill stores"), kernel.Name);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void Find_UnknownKernel_SaysSo() => Assert.That(() => KernelSources.Find("Abacus"), Throws.TypeOf<KeyNotFoundException>());

    private static readonly string[] OfOpenClC =
    [
        "get_local_id", "get_group_id", "get_num_groups", "work_group_barrier", "as_float", "as_int", "as_uint", "sqrt", "fabs", "min", "max",
        "if", "while", "return", "sizeof", "isnan",
    ];

    private static List<(KernelSource Kernel, string Code)> Compile(string target) =>
        Compiled.GetOrAdd(target, static name => CompileAll(name));

    private static List<(KernelSource Kernel, string Code)> CompileAll(string target, bool backwards = false)
    {
        IEnumerable<KernelSource> kernels = KernelSources.All.Where(kernel => kernel.Use switch
        {
            KernelUse.Processor => target == "OpenCL",
            KernelUse.TensorCores => target is "sm_80" or "sm_90",
            _ => true,
        });
        using IlgpuCompiler compiler = target switch
        {
            "sm_75" => IlgpuCompiler.ToPtx(CudaArchitecture.SM_75, CudaInstructionSet.ISA_70),
            "sm_80" => IlgpuCompiler.ToPtx(CudaArchitecture.SM_80, CudaInstructionSet.ISA_70),
            "sm_90" => IlgpuCompiler.ToPtx(CudaArchitecture.SM_90, CudaInstructionSet.ISA_80),
            _ => IlgpuCompiler.ToOpenCl(),
        };
        return [.. (backwards ? kernels.Reverse() : kernels).Select(kernel => (kernel, compiler.Compile(kernel) switch
        {
            PTXCompiledKernel ptx => ptx.PTXAssembly,
            CLCompiledKernel openCl => openCl.Source,
            var other => throw new DeviceException($"{other}"),
        }))];
    }

    [GeneratedRegex(@"\b(?<name>[A-Za-z_]\w*) ?\(", RegexOptions.NonBacktracking)]
    private static partial Regex Calls();
}
