using System.CommandLine;
using SiamIlgpu.Bench;

var root = new RootCommand("Measures SiamIlgpu: checks each result against its reference, then times it.");
root.Add(PeakVerb.Create());
root.Add(ConvVerb.Create());
root.Add(MicroVerb.Create());
return root.Parse(args).Invoke();
