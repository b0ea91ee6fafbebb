using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Bench;

/// <summary>
/// The most multiply-adds that the machine does per second: twelve independent chains in registers, no memory. All threads
/// at once, because cores that share power and heat slow one another down.
/// </summary>
internal sealed class FmaPeak(int bits) : IParallelWork
{
    private const int Chains = 12;
    private const int Iterations = 50_000;
    private const int TasksPerThread = 8;
    private const int Rounds = 25;
    private float sink;

    /// <summary>The vector widths of this machine, widest first; 32 is one float.</summary>
    internal static IEnumerable<int> Widths
    {
        get
        {
            if (Registers.Has512Bits)
                yield return 512;
            if (Vector256.IsHardwareAccelerated)
                yield return 256;
            if (Vector128.IsHardwareAccelerated)
                yield return 128;
            yield return 32;
        }
    }

    /// <summary>The most GFLOP/s of all threads of a device over many short rounds; the first ones wake the threads.</summary>
    internal double Best(CpuDevice device)
    {
        double best = 0;
        for (int round = 0; round < Rounds; round++)
            best = Math.Max(best, Measure(device, milliseconds: 20));
        return best;
    }

    /// <summary>GFLOP/s on all threads of a device, over at least the given time.</summary>
    internal double Measure(CpuDevice device, double milliseconds)
    {
        int tasks = device.Threads * TasksPerThread;
        double flops = 0;
        double elapsed = 0;
        long start = Stopwatch.GetTimestamp();
        while (elapsed < milliseconds)
        {
            device.Workers.Run(this, tasks);
            flops += 2.0 * Chains * Iterations * tasks * (bits / 32);
            elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return flops / elapsed / 1e6;
    }

    public void Run(int task, int worker) => sink = bits switch
    {
        512 => Chains512(),
        256 => Chains256(),
        128 => Chains128(),
        _ => ChainsScalar(),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains512()
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int step = 0; step < Iterations; step++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y); b = Vector512.MultiplyAddEstimate(b, x, y);
            c = Vector512.MultiplyAddEstimate(c, x, y); d = Vector512.MultiplyAddEstimate(d, x, y);
            e = Vector512.MultiplyAddEstimate(e, x, y); f = Vector512.MultiplyAddEstimate(f, x, y);
            g = Vector512.MultiplyAddEstimate(g, x, y); h = Vector512.MultiplyAddEstimate(h, x, y);
            i = Vector512.MultiplyAddEstimate(i, x, y); j = Vector512.MultiplyAddEstimate(j, x, y);
            k = Vector512.MultiplyAddEstimate(k, x, y); l = Vector512.MultiplyAddEstimate(l, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains256()
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(1e-3f);
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int step = 0; step < Iterations; step++)
        {
            a = Vector256.MultiplyAddEstimate(a, x, y); b = Vector256.MultiplyAddEstimate(b, x, y);
            c = Vector256.MultiplyAddEstimate(c, x, y); d = Vector256.MultiplyAddEstimate(d, x, y);
            e = Vector256.MultiplyAddEstimate(e, x, y); f = Vector256.MultiplyAddEstimate(f, x, y);
            g = Vector256.MultiplyAddEstimate(g, x, y); h = Vector256.MultiplyAddEstimate(h, x, y);
            i = Vector256.MultiplyAddEstimate(i, x, y); j = Vector256.MultiplyAddEstimate(j, x, y);
            k = Vector256.MultiplyAddEstimate(k, x, y); l = Vector256.MultiplyAddEstimate(l, x, y);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains128()
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(1e-3f);
        Vector128<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int step = 0; step < Iterations; step++)
        {
            a = Vector128.MultiplyAddEstimate(a, x, y); b = Vector128.MultiplyAddEstimate(b, x, y);
            c = Vector128.MultiplyAddEstimate(c, x, y); d = Vector128.MultiplyAddEstimate(d, x, y);
            e = Vector128.MultiplyAddEstimate(e, x, y); f = Vector128.MultiplyAddEstimate(f, x, y);
            g = Vector128.MultiplyAddEstimate(g, x, y); h = Vector128.MultiplyAddEstimate(h, x, y);
            i = Vector128.MultiplyAddEstimate(i, x, y); j = Vector128.MultiplyAddEstimate(j, x, y);
            k = Vector128.MultiplyAddEstimate(k, x, y); l = Vector128.MultiplyAddEstimate(l, x, y);
        }
        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ChainsScalar()
    {
        float x = 0.999f, y = 1e-3f;
        float a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int step = 0; step < Iterations; step++)
        {
            a = a * x + y; b = b * x + y; c = c * x + y; d = d * x + y; e = e * x + y; f = f * x + y;
            g = g * x + y; h = h * x + y; i = i * x + y; j = j * x + y; k = k * x + y; l = l * x + y;
        }
        return a + b + c + d + e + f + g + h + i + j + k + l;
    }
}
