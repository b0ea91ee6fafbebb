using System.CommandLine;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>The verb convert: turns MatConvNet's MAT file into safetensors.</summary>
internal static class ConvertCommand
{
    internal static Command Create()
    {
        var input = new Argument<string>("IN.mat") { Description = "A network saved by MatConvNet (MAT level 5), or a safetensors file." };
        var output = new Argument<string>("OUT.safetensors") { Description = "The file to write, whole or not at all." };
        var command = new Command("convert", "Converts a network to safetensors with its description, enough to track on its own.")
        {
            input, output,
        };
        command.SetAction(parsed =>
        {
            NetworkWeights weights = NetworkWeights.Load(parsed.GetRequiredValue(input));
            string target = parsed.GetRequiredValue(output);
            weights.Save(target);
            string what = weights.Definition?.Name ?? "weights without a description";
            Console.WriteLine($"{what}: {weights.Tensors.Count} tensors, {new FileInfo(target).Length:N0} bytes in {target}");
        });
        return command;
    }
}
