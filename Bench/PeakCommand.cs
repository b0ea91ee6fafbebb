using System.CommandLine;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Bench;

/// <summary><c>peak</c>: how many multiply-adds the machine can do, the yardstick of all else.</summary>
internal static class PeakCommand
{
    internal static Command Create()
    {
        var verb = new Command("peak", "The machine's measured multiply-add peak, per vector width.");
        verb.SetAction(_ => Run());
        return verb;
    }

    private static void Run()
    {
        using var one = new CpuDevice(threads: 1);
        using var all = new CpuDevice();
        Console.WriteLine("GFLOP/s, best of many rounds");
        Console.WriteLine($"{"bits",6} {"1 thread",10} {all.Threads + " threads",10} {"ratio",7}");
        double widest = 0;
        int widestBits = 0;
        foreach (int bits in FmaPeak.Widths)
        {
            var peak = new FmaPeak(bits);
            double single = peak.Best(one);
            double together = peak.Best(all);
            Console.WriteLine($"{bits,6} {single,10:F1} {together,10:F1} {together / single,7:F2}");
            if (together > widest)
                (widest, widestBits) = (together, bits);
        }
        Console.WriteLine($"This machine does at most {widest:F0} GFLOP/s, with {widestBits}-bit vectors on {all.Threads} threads.");
    }
}
