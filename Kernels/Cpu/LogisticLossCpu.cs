namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// A batch of maps has a few thousand values, so one thread computes them, in double. With a = y * v, nothing overflows:
/// log(1 + exp(-a)) = max(-a, 0) + log(1 + e) with e = exp(-|a|), and 1 / (1 + exp(a)) is e / (1 + e) or 1 / (1 + e).
/// </summary>
internal sealed class LogisticLossCpu(CpuDevice device, LogisticLossSpec spec) : LogisticLoss(device, spec)
{
    protected override void RunCore(TensorView scores, TensorView labels, TensorView weights, TensorView losses, TensorView scoreGradient)
    {
        ReadOnlySpan<float> v = scores.Floats(), y = labels.Floats(), q = weights.Floats();
        Span<float> l = losses.Floats(), dv = scoreGradient.Floats();
        int places = Spec.Size * Spec.Size;
        for (int map = 0; map < Spec.Batch; map++)
        {
            double loss = 0;
            for (int i = map * places; i < (map + 1) * places; i++)
            {
                double a = (double)y[i] * v[i];
                double e = Math.Exp(-Math.Abs(a));
                loss += q[i] * (Math.Max(-a, 0) + Math.Log(1 + e));
                // dl/dv = -q y / (1 + exp(a))
                dv[i] = (float)(-q[i] * y[i] * (a > 0 ? e : 1) / (1 + e) / Spec.Batch);
            }
            l[map] = (float)loss;
        }
    }
}
