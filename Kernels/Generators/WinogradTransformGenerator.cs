using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace SiamIlgpu.Kernels.Generators;

/// <summary>Writes the transforms of each partial struct that carries [WinogradTransform(outputs, taps)].</summary>
/// <remarks>Why write them by machine: a transform is some dozens of sums that share terms, four times over for the vector widths.</remarks>
[Generator]
public sealed class WinogradTransformGenerator : IIncrementalGenerator
{
    private const string AttributeName = "SiamIlgpu.Kernels.Cpu.WinogradTransformAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<WinogradTransform> transforms = context.SyntaxProvider.ForAttributeWithMetadataName(
            AttributeName, static (node, _) => node is StructDeclarationSyntax, static (found, _) => TransformOf(found));
        context.RegisterSourceOutput(transforms, static (output, transform) =>
            output.AddSource($"{transform.StructName}.g.cs", SourceText.From(transform.Emit(), Encoding.UTF8)));
    }

    private static WinogradTransform TransformOf(GeneratorAttributeSyntaxContext found) => new(
        found.TargetSymbol.ContainingNamespace.ToDisplayString(),
        found.TargetSymbol.Name,
        Outputs: (int)found.Attributes[0].ConstructorArguments[0].Value!,
        Taps: (int)found.Attributes[0].ConstructorArguments[1].Value!);
}
