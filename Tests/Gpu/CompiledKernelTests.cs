using System.Runtime.CompilerServices;
using SiamIlgpu.KernelCompiler;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.Source;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>The embedded kernels are what the sources say.</summary>
internal sealed class CompiledKernelTests
{
    [Test]
    public void Manifest_HasTheSourcesHash() => Assert.That(CompiledKernel.SourceHash, Is.EqualTo(SourceHash.Of(SourceFolder())),
        "kernel sources were changed: compile them with dotnet run -c Release --project Tools/KernelCompiler -p:Ilgpu=true");

    [Test]
    public void Find_EveryKernelOfEveryTarget_HasTheParametersOfItsSource()
    {
        foreach (KernelSource source in KernelSources.All)
        {
            CompiledKernel expected = SandboxDriver.Describe(source.Name, source.Method, source.GroupSize);
            foreach (KernelTarget target in TargetsOf(source.Use))
            {
                CompiledKernel compiled = CompiledKernel.Find(source.Name, target);
                using (Assert.EnterMultipleScope())
                {
                    Assert.That(compiled.GroupSize, Is.EqualTo(expected.GroupSize), source.Name);
                    Assert.That(compiled.ElementBytes, Is.EqualTo(expected.ElementBytes), source.Name);
                    Assert.That(compiled.ArgumentBytes, Is.EqualTo(expected.ArgumentBytes), source.Name);
                    Assert.That(compiled.Code, Does.Contain(compiled.EntryPoint + "("), source.Name);
                    Assert.That(compiled.Code.Split("// kernel "), Has.Length.EqualTo(2), "one kernel's code alone");
                }
            }
        }
    }

    [Test]
    public void Names_AreThoseOfTheSources([Values] KernelTarget target) => Assert.That(
        CompiledKernel.Names(target), Is.EquivalentTo(KernelSources.All.Where(s => TargetsOf(s.Use).Contains(target)).Select(s => s.Name)));

    // The operands of mma.sync are written as local memory, which the driver's compiler turns into registers.
    [Test]
    public void Find_PortablePtx_UsesNoLocalMemory()
    {
        foreach (string name in CompiledKernel.Names(KernelTarget.Ptx))
            Assert.That(CompiledKernel.Find(name, KernelTarget.Ptx).Code, Does.Not.Contain(".local"), name);
    }

    // ILGPU moves a load that only a block's last branch needs down to it, over barriers. Between two barriers that the sources have
    // there is an access, so two in a row tell that one was moved, which the sandbox, running the sources, cannot see.
    [Test]
    public void Find_EveryKernel_HasAnAccessBetweenBarriers([Values] KernelTarget target)
    {
        string barrier = target == KernelTarget.OpenClC ? "work_group_barrier" : "bar.sync";
        foreach (string name in CompiledKernel.Names(target))
        {
            string[] lines = CompiledKernel.Find(name, target).Code
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            bool[] barriers = [.. lines.Select(line => line.StartsWith(barrier, StringComparison.Ordinal))];
            Assert.That(barriers.Zip(barriers.Skip(1)), Has.None.EqualTo((true, true)), name);
        }
    }

    [Test]
    public void Find_UnknownKernel_SaysSo() =>
        Assert.That(() => CompiledKernel.Find("Abacus", KernelTarget.Ptx), Throws.TypeOf<KeyNotFoundException>());

    private static KernelTarget[] TargetsOf(KernelUse use) => use switch
    {
        KernelUse.Processor => [KernelTarget.OpenClC],
        KernelUse.TensorCores => [KernelTarget.PtxTensorCores],
        _ => [KernelTarget.Ptx, KernelTarget.OpenClC],
    };

    private static string SourceFolder([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "Kernels", "Gpu", "Source");
}
