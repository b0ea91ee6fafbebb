using System.CommandLine;
using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench;

/// <summary>One pass over a layer, checked and timed: medians, in milliseconds and GFLOP/s.</summary>
internal readonly record struct ConvolutionPass(double Milliseconds, double Peak, double Error)
{
    /// <summary>The options of the verbs that go through a network's convolutions.</summary>
    internal static Command Verb(string name, string description, int batch, Action<CpuDevice, ConvolutionAlgorithm, string, int, int> run)
    {
        var threads = new Option<int>("--threads") { Description = "Threads; 0 for all processors." };
        Option<string> network = Arguments.Network();
        var crops = new Option<int>("--batch") { Description = "Crops at once.", DefaultValueFactory = _ => batch };
        var crop = new Option<int>("--crop") { Description = "Rows and columns of a crop.", DefaultValueFactory = _ => 255 };
        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        var verb = new Command(name, description) { threads, network, crops, crop, convolution };
        verb.SetAction(parsed =>
        {
            ConvolutionAlgorithm algorithm = parsed.GetValue(convolution);
            using var device = new CpuDevice(new CpuDeviceOptions { Threads = parsed.GetValue(threads), Convolution = algorithm });
            run(device, algorithm, parsed.GetValue(network)!, parsed.GetValue(crops), parsed.GetValue(crop));
        });
        return verb;
    }

    /// <summary>Runs a pass once, checks some values of its result, then times it, each time with the peak beside it.</summary>
    /// <exception cref="InvalidOperationException">A value is off by more than rounding.</exception>
    internal static ConvolutionPass Measure(
        string what, CpuDevice device, FmaPeak peak, int rounds, Action call, TensorView result, int checkedValues,
        Func<int, int, int, int, double> reference)
    {
        call();
        double error = ErrorOf(what, device, result, checkedValues, reference);
        var milliseconds = new List<double>();
        var peaks = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            double ms = Time(call);
            milliseconds.Add(ms);
            // The peak for as long as the pass: on a machine with other work both are interrupted alike.
            peaks.Add(peak.Measure(device, ms));
        }
        return new ConvolutionPass(milliseconds.Median(), peaks.Median(), error);
    }

    /// <summary>Milliseconds of one call.</summary>
    internal static double Time(Action call)
    {
        long start = Stopwatch.GetTimestamp();
        call();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>The columns of a pass of so much work.</summary>
    internal string Columns(long flops)
    {
        double rate = flops / Milliseconds / 1e6;
        return $"{Milliseconds,8:F3} {rate,9:F1} {Peak,7:F0} {rate / Peak,6:P0} {Error,8:E0}";
    }

    /// <summary>Milliseconds that so much work takes at the peak.</summary>
    internal double AtPeak(long flops) => flops / Peak / 1e6;

    // The largest difference from the reference over some values, relative to the largest of them. Throws when it is no rounding.
    private static double ErrorOf(string what, CpuDevice device, TensorView result, int checkedValues, Func<int, int, int, int, double> reference)
    {
        var actual = new float[result.Shape.Count];
        device.Download(result, actual);
        double worst = 0;
        double scale = 0;
        for (int k = 0; k < checkedValues; k++)
        {
            long index = actual.LongLength * k / checkedValues;
            (int n, int c, int y, int x) = result.Shape.Position(index);
            double expected = reference(n, c, y, x);
            worst = Math.Max(worst, Math.Abs(actual[index] - expected));
            scale = Math.Max(scale, Math.Abs(expected));
        }
        if (!(worst < 1e-4 * scale))
            throw new InvalidOperationException($"{what}: wrong by {worst / scale:E1} of the largest value");
        return worst / scale;
    }
}
