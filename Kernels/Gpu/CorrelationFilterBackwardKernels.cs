using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernel that ends the correlation filter's gradients.</summary>
internal readonly record struct CorrelationFilterBackwardArguments
{
    /// <summary>Blocks of sixteen channels of the features.</summary>
    internal int Blocks { get; init; }

    /// <summary>Pixels of a plane.</summary>
    internal int Pixels { get; init; }

    /// <summary>1 when the gradients of window and target are added to what is there, else 0.</summary>
    internal int Accumulate { get; init; }
}

/// <summary>
/// What the gradients of the correlation filter need besides DFTs. With X = F(h x), k = (1/n) sum_c |X_c|^2 + lambda, a = (1/n) Fy / k
/// and W_c = conj(a) X_c, at one frequency, and D_c = F(dL/dw_c), dL/dw being zero in the margin. By Parseval n dL is the sum over all
/// frequencies of Re(conj(D_c) dW_c). Written as Re(conj(G) dV) for each V that W depends on, G is V's gradient:
/// <code>
/// dW_c = conj(a) dX_c + conj(da) X_c     gives  dX_c = a D_c  and  dA = sum_c X_c conj(D_c)
/// da   = (1/n) dFy / k - (a / k) dk      gives  dY = (1/n) dA / k  and  dK = -Re(dA conj(a)) / k
/// dk   = (2/n) sum_c Re(conj(X_c) dX_c)  gives  dX_c += (2/n) dK X_c
/// </code>
/// Then g_c = F^-1 dX_c, dL/dy = F^-1 dY, and of the product h x: dL/dx_c = h g_c, dL/dh = sum_c x_c g_c.
/// All planes are real, so X, D, a, dA, dX and dY are conjugated at mirrored frequencies, and k and dK are equal there. No sum above goes
/// over frequencies, so those of the half spectrum stand for themselves; only the last rows back sum over frequencies, and their
/// matrix counts all but the first and the middle column twice.
/// </summary>
internal static class CorrelationFilterBackwardKernels
{
    internal const int RidgeThreads = 64;

    internal const int WindowThreads = 128;

    /// <summary>
    /// Group = one frequency; the threads share the channels. X becomes dX in place, and dY goes to the first lane of the block
    /// behind the last, so that it is transformed back with the others. target: (1/n) F(y); gradient: D.
    /// </summary>
    internal static void Ridge(
        ArrayView<float> real, ArrayView<float> imaginary, ArrayView<float> gradientReal, ArrayView<float> gradientImaginary,
        ArrayView<float> targetReal, ArrayView<float> targetImaginary, RidgeArguments a)
    {
        ArrayView<float> energies = SharedMemory.Allocate<float>(RidgeThreads);
        ArrayView<float> dotsReal = SharedMemory.Allocate<float>(RidgeThreads);
        ArrayView<float> dotsImaginary = SharedMemory.Allocate<float>(RidgeThreads);
        int t = Group.IdxX;
        int frequency = Grid.IdxX;
        float energy = 0, dotReal = 0, dotImaginary = 0;
        for (int block = t / Block.Lanes; block < a.Blocks; block += RidgeThreads / Block.Lanes)
        {
            int at = (block * a.Frequencies + frequency) * Block.Lanes + (t & (Block.Lanes - 1));
            float re = real[at];
            float im = imaginary[at];
            float dRe = gradientReal[at];
            float dIm = gradientImaginary[at];
            energy += re * re + im * im;
            dotReal += re * dRe + im * dIm;
            dotImaginary += im * dRe - re * dIm;
        }
        energies[t] = energy;
        dotsReal[t] = dotReal;
        dotsImaginary[t] = dotImaginary;
        for (int half = RidgeThreads / 2; half > 0; half /= 2)
        {
            Group.Barrier();

            if (t < half)
            {
                energies[t] += energies[t + half];
                dotsReal[t] += dotsReal[t + half];
                dotsImaginary[t] += dotsImaginary[t + half];
            }
        }

        Group.Barrier();

        float k = a.Share * energies[0] + a.Lambda;
        float alphaReal = targetReal[frequency] / k;
        float alphaImaginary = targetImaginary[frequency] / k;
        float energyGradient = -2 * a.Share * (dotsReal[0] * alphaReal + dotsImaginary[0] * alphaImaginary) / k;
        for (int block = t / Block.Lanes; block < a.Blocks; block += RidgeThreads / Block.Lanes)
        {
            int at = (block * a.Frequencies + frequency) * Block.Lanes + (t & (Block.Lanes - 1));
            float dRe = gradientReal[at];
            float dIm = gradientImaginary[at];
            real[at] = alphaReal * dRe - alphaImaginary * dIm + energyGradient * real[at];
            imaginary[at] = alphaReal * dIm + alphaImaginary * dRe + energyGradient * imaginary[at];
        }
        if (t < Block.Lanes)
        {
            int at = (a.Blocks * a.Frequencies + frequency) * Block.Lanes + t;
            real[at] = t == 0 ? a.Share * dotsReal[0] / k : 0;
            imaginary[at] = t == 0 ? a.Share * dotsImaginary[0] / k : 0;
        }
    }

    /// <summary>
    /// Group = eight pixels, a thread = one of the sixteen lanes of one. dL/dx = h g; dL/dh is the sum of x g over the channels: each
    /// thread adds up its lane of all blocks, then the lanes halve. planes: g, and dL/dy in the first lane of one block more.
    /// </summary>
    internal static void Window(
        ArrayView<float> features, ArrayView<float> window, ArrayView<float> planes,
        ArrayView<float> featureGradient, ArrayView<float> windowGradient, ArrayView<float> targetGradient, CorrelationFilterBackwardArguments a)
    {
        ArrayView<float> shares = SharedMemory.Allocate<float>(WindowThreads);
        int t = Group.IdxX;
        int lane = t & (Block.Lanes - 1);
        int pixel = Grid.IdxX * (WindowThreads / Block.Lanes) + t / Block.Lanes;
        float share = 0;
        if (pixel < a.Pixels)
        {
            float h = window[pixel];
            int at = pixel * Block.Lanes + lane;
            for (int block = 0; block < a.Blocks; block++)
            {
                float g = planes[at];
                share += features[at] * g;
                featureGradient[at] = h * g;
                at += a.Pixels * Block.Lanes;
            }
        }
        shares[t] = share;
        for (int half = 8; half > 0; half /= 2)
        {
            Group.Barrier();

            if (lane < half)
                shares[t] += shares[t + half];
        }

        // Each remaining thread has added up its own share, so no barrier is needed.
        if (lane == 0 && pixel < a.Pixels)
        {
            float ofWindow = shares[t];
            float ofTarget = planes[(a.Blocks * a.Pixels + pixel) * Block.Lanes];
            // What was there may not even be a number, so it is not multiplied with zero.
            if (a.Accumulate != 0)
            {
                ofWindow += windowGradient[pixel];
                ofTarget += targetGradient[pixel];
            }
            windowGradient[pixel] = ofWindow;
            targetGradient[pixel] = ofTarget;
        }
    }
}
