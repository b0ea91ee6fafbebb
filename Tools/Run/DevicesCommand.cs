using System.CommandLine;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Run;

/// <summary>The verb devices: lists the devices of this machine.</summary>
internal static class DevicesCommand
{
    internal static Command Create()
    {
        var command = new Command("devices", "Lists the devices of this machine, fastest first.");
        command.SetAction(_ =>
        {
            foreach (DeviceInfo device in Devices.List())
            {
                string kind = device.Kind.ToString().ToLowerInvariant();
                string id = device.Kind == DeviceKind.Cpu ? kind : $"{kind}:{device.Index}";
                string memory = device.MemoryBytes > 0 ? $", {device.MemoryBytes / (double)(1 << 30):F1} GiB" : "";
                string driver = device.Driver.Length > 0 ? $", {device.Driver}" : "";
                string unusable = device.Unusable is null ? "" : $" - cannot be used: {device.Unusable}";
                Console.WriteLine($"{id,-9} {device.Name}{memory}{driver}{unusable}");
            }
        });
        return command;
    }
}
