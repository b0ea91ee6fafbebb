namespace SiamIlgpu.Kernels.Gpu.OpenCl;

/// <summary>A device that an OpenCL driver offers.</summary>
/// <param name="Platform">Its driver.</param>
/// <param name="Handle">Itself.</param>
/// <param name="Info">What people are told of it.</param>
/// <param name="LongName">All of that in one line.</param>
/// <param name="ComputeUnits">Multiprocessors or cores.</param>
/// <param name="LargestBuffer">Bytes that one allocation may have.</param>
internal sealed unsafe record OpenClDevice(
    nint Platform, nint Handle, DeviceInfo Info, string LongName, int ComputeUnits, long LargestBuffer)
{
    // The portable kernels' groups have up to so many threads.
    private const int GroupSize = 256;

    /// <summary>How much memory there is, for messages.</summary>
    internal string MemoryText => $"{Info.Name} has {Info.MemoryBytes:N0} bytes in all and gives {LargestBuffer:N0} at most in one piece";

    /// <summary>The devices of all drivers: GPUs, then the others.</summary>
    internal static List<OpenClDevice> FindAll(OpenClApi api)
    {
        var found = new List<(nint Platform, nint Device, ulong Type)>();
        foreach (nint platform in Platforms(api))
            found.AddRange(Devices(api, platform).Select(device => (platform, device, TypeOf(api, device))));
        return [.. found.OrderBy(d => (d.Type & OpenClApi.Gpu) == 0).Select((d, i) => Describe(api, d.Platform, d.Device, d.Type, i))];
    }

    // Without any driver this fails, with a code of its own.
    private static nint[] Platforms(OpenClApi api)
    {
        uint count;
        if (api.GetPlatformIDs(0, null, &count) < 0)
            return [];
        nint[] platforms = new nint[count];
        fixed (nint* all = platforms)
            return api.GetPlatformIDs(count, all, null) < 0 ? [] : platforms;
    }

    // A driver that is installed without its hardware fails here in one way or another; the others still count.
    private static nint[] Devices(OpenClApi api, nint platform)
    {
        uint count;
        if (api.GetDeviceIDs(platform, OpenClApi.AllDevices, 0, null, &count) < 0)
            return [];
        nint[] devices = new nint[count];
        fixed (nint* all = devices)
            return api.GetDeviceIDs(platform, OpenClApi.AllDevices, count, all, null) < 0 ? [] : devices;
    }

    // Of a device that does not even tell this, Describe says why.
    private static ulong TypeOf(OpenClApi api, nint device)
    {
        ulong type = 0;
        _ = api.GetDeviceInfo(device, OpenClApi.DeviceType, sizeof(ulong), &type, null);
        return type;
    }

    private static OpenClDevice Describe(OpenClApi api, nint platform, nint device, ulong type, int index)
    {
        string kind = (type & OpenClApi.Gpu) != 0 ? "GPU" : (type & OpenClApi.Processor) != 0 ? "processor" : "accelerator";
        try
        {
            string name = api.DeviceText(device, OpenClApi.DeviceName);
            Version? version = VersionIn(api.DeviceText(device, OpenClApi.DeviceVersion));
            string driver = $"OpenCL {version} {api.PlatformText(platform, OpenClApi.PlatformName)} "
                + api.DeviceText(device, OpenClApi.DeviceDriver);
            int units = (int)api.DeviceValue<uint>(device, OpenClApi.DeviceComputeUnits);
            var info = new DeviceInfo(
                DeviceKind.OpenCl, index, kind == "GPU" ? name : $"{name} ({kind})", driver,
                (long)api.DeviceValue<ulong>(device, OpenClApi.DeviceMemory), WhyUnusable(api, device, version), kind == "processor");
            return new OpenClDevice(
                platform, device, info, $"{name}, {driver}, {kind}, {units} compute units", units,
                (long)api.DeviceValue<ulong>(device, OpenClApi.DeviceLargestBuffer));
        }
        catch (DeviceException e)
        {
            var info = new DeviceInfo(DeviceKind.OpenCl, index, $"unknown {kind}", "", 0, e.Message, kind == "processor");
            return new OpenClDevice(platform, device, info, info.Name, 0, 0);
        }
    }

    private static string? WhyUnusable(OpenClApi api, nint device, Version? version)
    {
        if (version == null || version < new Version(1, 2))
            return $"OpenCL 1.2 is needed, its driver has {version}";
        if (api.DeviceValue<uint>(device, OpenClApi.DeviceAvailable) == 0)
            return "its driver says that it is not available";
        if (api.DeviceValue<uint>(device, OpenClApi.DeviceHasCompiler) == 0)
            return "its driver has no compiler";
        nuint largest = api.DeviceValue<nuint>(device, OpenClApi.DeviceGroupSize);
        return largest < GroupSize ? $"groups of {GroupSize} threads are needed, it has {largest} at most" : null;
    }

    // "OpenCL 1.2 what the vendor likes"
    private static Version? VersionIn(string text) =>
        text.Split(' ') is [_, string number, ..] && Version.TryParse(number, out Version? version) ? version : null;
}
