namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Batch normalization of the one channel of score maps. They are planar and small (35 KB), so one thread computes them, in double. The
/// gradient is derived at <see cref="BatchNormTrainingCpu"/>.
/// </summary>
internal sealed class ScoreBatchNormCpu(CpuDevice device, BatchNormSpec spec) : BatchNormTraining(device, spec)
{
    protected override void ForwardCore(TensorView input, TensorView gain, TensorView offset, TensorView moments, TensorView output)
    {
        ReadOnlySpan<float> x = input.Floats();
        Span<float> y = output.Floats();
        double mean = 0;
        foreach (float value in x)
            mean += value;
        mean /= x.Length;
        double variance = 0;
        foreach (float value in x)
            variance += (value - mean) * (value - mean);
        double sigma = Math.Sqrt(variance / x.Length + Spec.Epsilon);
        double scale = gain.Floats()[0] / sigma;
        double shift = offset.Floats()[0];
        for (int i = 0; i < y.Length; i++)
        {
            double value = scale * (x[i] - mean) + shift;
            y[i] = Spec.Relu ? (float)Math.Max(value, 0) : (float)value;
        }
        moments.Floats()[0] = (float)mean;
        moments.Floats()[1] = (float)sigma;
    }

    protected override void BackwardCore(
        TensorView input, TensorView output, TensorView gain, TensorView moments, TensorView outputGradient,
        TensorView inputGradient, TensorView gainGradient, TensorView offsetGradient, TensorView momentsGradient, GradientWrite write)
    {
        ReadOnlySpan<float> x = input.Floats(), y = output.Floats(), dy = outputGradient.Floats();
        Span<float> dx = inputGradient.Floats();
        double mean = moments.Floats()[0], sigma = moments.Floats()[1];
        double gainSum = 0, offsetSum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            if (Spec.Relu && !(y[i] > 0))
                continue;
            gainSum += dy[i] * (x[i] - mean) / sigma;
            offsetSum += dy[i];
        }
        double scale = gain.Floats()[0] / sigma;
        for (int i = 0; i < dx.Length; i++)
        {
            double d = Spec.Relu && !(y[i] > 0) ? 0 : dy[i];
            dx[i] = (float)(scale * (d - offsetSum / x.Length - (x[i] - mean) / sigma * gainSum / x.Length));
        }
        ParameterGradients.Write(ref gainGradient.Floats()[0], gainSum, write);
        ParameterGradients.Write(ref offsetGradient.Floats()[0], offsetSum, write);
        ParameterGradients.Write(ref momentsGradient.Floats()[0], mean, write);
        ParameterGradients.Write(ref momentsGradient.Floats()[1], sigma, write);
    }
}
