using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace SiamIlgpu.Tests;

/// <summary>
/// The C# code in the documents compiles as a console program's Program.cs, without warnings. A block is a whole program, unless an
/// HTML comment right before it, from a line "&lt;!-- given" to a line "--&gt;", holds code that comes before it and is not shown.
/// </summary>
internal sealed partial class ReadmeTests
{
    // What ImplicitUsings gives a console program.
    private const string ImplicitUsings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    // An assembly of an older version of .NET is used with a newer one.
    private static readonly string[] NotAbout = ["CS1701", "CS1702"];

    // Everything that this process may load, less the tests' own stand-ins for ILGPU.
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(file => Path.GetFileName(file) != "SiamIlgpu.Tests.dll")
            .Select(file => MetadataReference.CreateFromFile(file)),
    ];

    [TestCase("README.md")]
    [TestCase("docs/guide.md")]
    [TestCase("Engine/README.md")]
    [TestCase("Weights/README.md")]
    [TestCase("Tools/Media/README.md")]
    [TestCase("Tools/Datasets/README.md")]
    [TestCase("Tools/Evaluation/README.md")]
    public void CSharpBlocks_CompileWithoutWarnings(string document)
    {
        Snippet[] snippets = [.. Find(File.ReadLines(Path.Combine(Root(), document)), document)];
        Assert.That(snippets, Is.Not.Empty);
        string[] complaints = [.. snippets.SelectMany(Compile)];
        Assert.That(complaints, Is.Empty, string.Join(Environment.NewLine, complaints));
    }

    [Test]
    public void Compile_BlockThatIsWrong_NamesTheDocumentsLine()
    {
        string[] lines =
        [
            "Text.",
            "<!-- given",
            "using SiamIlgpu.Kernels.Cpu;",
            "using var device = new CpuDevice();",
            "-->",
            "```csharp",
            "using System.Text;",
            "Console.WriteLine(device.Name);",
            "Console.WriteLine(device.Nome);",
            "```",
        ];
        Snippet snippet = Find(lines, "text.md").Single();
        Assert.That(Compile(snippet).Single(), Does.StartWith("text.md(9): ").And.Contain("'Nome'"));
    }

    [Test]
    public void Find_CommentThatIsNotRightBeforeTheBlock_IsNotGiven()
    {
        Snippet snippet = Find(["<!-- given", "int a = 1;", "-->", "", "```csharp", "int b = 2;", "```"], "text.md").Single();
        Assert.That(snippet.Given, Is.Empty);
        Assert.That(snippet.Code, Is.EqualTo(new[] { new Line(6, "int b = 2;") }));
    }

    /// <summary>The blocks of a document, each with what is given before it.</summary>
    private static IEnumerable<Snippet> Find(IEnumerable<string> document, string name)
    {
        List<Line> given = [], code = [];
        List<Line>? open = null;
        int number = 0;
        foreach (string text in document)
        {
            number++;
            if (open is null)
            {
                if (text == "```csharp")
                    open = code;
                else
                    given = [];
                if (text == "<!-- given")
                    open = given;
            }
            else if (text == (open == code ? "```" : "-->"))
            {
                if (open == code)
                {
                    yield return new Snippet(name, given, code);
                    (given, code) = ([], []);
                }
                open = null;
            }
            else
            {
                open.Add(new Line(number, text));
            }
        }
    }

    /// <summary>What the compiler complains of, with the document's lines.</summary>
    private static IEnumerable<string> Compile(Snippet snippet)
    {
        var parsing = new CSharpParseOptions(LanguageVersion.Latest);
        SyntaxTree[] trees =
        [
            CSharpSyntaxTree.ParseText(ImplicitUsings, parsing),
            CSharpSyntaxTree.ParseText(Program(snippet), parsing),
        ];
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        return CSharpCompilation.Create("Snippet", trees, References, options).GetDiagnostics()
            .Where(found => found.Severity >= DiagnosticSeverity.Warning && !NotAbout.Contains(found.Id))
            .Select(found => (Place: found.Location.GetMappedLineSpan(), Text: $"{found.Id}: {found.GetMessage(null)}"))
            .Select(found => $"{found.Place.Path}({found.Place.StartLinePosition.Line + 1}): {found.Text}");
    }

    // Using directives stand first in a file; every line says where in the document it stands.
    private static string Program(Snippet snippet)
    {
        var program = new StringBuilder();
        foreach (Line line in snippet.Given.Concat(snippet.Code).OrderByDescending(line => UsingDirective().IsMatch(line.Text)))
            program.AppendLine($"#line {line.Number} \"{snippet.Document}\"").AppendLine(line.Text);
        return program.ToString();
    }

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(Path.GetDirectoryName(thisFile))!;

    [GeneratedRegex(@"^using [\w.]+;$", RegexOptions.NonBacktracking)]
    private static partial Regex UsingDirective();

    private readonly record struct Line(int Number, string Text);

    private sealed record Snippet(string Document, IReadOnlyList<Line> Given, IReadOnlyList<Line> Code);
}
