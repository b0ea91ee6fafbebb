namespace SiamIlgpu.Kernels.Gpu;

/// <summary>One pass of a DFT along rows or columns of planes in blocks of sixteen channels, as a product with a dense matrix.</summary>
internal sealed class DftPass : IDisposable
{
    private readonly GpuKernel kernel;
    private readonly GpuBuffer matrix;
    private readonly DftArguments arguments;

    private DftPass(
        GpuDevice device, string kernel, int samples, int results, DftArguments arguments, int planes,
        Func<int, int, (double Cos, double Sin)> weight)
    {
        this.kernel = device.Load(kernel);
        int quads = (results + 3) / 4;
        var values = new float[quads * samples * 8];
        for (int k = 0; k < results; k++)
        {
            for (int i = 0; i < samples; i++)
            {
                (double cos, double sin) = weight(k, i);
                int at = (k / 4 * samples + i) * 8 + k % 4;
                values[at] = (float)cos;
                values[at + 4] = (float)sin;
            }
        }
        matrix = device.Store<float>(values);
        this.arguments = arguments with
        {
            Samples = samples,
            Results = results,
            Threads = checked(planes * arguments.Lines * quads * Block.Lanes),
        };
    }

    /// <summary>
    /// Rows of real planes [height, width] to half spectra [height, width/2 + 1], perhaps through a window. With a margin the planes are
    /// [height, width - 2 * margin] and stand for wider ones that are zero there.
    /// </summary>
    internal static DftPass Rows(GpuDevice device, int planes, int height, int width, int margin = 0, bool windowed = false)
    {
        int samples = width - 2 * margin, half = width / 2 + 1;
        string name = windowed ? "Dft.WindowedToComplex" : "Dft.RealToComplex";
        return new(device, name, samples, half, RowsOf(height, samples, half), planes, (l, j) =>
        {
            (double sin, double cos) = Angle(l, margin + j, width);
            return (cos, -sin);
        });
    }

    /// <summary>
    /// Columns of spectra [height, columns]; with a margin of [height - 2 * margin, columns], as if zeros lay around them.
    /// </summary>
    internal static DftPass Columns(GpuDevice device, int planes, int height, int columns, int margin = 0)
    {
        int samples = height - 2 * margin;
        return new(device, "Dft.ComplexToComplex", samples, height, ColumnsOf(samples, columns, height), planes, (k, i) =>
        {
            (double sin, double cos) = Angle(k, margin + i, height);
            return (cos, -sin);
        });
    }

    /// <summary>Columns of spectra [height, columns] back, of the result only rows margin .. height - margin.</summary>
    internal static DftPass InverseColumns(GpuDevice device, int planes, int height, int columns, int margin) =>
        new(device, "Dft.ComplexToComplex", height, height - 2 * margin, ColumnsOf(height, columns, height - 2 * margin), planes, (i, k) =>
        {
            (double sin, double cos) = Angle(margin + i, k, height);
            return (cos / height, sin / height);
        });

    /// <summary>Half spectra [height, width/2 + 1] back to real rows, of which only columns margin .. width - margin.</summary>
    internal static DftPass InverseRows(GpuDevice device, int planes, int height, int width, int margin)
    {
        int half = width / 2 + 1;
        return new(device, "Dft.ComplexToReal", half, width - 2 * margin, RowsOf(height, half, width - 2 * margin), planes, (j, l) =>
        {
            // All columns but the first, and but the middle one of an even width, stand for their mirror images too.
            double share = (l == 0 || 2 * l == width ? 1.0 : 2.0) / width;
            (double sin, double cos) = Angle(margin + j, l, width);
            return (share * cos, share * sin);
        });
    }

    /// <summary>Real to complex, through a window.</summary>
    internal void Run(GpuView samples, GpuView window, GpuView real, GpuView imaginary) => Launch([samples, window, matrix.All, real, imaginary]);

    /// <summary>Complex to complex.</summary>
    internal void RunComplex(GpuView real, GpuView imaginary, GpuView outReal, GpuView outImaginary) =>
        Launch([real, imaginary, matrix.All, outReal, outImaginary]);

    /// <summary>Complex to real.</summary>
    internal void RunInverse(GpuView real, GpuView imaginary, GpuView results) => Launch([real, imaginary, matrix.All, results]);

    public void Dispose() => matrix.Dispose();

    private static DftArguments RowsOf(int height, int samples, int results) => new()
    {
        Lines = height,
        PlaneStep = height * samples * Block.Lanes,
        LineStep = samples * Block.Lanes,
        SampleStep = Block.Lanes,
        OutPlaneStep = height * results * Block.Lanes,
        OutLineStep = results * Block.Lanes,
        ResultStep = Block.Lanes,
    };

    private static DftArguments ColumnsOf(int samples, int columns, int results) => new()
    {
        Lines = columns,
        PlaneStep = samples * columns * Block.Lanes,
        LineStep = Block.Lanes,
        SampleStep = columns * Block.Lanes,
        OutPlaneStep = results * columns * Block.Lanes,
        OutLineStep = Block.Lanes,
        ResultStep = columns * Block.Lanes,
    };

    // Exact multiples first: the angle of a large product would lose its last bits.
    private static (double Sin, double Cos) Angle(int k, int i, int n) => double.SinCosPi(2.0 * ((long)k * i % n) / n);

    private void Launch(ReadOnlySpan<GpuView> views) => kernel.LaunchOver(arguments.Threads, views, arguments);
}
