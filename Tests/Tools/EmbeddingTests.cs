using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>
/// What embedders get: the packages, hosts that use nothing but them, and the sample and the console tool as one file. They build
/// the libraries several times over, and ask the feed for .NET's runtime pack.
/// </summary>
[TestFixture]
[Category("Slow")]
internal sealed class EmbeddingTests
{
    // Each package and the folder of its project.
    private static readonly (string Name, string Folder)[] Projects =
    [
        ("SiamIlgpu.Kernels", "Kernels"), ("SiamIlgpu.Kernels.Gpu", "Kernels/Gpu"), ("SiamIlgpu.Weights", "Weights"), ("SiamIlgpu.Engine", "Engine"),
        ("SiamIlgpu.Media", "Tools/Media"), ("SiamIlgpu.Datasets", "Tools/Datasets"), ("SiamIlgpu.Evaluation", "Tools/Evaluation"),
    ];

    private static readonly string[] Packages = [.. Projects.Select(p => p.Name)];

    private string folder = "";
    private string packages = "";

    [OneTimeSetUp]
    public void PackLibraries()
    {
        folder = Directory.CreateTempSubdirectory("siamilgpu-embedding-").FullName;
        packages = Path.Combine(folder, "packages");
        foreach ((string name, string projectFolder) in Projects)
        {
            string project = Path.Combine(Root(), projectFolder, $"{name}.csproj");
            Dotnet(folder, "pack", project, "-c", "Release", "-o", packages, "-p:RunAnalyzers=false", "--artifacts-path", Path.Combine(folder, "pack"));
        }
    }

    [OneTimeTearDown]
    public void DeleteFolder()
    {
        if (folder.Length > 0)
            Directory.Delete(folder, recursive: true);
    }

