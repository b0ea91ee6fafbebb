namespace SiamIlgpu.Kernels.Cpu;

/// <summary>A batch of maps is small (35 KB): one thread is done before a second has woken up. Sums are kept in double.</summary>
internal sealed class ScoreAdjustCpu(CpuDevice device, ScoreAdjustSpec spec) : ScoreAdjust(device, spec)
{
    protected override void ForwardCore(TensorView responses, TensorView gain, TensorView bias, TensorView scores)
    {
        ReadOnlySpan<float> r = responses.Floats();
        Span<float> v = scores.Floats();
        float g = gain.Floats()[0], b = bias.Floats()[0];
        for (int i = 0; i < v.Length; i++)
            v[i] = g * r[i] + b;
    }

    protected override void BackwardCore(
        TensorView responses, TensorView gain, TensorView scoreGradient,
        TensorView responseGradient, TensorView gainGradient, TensorView biasGradient, GradientWrite write)
    {
        ReadOnlySpan<float> r = responses.Floats(), dv = scoreGradient.Floats();
        Span<float> dr = responseGradient.Floats();
        float g = gain.Floats()[0];
        double gainSum = 0, biasSum = 0;
        for (int i = 0; i < dr.Length; i++)
        {
            float d = dv[i];   // dr may be dv itself
            gainSum += (double)d * r[i];
            biasSum += d;
            dr[i] = g * d;
        }
        ParameterGradients.Write(ref gainGradient.Floats()[0], gainSum, write);
        ParameterGradients.Write(ref biasGradient.Floats()[0], biasSum, write);
    }
}
