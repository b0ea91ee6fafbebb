namespace SiamIlgpu.Media;

/// <summary>Gives all frames of one video the size of the first.</summary>
internal sealed class FirstFrameSize
{
    private readonly Frame fitted = new();

    /// <summary>Columns of the first frame; 0 before it was added.</summary>
    public int Width { get; private set; }

    /// <summary>Rows of the first frame; 0 before it was added.</summary>
    public int Height { get; private set; }

    /// <summary>The frame itself if it has the right size, otherwise its upper left part on black.</summary>
    public Frame Fit(Frame frame)
    {
        if (Width == 0)
            (Width, Height) = (frame.Width, frame.Height);
        if ((frame.Width, frame.Height) == (Width, Height))
            return frame;
        fitted.Resize(Width, Height, frame.Format);
        fitted.Pixels.Clear();
        int bytes = Math.Min(Width, frame.Width) * frame.BytesPerPixel;
        for (int y = 0; y < Math.Min(Height, frame.Height); y++)
            frame.Row(y)[..bytes].CopyTo(fitted.Row(y));
        return fitted;
    }
}