    [TestCaseSource(nameof(Packages))]
    public void Pack_HasReadmeDocumentationAndSymbols(string name)
    {
        Assert.That(Entries($"{name}.0.*.nupkg"), Is.SupersetOf(new[] { "README.md", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml" }));
        Assert.That(Entries($"{name}.0.*.snupkg"), Does.Contain($"lib/net10.0/{name}.pdb"));
    }

    /// <summary>Only the folder of packages is a source: what the host needs besides is in the SDK.</summary>
    [Test]
    public void Pack_AHostThatReferencesTheEngineAlone_Tracks()
    {
        string host = Host("host", "<clear />", "SiamIlgpu.Engine");
        CopySample("CameraHost", host);
        Assert.That(Dotnet(host, "run", "-c", "Release"), Does.Contain("mean overlap with the true box 0.9"));
    }

    /// <summary>The README's lines, pasted into a program that has the packages and a video of that name.</summary>
    [Test]
    public void Pack_AHostOfTheReadmesLines_Tracks()
    {
        string host = Host("readme-host", "", "SiamIlgpu.Media", "SiamIlgpu.Kernels.Gpu");
        string readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        string lines = readme.Split("```csharp\n")[1].Split("```")[0];
        Assert.That(lines, Does.Contain("Crossing/img").And.Contain("new BoundingBox(205, 151, 17, 50)"));
        File.WriteAllText(Path.Combine(host, "Program.cs"), lines);
        string images = Directory.CreateDirectory(Path.Combine(host, "Crossing", "img")).FullName;
        using var video = new SyntheticVideo(seed: 1, frameCount: 5);
        foreach (Frame frame in video)
            PngEncoder.Write(frame, Path.Combine(images, $"{frame.Index + 1:D4}.png"));
        string said = Dotnet(host, "run", "-c", "Release");
        Assert.That(said.Split('\n').Count(line => line.Split(',') is { Length: 4 } sides && sides.All(side => double.TryParse(side, out _))), Is.EqualTo(4), said);
    }

    [TestCase("MultiTarget", "SiamIlgpu.Datasets", "mean overlap 0.")]
    [TestCase("OwnTrackerEvaluation", "SiamIlgpu.Evaluation", "default model: AUC 0.")]
    [TestCase("TrainFromCode", "SiamIlgpu.Datasets", "epoch 2: loss 0.")]
    [TestCase("OwnNetwork", "SiamIlgpu.Datasets", "small: mean overlap with the true box 0.")]
    public void Pack_ASampleThatReferencesThePackages_Runs(string sample, string package, string expected)
    {
        string host = Host(sample, "", package);
        CopySample(sample, host);
        Assert.That(Dotnet(host, "run", "-c", "Release"), Does.Contain(expected));
    }

    /// <summary>One package more, and one other line: the same host on OpenCL, with ILGPU from the usual sources.</summary>
    [Test]
    [Needs(Need.OpenCl)]
    public void Pack_AHostThatReferencesTheGpuPackageToo_TracksOnOpenCl()
    {
        string host = Host("gpu-host", "", "SiamIlgpu.Engine", "SiamIlgpu.Kernels.Gpu");
        foreach (string source in Directory.EnumerateFiles(Sample("CameraHost"), "*.cs"))
        {
            File.WriteAllText(Path.Combine(host, Path.GetFileName(source)), File.ReadAllText(source)
                .Replace("new CpuDevice()", "SiamIlgpu.Kernels.Gpu.Devices.Open(SiamIlgpu.Kernels.Gpu.DeviceKind.OpenCl)", StringComparison.Ordinal));
        }
        Assert.That(Dotnet(host, "run", "-c", "Release"), Does.Contain("OpenCL").And.Contain("mean overlap with the true box 0.9"));
    }

    [TestCase("Tools/Samples/CameraHost", "", 20, "", "mean overlap with the true box 0.9")]
    [TestCase("Tools/Samples/CameraHost", "Native=true", 5, "", "mean overlap with the true box 0.9")]
    [TestCase("Tools/Run", "", 60, "demo --device cpu", "mean IoU 0.9")]
    [TestCase("Tools/Run", "", 60, "demo --device opencl", "mean IoU 0.9")]
    public void Publish_IntoOneFile_Tracks(string project, string property, int megabytes, string verb, string expected)
    {
        string published = Path.Combine(folder, "published", project, property);
        if (!Directory.Exists(published))
        {
            string[] properties = property.Length > 0 ? [$"-p:{property}"] : [];
            string said = Dotnet(folder,
            [
                "publish", Path.Combine(Root(), project), "-c", "Release", "-o", published, "-p:RunAnalyzers=false", "--artifacts-path",
                Path.Combine(folder, "publish" + property), .. properties,
            ]);
            Assert.That(said, Does.Not.Contain("warning"));
        }

        string file = Directory.EnumerateFiles(published).Single();
        Assert.That(new FileInfo(file).Length, Is.LessThan(megabytes * 1_000_000));
        Assert.That(Execute(folder, file, verb.Split(' ', StringSplitOptions.RemoveEmptyEntries)), Does.Contain(expected));
    }

    // A project that uses packages, those of the folder and of the sources that there are besides.
    private string Host(string name, string sources, params string[] references)
    {
        string host = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        File.WriteAllText(Path.Combine(host, "nuget.config"), $"""
            <configuration>
              <packageSources>
                {sources}
                <add key="packed" value="{packages}" />
              </packageSources>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(host, "Host.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RestorePackagesPath>restored</RestorePackagesPath>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', references.Select(r => $"<PackageReference Include=\"{r}\" Version=\"*\" />"))}
              </ItemGroup>
            </Project>
            """);
        return host;
    }

    private string[] Entries(string pattern)
    {
        using ZipArchive package = ZipFile.OpenRead(Directory.EnumerateFiles(packages, pattern).Single());
        return [.. package.Entries.Select(e => e.FullName)];
    }

    private static string Dotnet(string workingFolder, params string[] arguments) => Execute(workingFolder, "dotnet", arguments);

    /// <summary>Runs a program to its end; what it said, after asserting that it succeeded.</summary>
    private static string Execute(string workingFolder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = workingFolder };
        // What the test run's own MSBuild sets for its children is not for these builds; servers that stay would hold the folder.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        (int code, string output) = ReferenceTool.Run(start);
        Assert.That(code, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    private static void CopySample(string sample, string host)
    {
        foreach (string source in Directory.EnumerateFiles(Sample(sample), "*.cs"))
            File.Copy(source, Path.Combine(host, Path.GetFileName(source)));
    }

    private static string Sample(string name) => Path.Combine(Root(), "Tools", "Samples", name);

    private static string Root([CallerFilePath] string thisFile = "") =>
        Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(thisFile)))!;
}
