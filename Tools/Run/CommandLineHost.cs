using System.CommandLine;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>Runs a command line. Wrong input gives one sentence on the error stream and exit code 2.</summary>
internal static class CommandLineHost
{
    private const int BadInput = 2;

    /// <summary>Runs it and returns the exit code.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="cancel">Has the effect of the first Ctrl+C.</param>
    internal static int Run(string[] args, CancellationToken cancel = default)
    {
        var root = new RootCommand("Tracks any object through a video: draw one box on the first frame, get the box in every later one.")
        {
            TrackCommand.Create(cancel),
            LiveCommand.Create(cancel),
            DemoCommand.Create(),
            TrainCommand.Create(cancel),
            EvalCommand.Create(cancel),
            MergeCommand.Create(),
            ConvertCommand.Create(),
            InfoCommand.Create(),
            DevicesCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
            return Refuse(parsed.Errors[0].Message);
        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is InputException or EvaluationException or WeightFormatException or FrameException or KernelShapeException or DeviceException
            or IOException or UnauthorizedAccessException)
        {
            return Refuse(e.Message);
        }
    }

    private static int Refuse(string message)
    {
        // The parser's messages list the possible values on further lines.
        string[] lines = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Console.Error.WriteLine($"error: {string.Join(' ', lines)}");
        return BadInput;
    }
}

/// <summary>Something on the command line that cannot be used. The message is one sentence, which the user sees.</summary>
internal sealed class InputException(string message) : Exception(message);
