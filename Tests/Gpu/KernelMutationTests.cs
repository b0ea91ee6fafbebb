using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using ILGPU;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tests.Kernels;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>A fault to be put into a kernel's source: what stands there once at least, and what comes in its place.</summary>
internal sealed record KernelMutation(string Name, string File, string Before, string After, string Caught)
{
    public override string ToString() => $"{File}: {Name}";
}

/// <summary>
/// Whether the sandbox guards the kernels: their sources with one barrier less, or one index wrong, compiled anew, must be caught
/// breaking a rule in a small case. Sources as they are pass.
/// </summary>
[Category("Slow")]
internal sealed class KernelMutationTests
{
    private const string Barrier = "Group.Barrier();";

    // One barrier is not needed: in the last halving thread t < 8 adds into share t * Threads, which it alone reads behind it.
    private static readonly (string File, string NextLine) RedundantBefore =
        (nameof(CrossCorrelationKernels), "if (t < Columns && firstColumn + t >= wanted && firstColumn + t < a.ResponseSize)");

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Preview);
    private static readonly string[] Shared = ["Exponentials", "KernelSource", "KernelSources", "Reductions", "Registers", "../Block"];
    private static readonly Dictionary<string, SourceText> Sources = Directory.GetFiles(Folder(), "*Kernels.cs")
        .Concat(Shared.Select(name => Path.Combine(Folder(), name + ".cs"))).ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => SourceText.From(File.ReadAllText(file)));
    private static readonly Dictionary<string, SyntaxTree> Trees = Sources.ToDictionary(s => s.Key, s => Parse(s.Value));
    private static readonly SyntaxTree Usings = CSharpSyntaxTree.ParseText(
        "global using System; global using System.Collections.Generic; global using System.Linq;", Language);

    private static readonly CSharpCompilation Unchanged = CSharpCompilation.Create(
        "Kernels", [.. Trees.Values, Usings], References(),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));

    /// <summary>Every barrier of every kernel: file and line.</summary>
    internal static IEnumerable<object[]> Barriers =>
        from source in Sources.OrderBy(s => s.Key, StringComparer.Ordinal)
        from line in source.Value.Lines
        where line.ToString().Trim() == Barrier
        select (object[])[source.Key, line.LineNumber + 1];

    internal static IEnumerable<KernelMutation> Mutations =>
    [
        new("a thread too many", nameof(MaxPoolKernels), "quad >= a.Quads", "quad > a.Quads", "index"),
        new("a window too large", nameof(MaxPoolKernels), "u < a.Size", "u <= a.Size", "index"),
        new("no guard", nameof(BlendKernels), "if (quad >= a.Quads)", "if (false)", "index"),
        new("columns past the last search", nameof(CrossCorrelationKernels), "Math.Min(at + 28, last)", "(at + 28)", "index"),
        new("columns that two groups have", nameof(CrossCorrelationKernels), " && firstColumn + t >= wanted", "", "another group wrote it"),
        new("a quad too many", nameof(CrossCorrelationKernels), "quad < a.TemplateQuads", "quad <= a.TemplateQuads", "index"),
        new("a response past the row's end", nameof(CrossCorrelationKernels), " && firstColumn + t < a.ResponseSize", "", "race|index"),
        new("a processor's response past the row's end", nameof(CrossCorrelationKernels), "if (column < a.ResponseSize)",
            "if (column <= a.ResponseSize)", "another group wrote it|race|index"),
        new("two threads add into one share", nameof(CrossCorrelationKernels), "i += Threads)", "i += Threads / 2)", "race"),
        new("threads that leave early", nameof(CrossCorrelationKernels), "Float8 sums = default;",
            "Float8 sums = default; if (t > a.TemplateQuads) return;", "divergent barrier"),
        new("a response too many", nameof(CrossCorrelationBackwardKernels), "i < responses", "i <= responses", "index"),
        new("a search too many", nameof(CrossCorrelationBackwardKernels), "n < a.Batch", "n <= a.Batch", "index"),
        new("a thread too many adds", nameof(CrossCorrelationBackwardKernels), "if (t < half)", "if (t <= half)", "race|index"),
        new("sums left apart", nameof(CrossCorrelationBackwardKernels), "if (t < 4)", "if (t < 5)", "race|index"),
        new("channels past the row's end", nameof(CrossCorrelationBackwardKernels),
            "if (quad >= a.SearchSize * 4)", "if (quad > a.SearchSize * 4)", "race|index|another group wrote it"),
        new("a row past the template", nameof(CrossCorrelationBackwardKernels),
            "Math.Min(y, a.TemplateSize - 1)", "Math.Min(y, a.TemplateSize)", "index"),
        new("a column before the responses", nameof(CrossCorrelationBackwardKernels),
            "Math.Min(x, a.TemplateSize - 1)", "a.TemplateSize - 1", "index"),
        new("pixels past the last one's window", nameof(ConvolutionKernels), "Math.Min(pixel, a.Pixels - 1)", "pixel", "index"),
        new("a step too many", nameof(ConvolutionKernels), "step + 1 < end", "step + 1 <= end", "index"),
        new("pixels stored past the end", nameof(ConvolutionKernels), "if (pixel >= a.Pixels)", "if (false)", "race|index"),
        new("channels stored past the group", nameof(ConvolutionKernels), "if (channel < a.GroupLanes)", "if (true)", "race|index"),
        new("windows of one stripe", nameof(ConvolutionKernels),
            "i < TTile.Pixels; i += threads", "i < TTile.Pixels / 2; i += threads", "uninitialized"),
        new("a filter row too short", nameof(ConvolutionKernels),
            "Depth * TTile.Channels / 4)", "(Depth - 1) * TTile.Channels / 4)", "index"),
        new("a part too many", nameof(ConvolutionKernels), "part < a.Parts", "part <= a.Parts", "index"),
        new("a quad too many", nameof(ConvolutionKernels), "if (quad >= a.Quads)", "if (quad > a.Quads)", "index"),
        new("an odd quad", nameof(ConvolutionKernels),
            "Place(a, group, channel, pixel) / 4", "Place(a, group, channel, pixel) / 3", "race|index"),
        new("a value too many", nameof(ConvolutionFilterKernels), "i >= a.Order.Values", "i > a.Order.Values", "index"),
        new("a bias too many", nameof(ConvolutionFilterKernels), "i < a.Biases", "i <= a.Biases", "index"),
        new("groups that lie upon each other", nameof(ConvolutionFilterKernels),
            "(formGroup * (order.Products - 1) + product)", "product", "race|another group wrote it"),
        new("no last place", nameof(ConvolutionFilterKernels), " + order.FirstPlace", "", "index"),
        new("a quad too many", nameof(ConvolutionBackwardKernels), "quad >= a.Quads", "quad > a.Quads", "race|index"),
        new("values past the last", nameof(ConvolutionBackwardKernels), "i >= a.Order.Values", "i > a.Order.Values", "race|index"),
        new("a bias too many", nameof(ConvolutionBackwardKernels), "i >= a.Order.Columns", "i > a.Order.Columns", "index"),
        new("a part too many", nameof(ConvolutionBackwardKernels), "part < a.Parts", "part <= a.Parts", "index"),
        new("a part of the bias too many", nameof(ConvolutionBackwardKernels), "part < a.BiasParts", "part <= a.BiasParts", "index"),
        new("runs past the last", nameof(ConvolutionBackwardKernels),
            "Math.Min(firstProduct / Depth + quad / 4, a.Convolution.Steps - 1)", "(firstProduct / Depth + quad / 4)", "index"),
        new("gradients of pixels past the end", nameof(ConvolutionBackwardKernels), "pixel < a.Pixels ?", "true ?", "index"),
        new("gradients of blocks past the end", nameof(ConvolutionBackwardKernels),
            " && firstChannel + 4 * quad < a.Convolution.GroupLanes", "", "index"),
        new("products stored past the end", nameof(ConvolutionBackwardKernels), "if (product >= products)", "if (false)", "race|index"),
        new("channels stored past the group", nameof(ConvolutionBackwardKernels), "if (channel < a.GroupLanes)", "if (true)", "race|index"),
        new("half of the gradients", nameof(ConvolutionBackwardKernels), "i < Depth * channelQuads", "i < Depth * channelQuads / 2", "uninitialized"),
        new("half of the pixels", nameof(ConvolutionBackwardKernels), "if (t < Depth)", "if (t < Depth / 2)", "uninitialized"),
        new("pixels of the bias past the end", nameof(ConvolutionBackwardKernels),
            "Math.Min(first + BiasGradientArguments.PixelsPerPart, a.Pixels)", "first + BiasGradientArguments.PixelsPerPart", "index"),
        new("all threads write the bias", nameof(ConvolutionBackwardKernels), "if (t < 4)", "if (t < 5)", "race|index"),
        new("a thread too many", nameof(ReluBackwardKernels), "quad >= a.Quads", "quad > a.Quads", "index"),
        new("no padding between rows", nameof(TensorCoreConvolutionKernels),
            "Depth * (TTile.Pixels + Pad)", "Depth * TTile.Pixels", "index"),
        new("pixels stored past the end", nameof(TensorCoreConvolutionKernels), "if (pixel >= a.Pixels)", "if (false)", "race|index"),
        new("channels stored past the group", nameof(TensorCoreConvolutionKernels),
            "if (channel >= a.GroupLanes)", "if (false)", "race|index"),
        new("half of the filters", nameof(TensorCoreConvolutionKernels), "i < Depth * TTile.Channels / threads",
            "i < Depth * TTile.Channels / threads / 2", "uninitialized"),
        new("a thread too many", nameof(DftKernels), "thread >= a.Threads", "thread > a.Threads", "race|index"),
        new("a sample too many", nameof(DftKernels), "i < a.Samples", "i <= a.Samples", "index"),
        new("a result too many", nameof(DftKernels), "line.Left > 3", "line.Left > 2", "race|index"),
        new("a block too many", nameof(DftKernels), "block < a.Blocks", "block <= a.Blocks", "index"),
        new("a block too many", nameof(CorrelationFilterBackwardKernels), "block < a.Blocks", "block <= a.Blocks", "index"),
        new("a thread too many adds", nameof(CorrelationFilterBackwardKernels), "if (t < half)", "if (t <= half)", "race|index"),
        new("two blocks of the target's gradient", nameof(CorrelationFilterBackwardKernels), "if (t < Block.Lanes)", "if (t <= Block.Lanes)", "race|index"),
        new("a pixel too many", nameof(CorrelationFilterBackwardKernels), "if (pixel < a.Pixels)", "if (pixel <= a.Pixels)", "index"),
        new("a lane too many adds", nameof(CorrelationFilterBackwardKernels), "if (lane < half)", "if (lane <= half)", "race|index"),
        new("two lanes store", nameof(CorrelationFilterBackwardKernels), "lane == 0 &&", "lane <= 1 &&", "race"),
        new("a pixel too many is stored", nameof(CorrelationFilterBackwardKernels),
            "lane == 0 && pixel < a.Pixels", "lane == 0 && pixel <= a.Pixels", "index"),
        new("a pixel too many", nameof(CropResizeKernels), "if (pixel >= outColumns", "if (pixel > outColumns", "race|index"),
        new("a tap too many", nameof(CropResizeKernels), "tap < taps", "tap <= taps", "index"),
        new("a stretch past the map", nameof(ResponsePeakKernels),
            "Math.Min((Grid.IdxX + 1) * Stretch, n * n)", "(Grid.IdxX + 1) * Stretch", "race|index"),
        new("a stretch too far", nameof(ResponsePeakKernels), "i < a.Groups", "i <= a.Groups", "index"),
        new("a response too many", nameof(ResponsePeakKernels), "i < r * r", "i <= r * r", "index"),
        new("a thread too many adds", nameof(Reductions), "if (t < half)", "if (t <= half)", "race|index"),
        new("a share past the last", nameof(Reductions), "shared[t + half]", "shared[t + threads / 2 + half]", "index"),
        new("all threads write the result", nameof(ResponsePeakKernels), "if (t == 0)", "if (t <= 1)", "race"),
        new("a window too far below", nameof(MaxPoolKernels), "Math.Min(y / a.Stride, a.OutHeight - 1)", "(y / a.Stride + 1)", "index"),
        new("a stretch past the plane", nameof(BatchNormTrainingKernels),
            "Math.Min(first + Stretch, a.PlaneLength)", "(first + Stretch)", "index"),
        new("a thread too many", nameof(BatchNormTrainingKernels), "i >= a.PlaneLength", "i > a.PlaneLength", "race|index"),
        new("unused lanes write moments", nameof(BatchNormTrainingKernels), "channel < a.Channels", "true", "race|index"),
        new("unused lanes read moments", nameof(BatchNormTrainingKernels),
            ", a.Channels - 1)", ", 2 * a.Channels)", "index"),
        new("a group's part in another's place", nameof(BatchNormTrainingKernels), "* a.Stretches + Grid.IdxX;", "* a.Stretches;", "race"),
        new("all threads write the sums", nameof(BatchNormTrainingKernels), "if (t < a.Lanes)", "if (t <= a.Lanes)", "race|index"),
        new("a value too many", nameof(ScoreAdjustKernels), "i < a.Places", "i <= a.Places", "index"),
        new("a thread too many", nameof(ScoreAdjustKernels), "i >= a.Places", "i > a.Places", "index"),
        new("all threads write the sums", nameof(ScoreAdjustKernels), "if (t == 0)", "if (t <= 1)", "race"),
        new("a value too many", nameof(LogisticLossKernels), "i < first + a.Places", "i <= first + a.Places", "race|index"),
        new("all threads write the loss", nameof(LogisticLossKernels), "if (t == 0)", "if (t <= 1)", "race"),
        new("a thread too many", nameof(TripletLossKernels), "place >= a.Batch * a.Places", "place > a.Batch * a.Places", "index"),
        new("a place too many", nameof(TripletLossKernels), "i < first + a.Places", "i <= first + a.Places", "race|index"),
        new("equal negatives in one place", nameof(TripletLossKernels), "|| earlier", "", "race|another group wrote it"),
        new("one map's list in another's", nameof(TripletLossKernels), "positives[first + before]", "positives[before]", "race|another group wrote it"),
        new("more negatives than there are", nameof(TripletLossKernels), "Math.Min(candidates, most)", "most", "index"),
        new("all threads write the loss", nameof(TripletLossKernels), "if (t == 0)", "if (t <= 1)", "race"),
        new("a parameter too many", nameof(SgdStepKernels), "i < end", "i <= end", "race|index|another group"),
        new("a parameter too many", nameof(AdamWStepKernels), "i < end", "i <= end", "race|index|another group"),
    ];

    [Test]
    public void Sources_AsTheyAre_PassAllCases()
    {
        string[] withKernels = [.. Sources.Keys.Where(file => Sources[file].ToString().Contains("Group.Idx", StringComparison.Ordinal))];
        RunWith(Unchanged, kernels =>
        {
            foreach (string file in withKernels)
                RunCases(file, kernels);
        });
        Assert.That(Mutations.Select(m => m.File).Distinct(), Is.EquivalentTo(withKernels), "each has mutations");
    }

    [TestCaseSource(nameof(Barriers))]
    public void Barrier_Deleted_IsCaught(string file, int line)
    {
        SourceText source = Sources[file];
        SourceText mutant = source.WithChanges(new TextChange(source.Lines[line - 1].Span, ""));
        string next = source.Lines[line + 1].ToString().Trim();
        if ((file, next) == RedundantBefore)
            RunWith(With(file, mutant), kernels => RunCases(file, kernels));
        else
            AssertCaught(file, mutant, "race|uninitialized|divergent");
    }

    [TestCaseSource(nameof(Mutations))]
    public void Source_Mutated_IsCaught(object mutation)
    {
        (_, string file, string before, string after, string caught) = (KernelMutation)mutation;
        string source = Sources[file].ToString();
        Assert.That(source, Does.Contain(before), "the source was changed: adapt the mutation");
        AssertCaught(file, SourceText.From(source.Replace(before, after, StringComparison.Ordinal)), caught);
    }

    private static void AssertCaught(string file, SourceText mutant, string rules) => RunWith(With(file, mutant), kernels =>
        Assert.That(() => RunCases(file, kernels), Throws.InstanceOf<SandboxException>().With.Message.Match(rules)));

    private static CSharpCompilation With(string file, SourceText mutant) => Unchanged.ReplaceSyntaxTree(Trees[file], Parse(mutant));

    // Small cases that reach every line of a file's kernels; the larger ones are the conformance tests' business.
    private static void RunCases(string file, Func<string, Delegate> kernels)
    {
        using var device = new GpuDevice(new SandboxDriver(kernels, computeUnits: 4));
        switch (file)
        {
            case nameof(ConvolutionKernels):
                Conformance.Check(device, Case(1, 16, 4, 5, outChannels: 40, size: 2));
                Conformance.Check(device, Case(1, 3, 5, 6, outChannels: 17, size: 3));
                Conformance.Check(device, Case(1, 32, 9, 9, outChannels: 144, size: 1, groups: 2));
                // For many multiprocessors sums are split into parts; a processor has kernels of its own.
                using (var many = new GpuDevice(new SandboxDriver(kernels, computeUnits: 132)))
                    Conformance.Check(many, Case(1, 16, 5, 6, outChannels: 17, size: 4));
                using (var processor = new GpuDevice(new SandboxDriver(kernels, isProcessor: true)))
                    Conformance.Check(processor, Case(1, 16, 4, 5, outChannels: 17, size: 2));
                break;
            case nameof(TensorCoreConvolutionKernels):
                using (var tensorCores = new GpuDevice(new SandboxDriver(kernels, hasTensorCores: true), ConvolutionMath.Tf32))
                    Conformance.Check(tensorCores, Case(1, 16, 4, 5, outChannels: 17, size: 2));
                break;
            case nameof(ConvolutionFilterKernels):
                ConvolutionFiltersTests.AssertUpdates(device, new ConvolutionSpec(1, 32, 3, 3, 32, 2, 1, Groups: 2, Relu: false));
                ConvolutionFiltersTests.AssertUpdates(device, new ConvolutionSpec(1, 10, 3, 3, 6, 2, 1, Groups: 2, Relu: false));
                break;
            case nameof(ConvolutionBackwardKernels):
                Conformance.Check(device, new ConvolutionBackwardCase(new ConvolutionSpec(2, 16, 6, 7, 40, 2, 1, Groups: 1, Relu: false)));
                Conformance.Check(device, new ConvolutionBackwardCase(new ConvolutionSpec(1, 3, 9, 9, 17, 3, 2, Groups: 1, Relu: false)));
                Conformance.Check(device, new ConvolutionBackwardCase(new ConvolutionSpec(1, 32, 3, 3, 32, 1, 1, Groups: 2, Relu: false)));
                break;
            case nameof(ReluBackwardKernels):
                Conformance.Check(device, new ReluBackwardCase(new TensorShape(1, 17, 3, 3)));
                break;
            case nameof(MaxPoolKernels):
                Conformance.Check(device, new MaxPoolCase(new MaxPoolSpec(1, 17, 9, 7, 3, 2)));
                Conformance.Check(device, new MaxPoolBackwardCase(new(1, 17, 9, 7, 3, 2)));
                break;
            case nameof(CrossCorrelationKernels):
                Conformance.Check(device, new CrossCorrelationCase(new(2, 17, 3, 13)));
                Conformance.Check(device, new CrossCorrelationCase(new(1, 5, 2, 6)));
                using (var processor = new GpuDevice(new SandboxDriver(kernels, isProcessor: true)))
                    Conformance.Check(processor, new CrossCorrelationCase(new(2, 17, 3, 13)));
                break;
            case nameof(CrossCorrelationBackwardKernels):
                Conformance.Check(device, new CrossCorrelationBackwardCase(new(2, 17, 3, 9)));
                break;
            case nameof(CorrelationFilterBackwardKernels):
                Conformance.Check(device, new CorrelationFilterBackwardCase(new(17, 7, 1, 1)));
                break;
            case nameof(BlendKernels):
                Conformance.Check(device, new BlendCase(new(new TensorShape(1, 17, 3, 3)), 0.5f));
                break;
            case nameof(DftKernels):
                Conformance.Check(device, new Fourier2DCase(new(17, 7, 6), inverse: false));
                Conformance.Check(device, new Fourier2DCase(new(17, 7, 6), inverse: true));
                Conformance.Check(device, new CorrelationFilterCase(new(17, 7, 1, 1)));
                break;
            case nameof(CropResizeKernels):
                Conformance.Check(device, new CropResizeCase(
                    "", 20, 11, PixelFormat.Rgb24, 0, new(-3, -2, 17), 17, 9, new CropSquare(0, 0, 17), new CropSquare(2, 2, 13)));
                break;
            case nameof(BatchNormTrainingKernels):
                BatchNormSpec[] specs = [new(1, 17, 17, 16, Relu: true), new(2, 5, 2, 3, Relu: false), new(2, 1, 5, 7, Relu: false)];
                foreach (BatchNormSpec spec in specs)
                {
                    Conformance.Check(device, new BatchNormTrainingCase(new(spec)));
                    Conformance.Check(device, new BatchNormTrainingBackwardCase(new(spec), inPlace: false));
                    Conformance.Check(device, new BatchNormTrainingBackwardCase(new(spec), inPlace: true));
                }
                break;
            case nameof(ScoreAdjustKernels):
                Conformance.Check(device, new ScoreAdjustCase(new(2, 5)));
                Conformance.Check(device, new ScoreAdjustBackwardCase(new(2, 5), inPlace: false));
                Conformance.Check(device, new ScoreAdjustBackwardCase(new(2, 5), inPlace: true));
                break;
            case nameof(LogisticLossKernels):
                Conformance.Check(device, new LogisticLossCase(new(2, 5)));
                break;
            case nameof(TripletLossKernels):
                Conformance.Check(device, new TripletLossCase(new(4, 5, 0)));
                Conformance.Check(device, new TripletLossCase(new(4, 5, 7)));
                break;
            case nameof(SgdStepKernels):
                Conformance.Check(device, new SgdStepCase(new(1200, [new(3, 1100, 1, 1), new(1103, 97, 0.5f, 0, AverageOf: 2)], 0.9f, 0.1f)));
                break;
            case nameof(AdamWStepKernels):
                Conformance.Check(device, new AdamWStepCase(new(1200, [new(3, 1100, 1, 1), new(1103, 97, 0.5f, 0, AverageOf: 2)], 0.1f)));
                break;
            case nameof(ResponsePeakKernels) or nameof(Reductions):
                Conformance.Check(device, new ResponsePeakCase("", new ResponsePeakSpec(3, 16, 3, 0.97f, 0.2f)));
                break;
            default:
                throw new ArgumentException($"no cases for {file}", nameof(file));
        }
    }

    private static ConvolutionCase Case(int batch, int channels, int height, int width, int outChannels, int size, int groups = 1) =>
        new("", new ConvolutionSpec(batch, channels, height, width, outChannels, size, 1, groups, Relu: true));

    private static void RunWith(CSharpCompilation compilation, Action<Func<string, Delegate>> action)
    {
        using var assembly = new MemoryStream();
        Assert.That(compilation.Emit(assembly).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        assembly.Position = 0;
        var context = new MutantContext();
        try
        {
            Dictionary<string, Delegate> kernels = KernelsOf(context.LoadFromStream(assembly));
            action(name => kernels[name]);
        }
        finally
        {
            context.Unload();
        }
    }

    // The mutant's types have the names of this assembly's, but are others.
    private static Dictionary<string, Delegate> KernelsOf(Assembly assembly)
    {
        const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        Type sources = assembly.GetType(typeof(KernelSources).FullName!, throwOnError: true)!;
        return ((IEnumerable<object>)sources.GetProperty(nameof(KernelSources.All), Any)!.GetValue(null)!).ToDictionary(
            kernel => (string)kernel.GetType().GetProperty(nameof(KernelSource.Name), Any)!.GetValue(kernel)!,
            kernel => (Delegate)kernel.GetType().GetProperty(nameof(KernelSource.Method), Any)!.GetValue(kernel)!);
    }

    private static SyntaxTree Parse(SourceText source) => CSharpSyntaxTree.ParseText(source, Language);

    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(ArrayView<>).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path));

    private static string Folder([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "Kernels", "Gpu");

    /// <summary>A mutant's home. The sandbox that it speaks to is the running one, not a copy.</summary>
    private sealed class MutantContext() : AssemblyLoadContext("mutant", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == typeof(ArrayView<>).Assembly.GetName().Name ? typeof(ArrayView<>).Assembly : null;
    }
}
