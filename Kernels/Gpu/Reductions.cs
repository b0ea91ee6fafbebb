using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// Reductions over the threads of a group. Two halves are joined until one value is left, always in the same order, and every thread gets
/// the result. The number of threads is a power of two. Shared memory has a place for each thread, and may be reused afterwards.
/// </summary>
internal static class Reductions
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Greater(float a, float b) => b > a ? b : a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Less(float a, float b) => b < a ? b : a;

    /// <summary>The sum of the values of all threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(ArrayView<float> shared, int threads, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        for (int half = threads / 2; half > 0; half /= 2)
        {
            Group.Barrier();

            if (t < half)
                shared[t] += shared[t + half];
        }

        Group.Barrier();

        float result = shared[0];

        Group.Barrier();

        return result;
    }

    /// <summary>The greatest value of all threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Greatest(ArrayView<float> shared, int threads, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        for (int half = threads / 2; half > 0; half /= 2)
        {
            Group.Barrier();

            if (t < half)
                shared[t] = Greater(shared[t], shared[t + half]);
        }

        Group.Barrier();

        float result = shared[0];

        Group.Barrier();

        return result;
    }

    /// <summary>
    /// The place of the greatest value of all threads, the first one of equal values. The value itself is then in shared[0].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int PlaceOfGreatest(ArrayView<float> shared, ArrayView<int> places, int threads, float value, int place)
    {
        int t = Group.IdxX;
        shared[t] = value;
        places[t] = place;
        for (int half = threads / 2; half > 0; half /= 2)
        {
            Group.Barrier();

            if (t < half)
            {
                float other = shared[t + half];
                bool earlier = other == shared[t] && places[t + half] < places[t];
                if (other > shared[t] || earlier)
                {
                    shared[t] = other;
                    places[t] = places[t + half];
                }
            }
        }

        Group.Barrier();

        int result = places[0];

        Group.Barrier();

        return result;
    }
}
