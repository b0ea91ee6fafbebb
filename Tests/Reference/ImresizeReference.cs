namespace SiamIlgpu.Tests.Reference;

/// <summary>MATLAB's bicubic imresize of one plane, as it is published: taps by index lists, columns first, in double.</summary>
internal static class ImresizeReference
{
    internal static double[,] Resize(double[,] plane, int outHeight, int outWidth)
    {
        (int[][] rowIndices, double[][] rowWeights) = Contributions(plane.GetLength(0), outHeight);
        (int[][] columnIndices, double[][] columnWeights) = Contributions(plane.GetLength(1), outWidth);
        int width = plane.GetLength(1);
        var tall = new double[outHeight, width];
        for (int y = 0; y < outHeight; y++)
            for (int x = 0; x < width; x++)
                for (int t = 0; t < rowIndices[y].Length; t++)
                    tall[y, x] += rowWeights[y][t] * plane[rowIndices[y][t], x];
        var result = new double[outHeight, outWidth];
        for (int y = 0; y < outHeight; y++)
            for (int x = 0; x < outWidth; x++)
                for (int t = 0; t < columnIndices[x].Length; t++)
                    result[y, x] += columnWeights[x][t] * tall[y, columnIndices[x][t]];
        return result;
    }

    private static (int[][] Indices, double[][] Weights) Contributions(int inLength, int outLength)
    {
        double scale = (double)outLength / inLength;
        double width = scale < 1 ? 4 / scale : 4;
        int taps = (int)Math.Ceiling(width) + 2;
        var indices = new int[outLength][];
        var weights = new double[outLength][];
        for (int i = 1; i <= outLength; i++)
        {
            double u = i / scale + 0.5 * (1 - 1 / scale);
            double left = Math.Floor(u - width / 2);
            var index = new int[taps];
            var weight = new double[taps];
            for (int t = 0; t < taps; t++)
            {
                double distance = u - (left + t);
                weight[t] = scale < 1 ? scale * Cubic(scale * distance) : Cubic(distance);
                index[t] = Mirrored((int)left + t, inLength);
            }
            double sum = weight.Sum();
            indices[i - 1] = index;
            weights[i - 1] = [.. weight.Select(w => w / sum)];
        }
        return (indices, weights);
    }

    // 1-based to 0-based through the list 1 2 .. n n .. 2 1, repeated for ever.
    private static int Mirrored(int oneBased, int length)
    {
        int[] list = [.. Enumerable.Range(0, length), .. Enumerable.Range(0, length).Reverse()];
        int at = (oneBased - 1) % list.Length;
        return list[at < 0 ? at + list.Length : at];
    }

    private static double Cubic(double x)
    {
        double a = Math.Abs(x);
        return a <= 1 ? 1.5 * a * a * a - 2.5 * a * a + 1
            : a <= 2 ? -0.5 * a * a * a + 2.5 * a * a - 4 * a + 2
            : 0;
    }
}
