namespace SiamIlgpu.Tests.Reference;

/// <summary>Batch normalization with the batch's own moments, channel by channel, in double. All arrays planar.</summary>
internal static class BatchNormTrainingReference
{
    /// <summary>Output and moments: the means of all channels, then the sigmas.</summary>
    internal static (double[] Output, double[] Moments) Forward(in BatchNormSpec spec, double[] input, double[] gain, double[] offset)
    {
        var output = new double[input.Length];
        var moments = new double[2 * spec.Channels];
        for (int c = 0; c < spec.Channels; c++)
        {
            int[] places = Places(spec, c);
            double mean = places.Average(i => input[i]);
            double sigma = Math.Sqrt(places.Average(i => (input[i] - mean) * (input[i] - mean)) + spec.Epsilon);
            foreach (int i in places)
            {
                double y = gain[c] * (input[i] - mean) / sigma + offset[c];
                output[i] = spec.Relu ? Math.Max(y, 0) : y;
            }
            moments[c] = mean;
            moments[spec.Channels + c] = sigma;
        }
        return (output, moments);
    }

    /// <summary>dL/dx, dL/dgain and dL/doffset.</summary>
    internal static (double[] Input, double[] Gain, double[] Offset) Backward(
        in BatchNormSpec spec, double[] input, double[] output, double[] gain, double[] moments, double[] outputGradient)
    {
        var inputGradient = new double[input.Length];
        var gainGradient = new double[spec.Channels];
        var offsetGradient = new double[spec.Channels];
        bool relu = spec.Relu;
        for (int c = 0; c < spec.Channels; c++)
        {
            int[] places = Places(spec, c);
            double mean = moments[c], sigma = moments[spec.Channels + c];
            double Gradient(int i) => relu && !(output[i] > 0) ? 0 : outputGradient[i];
            double Normalized(int i) => (input[i] - mean) / sigma;

            double g = places.Sum(i => Gradient(i) * Normalized(i));
            double o = places.Sum(Gradient);
            foreach (int i in places)
                inputGradient[i] = gain[c] / sigma * (Gradient(i) - o / places.Length - Normalized(i) * g / places.Length);
            gainGradient[c] = g;
            offsetGradient[c] = o;
        }
        return (inputGradient, gainGradient, offsetGradient);
    }

    private static int[] Places(in BatchNormSpec spec, int channel)
    {
        int pixels = spec.Height * spec.Width, channels = spec.Channels;
        return
        [
            .. from n in Enumerable.Range(0, spec.Batch)
            from i in Enumerable.Range(0, pixels)
            select (n * channels + channel) * pixels + i,
        ];
    }
}
