using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace SiamIlgpu.Kernels.Generators;

/// <summary>
/// Writes the micro-kernels of the convolution. For each [ConvolutionTile(bits, pixels, vectors)] on a partial class it adds
/// one method per tile width, 1 to <c>pixels</c>, <c>Run{bits}x{vectors}</c>, which picks among them, and the tile's size as
/// <c>Pixels{bits}x{vectors}</c> and <c>Lanes{bits}x{vectors}</c>.
/// </summary>
/// <remarks>
/// Why write them by machine: the accumulators must be locals, or they do not stay in registers, and a local has a name. A
/// 14 x 2 tile has 28 of them, and every row of the output ends in a tile of another width.
/// </remarks>
[Generator]
public sealed class ConvolutionTileGenerator : IIncrementalGenerator
{
    private const string AttributeName = "SiamIlgpu.Kernels.Cpu.ConvolutionTileAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ConvolutionTile> tiles = context.SyntaxProvider
            .ForAttributeWithMetadataName(AttributeName, static (node, _) => node is ClassDeclarationSyntax, static (found, _) => TilesOf(found))
            .SelectMany(static (tiles, _) => tiles);
        context.RegisterSourceOutput(tiles, static (output, tile) =>
            output.AddSource($"{tile.ClassName}.{tile.Bits}x{tile.Vectors}.g.cs", SourceText.From(tile.Emit(), Encoding.UTF8)));
    }

    private static ImmutableArray<ConvolutionTile> TilesOf(GeneratorAttributeSyntaxContext found) =>
        found.Attributes.Select(attribute => new ConvolutionTile(
            found.TargetSymbol.ContainingNamespace.ToDisplayString(),
            found.TargetSymbol.Name,
            Bits: (int)attribute.ConstructorArguments[0].Value!,
            Pixels: (int)attribute.ConstructorArguments[1].Value!,
            Vectors: (int)attribute.ConstructorArguments[2].Value!)).ToImmutableArray();
}
