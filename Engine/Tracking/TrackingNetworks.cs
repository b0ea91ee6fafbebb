using SiamIlgpu.Kernels;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>A network for color video and, if there is one, the same network trained for gray video.</summary>
internal sealed class TrackingNetworks
{
    private readonly NetworkWeights? gray;

    /// <exception cref="WeightFormatException">Weights lack a definition, or the two definitions differ.</exception>
    internal TrackingNetworks(NetworkWeights color, NetworkWeights? gray)
    {
        Color = color;
        this.gray = gray;
        Definition = color.RequireDefinition();
        if (gray is not null && !gray.RequireDefinition().Equals(Definition))
        {
            throw new WeightFormatException(
                gray.Source, $"the gray network must have the layers of {color.Source}, but it is a {gray.Definition!.Name}");
        }
    }

    internal NetworkDefinition Definition { get; }

    internal NetworkWeights Color { get; }

    /// <summary>The network for a video that starts with this frame.</summary>
    internal NetworkWeights For(in FrameView frame) => gray is not null && IsGray(frame) ? gray : Color;

    private static bool IsGray(in FrameView frame)
    {
        if (frame.Format == PixelFormat.Gray8)
            return true;
        (int red, int green, int blue) = frame.ChannelOffsets;
        int step = frame.BytesPerPixel;
        for (int y = 0; y < frame.Height; y++)
        {
            ReadOnlySpan<byte> row = frame.Row(y);
            for (int x = 0; x < row.Length; x += step)
            {
                if (row[x + red] != row[x + green] || row[x + red] != row[x + blue])
                    return false;
            }
        }
        return true;
    }
}
