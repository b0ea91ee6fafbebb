using System.CommandLine;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Run;

/// <summary>devices: what the tracker can run on here.</summary>
internal static class DevicesCommand
{
    internal static Command Create()
    {
        var command = new Command("devices", "Lists the devices of this machine, fastest first.");
        command.SetAction(_ =>
        {
            foreach (DeviceInfo device in ComputeDevice.List())
                Console.WriteLine($"{device.Kind.ToString().ToLowerInvariant()}  {device.Name}");
        });
        return command;
    }
}
