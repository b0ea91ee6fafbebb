return SiamIlgpu.Run.CommandLineHost.Run(args);
