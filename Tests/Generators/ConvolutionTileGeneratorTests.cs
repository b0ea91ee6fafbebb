using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using SiamIlgpu.Kernels.Generators;

namespace SiamIlgpu.Tests.Generators;

/// <summary>What the generator writes, seen from the compiler. What it computes is ConvolutionTilesTests' business.</summary>
internal sealed class ConvolutionTileGeneratorTests
{
    private const string Source = """
        namespace SiamIlgpu.Kernels.Cpu;

        [System.AttributeUsage(System.AttributeTargets.Class, AllowMultiple = true)]
        internal sealed class ConvolutionTileAttribute(int bits, int pixels, int vectors) : System.Attribute;
        internal readonly struct TileWalk
        {
            internal readonly int Blocks, BlocksOfASum, Rows, Run;
            internal readonly nint BlockStride, RowStride;
        }
        internal interface IPixelStep
        {
            static abstract nint Floats(in TileWalk walk);
            static abstract nint Advance(in TileWalk walk);
            static abstract nint WeightBlock(in TileWalk walk);
            static abstract nint WeightAdvance(int channels);
        }
        internal interface ITileEnd { static abstract bool AddsToOutput { get; } }

        [ConvolutionTile(128, pixels: 3, vectors: 2)]
        [ConvolutionTile(32, pixels: 2, vectors: 4)]
        internal static unsafe partial class Tiles;
        """;

    [Test]
    public void Generator_OnePartialClassWithTwoTiles_AddsOneFileATileThatCompiles()
    {
        CSharpGeneratorDriver.Create(new ConvolutionTileGenerator())
            .RunGeneratorsAndUpdateCompilation(Compile(Source), out Compilation compilation, out _);

        string[] errors = [.. compilation.GetDiagnostics()
            .Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => d.ToString())];
        Assert.That(errors, Is.Empty);
        INamedTypeSymbol tiles = compilation.GetTypeByMetadataName("SiamIlgpu.Kernels.Cpu.Tiles")!;
        string[] methods = [.. tiles.GetMembers().OfType<IMethodSymbol>().Select(m => m.Name).Order(StringComparer.Ordinal)];
        Assert.That(methods, Is.EqualTo((string[])
            ["Run128x2", "Run32x4", "Tile128x2Of1", "Tile128x2Of2", "Tile128x2Of3", "Tile32x4Of1", "Tile32x4Of2"]));
    }

    [Test]
    public void Generator_EditElsewhere_WritesNothingAnew()
    {
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new ConvolutionTileGenerator().AsSourceGenerator()],
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        CSharpCompilation before = Compile(Source);
        driver = driver.RunGenerators(before).RunGenerators(before.AddSyntaxTrees(CSharpSyntaxTree.ParseText("internal class Unrelated;")));

        IncrementalStepRunReason[] reasons = [.. driver.GetRunResult().Results.Single().TrackedOutputSteps.Values
            .SelectMany(steps => steps).SelectMany(step => step.Outputs).Select(output => output.Reason)];
        Assert.That(reasons, Is.Not.Empty.And.All.EqualTo(IncrementalStepRunReason.Cached));
    }

    private static CSharpCompilation Compile(string source) => CSharpCompilation.Create(
        "Tiles",
        [CSharpSyntaxTree.ParseText(source)],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", ignoreCase: false, CultureInfo.InvariantCulture))
            .Select(path => MetadataReference.CreateFromFile(path)),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
}
