using SiamIlgpu.Kernels;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>A network for colour video, and the same one trained for grey video where there is one.</summary>
internal sealed class TrackingNetworks
{
    private readonly NetworkWeights? grey;

    /// <exception cref="WeightFormatException">Weights lack a definition, or the two differ in theirs.</exception>
    internal TrackingNetworks(NetworkWeights colour, NetworkWeights? grey)
    {
        Colour = colour;
        this.grey = grey;
        Definition = colour.RequireDefinition();
        if (grey is not null && !grey.RequireDefinition().Equals(Definition))
        {
            throw new WeightFormatException(
                grey.Source, $"the grey network must have the layers of {colour.Source}, but it is a {grey.Definition!.Name}");
        }
    }

    internal NetworkDefinition Definition { get; }

    internal NetworkWeights Colour { get; }

    /// <summary>The network for a video that begins with this frame.</summary>
    internal NetworkWeights For(in FrameView frame) => grey is not null && IsGrey(frame) ? grey : Colour;

    private static bool IsGrey(in FrameView frame)
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
