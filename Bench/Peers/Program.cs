using System.CommandLine;
using SiamIlgpu.Bench.Peers;

var root = new RootCommand("Compares SiamIlgpu with other libraries: both run by turns in one process, on the same data.")
{
    NetworksCommand.Create(),
    TrackersCommand.Create(),
};
return root.Parse(args).Invoke();
