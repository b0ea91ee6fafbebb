using System.CommandLine;
using SiamIlgpu.Bench;
using SiamIlgpu.Bench.Gpu;

var root = new RootCommand("Measures SiamIlgpu: checks each result against its reference, then times it.")
{
    PeakCommand.Create(),
    ConvCommand.Create(),
    ConvGradCommand.Create(),
    FrameCommand.Create(),
    TargetsCommand.Create(),
    TrainCommand.Create(),
    OverfitCommand.Create(),
    BoxesCommand.Create(),
    SequencesCommand.Create(),
    FitCommand.Create(),
    StartCommand.Create(),
    GpuCommand.Create(),
    MicroCommand.Create(),
};
return root.Parse(args).Invoke();
