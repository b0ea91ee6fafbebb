using System.Diagnostics;
using System.Runtime.Intrinsics;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>
/// The vector code of other machines, on this one: all tests of category Conformance once more in child processes whose
/// runtime is told to leave the wider vectors alone. It reads these switches only when it starts.
/// </summary>
[Category("Slow")]
internal sealed class VectorWidthTests
{
    [TestCase(256, "DOTNET_EnableAVX512")]
    [TestCase(128, "DOTNET_EnableAVX2")]
    [TestCase(32, "DOTNET_EnableHWIntrinsic")]
    public void Conformance_WithVectorsOf(int bits, string switchedOff)
    {
        if (ExpectedWidthTests.Expected is not null)
            Assert.Ignore("this is a child process already");
        if (ExpectedWidthTests.Actual <= bits)
            Assert.Ignore($"needs a machine with vectors of more than {bits} bits, this one has {ExpectedWidthTests.Actual}");

        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                "test", typeof(VectorWidthTests).Assembly.Location, "--filter", "TestCategory=Conformance", "--logger", "console;verbosity=normal",
            },
            Environment = { [switchedOff] = "0", [ExpectedWidthTests.Variable] = $"{bits}" },
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();

        Assert.That(child.ExitCode, Is.Zero, output);
        // No test found is no failure to the runner; the width's own test stands for the others.
        Assert.That(output, Does.Contain("Passed " + nameof(ExpectedWidthTests.VectorWidth_IsTheExpectedOne)));
    }
}

/// <summary>Proof that a child process of <see cref="VectorWidthTests"/> runs at the width it was started for.</summary>
[Category("Conformance")]
internal sealed class ExpectedWidthTests
{
    internal const string Variable = "SIAMILGPU_EXPECTED_VECTOR_BITS";

    internal static string? Expected => Environment.GetEnvironmentVariable(Variable);

    internal static int Actual =>
        Registers.Has512Bits ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;

    [Test]
    public void VectorWidth_IsTheExpectedOne() => Assert.That($"{Actual}", Is.EqualTo(Expected ?? $"{Actual}"));
}
