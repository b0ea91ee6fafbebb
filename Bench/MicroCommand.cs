using System.CommandLine;
using BenchmarkDotNet.Running;

namespace SiamIlgpu.Bench;

/// <summary><c>micro</c>: BenchmarkDotNet over single operations; its own arguments follow the verb.</summary>
internal static class MicroCommand
{
    internal static Command Create()
    {
        var arguments = new Argument<string[]>("arguments") { Description = "BenchmarkDotNet's arguments, such as --filter *Pool*." };
        var verb = new Command("micro", "BenchmarkDotNet over single operations.") { arguments };
        verb.TreatUnmatchedTokensAsErrors = false;
        verb.SetAction(parsed => BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly)
            .Run([.. parsed.GetValue(arguments) ?? [], .. parsed.UnmatchedTokens]));
        return verb;
    }
}
