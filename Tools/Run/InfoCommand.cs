using System.CommandLine;
using SiamIlgpu.Kernels;
using SiamIlgpu.Plans;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;
using Spectre.Console;

namespace SiamIlgpu.Run;

/// <summary>The verb info: says what a weight file holds.</summary>
internal static class InfoCommand
{
    private const int LongestShown = 300;

    internal static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A weight file: safetensors or MatConvNet's MAT." };
        var command = new Command("info", "Shows a network's layers, shapes, parameters, work and preset.") { file };
        command.SetAction(parsed => Show(NetworkWeights.Load(parsed.GetRequiredValue(file))));
        return command;
    }

    private static void Show(NetworkWeights weights)
    {
        if (weights.Definition is not { } definition)
        {
            Console.WriteLine($"{weights.Source}: no network description; {weights.Tensors.Count} tensors");
            foreach ((string name, WeightTensor tensor) in weights.Tensors)
                Console.WriteLine($"  {name} {tensor}");
            return;
        }

        Console.WriteLine($"{definition.Name} ({weights.Source})");
        bool tracks = definition.Join.Kind != JoinKind.None;
        int size = tracks ? definition.SearchSize : SmallestInput(definition);
        IReadOnlyList<LayerShape> layers = BranchShapes.Of(definition, 1, size, size);
        Table table = new Table().Border(TableBorder.Simple).AddColumns("layer", "input", "output", "parameters", "GFLOP");
        foreach (LayerShape layer in layers)
        {
            table.AddRow(
                Markup.Escape(Describe(layer.Layer)),
                Markup.Escape(Sides(layer.Input)),
                Markup.Escape(Sides(layer.Output)),
                layer.Parameters == 0 ? "" : $"{layer.Parameters:N0}",
                layer.Flops == 0 ? "" : $"{layer.Flops / 1e9:F3}");
        }
        table.AddRow("branch", "", "", $"{layers.Sum(l => l.Parameters):N0}", $"{layers.Sum(l => l.Flops) / 1e9:F3}");
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(table);

        if (!tracks)
        {
            Console.WriteLine("no join: a plain chain of layers, which cannot track");
            return;
        }
        string join = definition.Join.Kind == JoinKind.CrossCorrelation
            ? "cross-correlation"
            : $"correlation filter, lambda {definition.Join.Lambda}, margin {definition.Join.Margin}";
        Console.WriteLine($"exemplar {definition.ExemplarSize} px, search {definition.SearchSize} px, stride {definition.Stride}; join: {join}");
        TrackerOptions preset = TrackerOptions.For(weights);
        Console.WriteLine($"preset {preset.Name}: {preset.Scales} scales, step {preset.ScaleStep}, penalty {preset.ScalePenalty}, "
            + $"rate {preset.ScaleRate}, window {preset.WindowInfluence}, template rate {preset.TemplateRate}");
        // The state of a training in a checkpoint is thousands of characters of JSON.
        foreach ((string key, string value) in weights.Metadata)
            Console.WriteLine($"{key}: {(value.Length <= LongestShown ? value : $"{value[..LongestShown]}...")}");
    }

    private static string Describe(LayerDefinition layer) => layer switch
    {
        ConvolutionLayer c => $"{c.Name} {c.Size}x{c.Size}x{c.InChannels / c.Groups}x{c.OutChannels} /{c.Stride}"
            + (c.Groups > 1 ? $", {c.Groups} groups" : "") + (c.BatchNorm ? ", batch norm" : "") + (c.Relu ? ", ReLU" : ""),
        MaxPoolLayer p => $"max pool {p.Size}x{p.Size} /{p.Stride}",
        _ => layer.ToString(),
    };

    private static string Sides(TensorShape shape) => $"{shape.Height}x{shape.Width}x{shape.Channels}";

    // A network that does not join two branches has no input size. Shapes are shown for the smallest input that gives one output cell.
    private static int SmallestInput(NetworkDefinition definition)
    {
        int size = 1;
        foreach (LayerDefinition layer in definition.Layers.Reverse())
        {
            size = layer switch
            {
                ConvolutionLayer c => (size - 1) * c.Stride + c.Size,
                MaxPoolLayer p => (size - 1) * p.Stride + p.Size,
                _ => size,
            };
        }
        return size;
    }
}
