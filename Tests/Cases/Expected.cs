using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Tests.Cases;

/// <summary>
/// What an output must hold by the scalar reference, and how close a device must come: an error counts in shares of the output's
/// largest value, unless there is another scale.
/// </summary>
/// <param name="Name">The output's name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Tolerance">The largest share that the CPU device may be off by.</param>
/// <param name="At">The value at a place.</param>
/// <param name="Products">How many products the reference adds for a value.</param>
internal sealed record Expected(string Name, TensorShape Shape, double Tolerance, Func<int, int, int, int, double> At, double Products)
{
    // A reference of more products is compared at each 61st value only: 61 is prime, so that all rows, columns and channels take part.
    private const double ProductsOfFullReference = 20_000_000;
    private const int SampleStep = 61;

    // On a GPU sums are as long as on the CPU, but come in other orders, and not every device fuses them.
    private const double Slack = 4;

    /// <summary>All values in planar order.</summary>
    internal Expected(string name, TensorShape shape, double tolerance, double[] values)
        : this(name, shape, tolerance, (n, c, y, x) => values[((n * shape.Channels + c) * shape.Height + y) * shape.Width + x], 0)
    {
    }

    /// <summary>What a GPU may be off by.</summary>
    internal double GpuTolerance { get; init; } = Slack * Tolerance;

    /// <summary>What tensor cores may be off by, which round both factors of a product to eleven bits; null without them.</summary>
    internal double? TensorCoreTolerance { get; init; }

    /// <summary>What the error of an expected value is divided by; null for the largest value.</summary>
    internal Func<double, double>? Scale { get; init; }

    /// <summary>All values in planar order.</summary>
    internal double[] Values() => [.. Enumerable.Range(0, checked((int)Shape.Count)).Select(ValueAt)];

    /// <summary>Compares a device's output, in planar order.</summary>
    internal Deviation Compare(float[] actual, ComputeDevice device)
    {
        int step = Shape.Count * Products > ProductsOfFullReference ? SampleStep : 1;
        var expected = new double[(actual.Length + step - 1) / step];
        for (int i = 0; i < expected.Length; i++)
            expected[i] = ValueAt(i * step);
        double largest = expected.Max(Math.Abs);
        double worst = -1, errors = 0, squares = 0;
        int at = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(actual[i * step] - expected[i]);
            double scale = Scale?.Invoke(expected[i]) ?? largest;
            double error = scale > 0 ? difference / scale : difference;
            errors += difference * difference;
            squares += expected[i] * expected[i];
            if (!(error <= worst))
                (worst, at) = (error, i);
            if (double.IsNaN(error))
                break;
        }
        string where = $"at (n,c,y,x) = {Shape.Position(at * step)} of {Shape}: expected {expected[at]}, got {actual[at * step]}";
        return new Deviation(Name, worst, ToleranceOn(device), Math.Sqrt(errors / squares), where);
    }

    private double ToleranceOn(ComputeDevice device) => device switch
    {
        CpuDevice => Tolerance,
        GpuDevice { Math: ConvolutionMath.Tf32 } => TensorCoreTolerance ?? GpuTolerance,
        _ => GpuTolerance,
    };

    private double ValueAt(int index)
    {
        (int n, int c, int y, int x) = Shape.Position(index);
        return At(n, c, y, x);
    }
}

/// <summary>The largest error of an output.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="Error">The error over its scale; NaN where a value is NaN.</param>
/// <param name="Allowed">The tolerance.</param>
/// <param name="RootMeanSquare">The root mean square of all errors, over that of the values.</param>
/// <param name="Where">The place of the largest error, and what it holds.</param>
internal sealed record Deviation(string Name, double Error, double Allowed, double RootMeanSquare, string Where)
{
    /// <summary>Whether the error is within the tolerance.</summary>
    internal bool IsAllowed => Error <= Allowed;

    /// <summary>The share of the tolerance that is used up.</summary>
    internal double Share => Error == 0 ? 0 : Error / Allowed;

    public override string ToString() => $"{Name}: off by {Error:0.0E+0}, allowed are {Allowed:0.0E+0}; worst {Where}";
}
