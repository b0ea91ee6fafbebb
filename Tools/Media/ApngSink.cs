using System.Buffers.Binary;

namespace SiamIlgpu.Media;

/// <summary>
/// An animated PNG, written frame by frame: a PNG file whose first picture every viewer shows, and chunks that APNG viewers
/// know (acTL, fcTL, fdAT; Animated PNG 1.0). It plays for ever.
/// </summary>
internal sealed class ApngSink : FrameSink
{
    private readonly PartialFile file;
    private readonly FileStream stream;
    private readonly FirstFrameSize size = new();
    private int frames;
    private int sequence;
    private long controlPosition;

    public ApngSink(string output)
    {
        file = new PartialFile(output);
        try
        {
            stream = new FileStream(file.Temporary, FileMode.CreateNew, FileAccess.Write);
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
    }

    public override void Keep()
    {
        if (frames == 0)
            throw file.Failure(new IOException("it has no frame"));
        try
        {
            PngChunks.Write(stream, "IEND"u8, []);
            // The number of frames stands before them.
            stream.Position = controlPosition;
            WriteAnimationControl();
            stream.Dispose();
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
        file.Keep();
    }

    protected override void Write(Frame frame)
    {
        try
        {
            WriteFrame(size.Fit(frame));
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        stream.Dispose();
        file.Dispose();
    }

    private void WriteFrame(Frame frame)
    {
        byte[] png = PngEncoder.Encode(frame);
        if (frames == 0)
        {
            stream.Write(PngChunks.Start(png));
            controlPosition = stream.Position;
            WriteAnimationControl();
        }
        WriteFrameControl();
        byte[] picture = PngChunks.ImageData(png);
        if (frames == 0)
        {
            PngChunks.Write(stream, "IDAT"u8, picture);
        }
        else
        {
            byte[] numbered = new byte[4 + picture.Length];
            BinaryPrimitives.WriteInt32BigEndian(numbered, sequence++);
            picture.CopyTo(numbered, 4);
            PngChunks.Write(stream, "fdAT"u8, numbered);
        }
        frames++;
    }

    private void WriteAnimationControl()
    {
        const int forEver = 0;
        Span<byte> control = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(control, frames);
        BinaryPrimitives.WriteInt32BigEndian(control[4..], forEver);
        PngChunks.Write(stream, "acTL"u8, control);
    }

    // Sequence number, width, height, x, y, seconds as a fraction, how to leave the frame, how to draw it. Each frame covers
    // the last one.
    private void WriteFrameControl()
    {
        (ushort numerator, ushort denominator) = Delay();
        Span<byte> control = stackalloc byte[26];
        control.Clear();
        BinaryPrimitives.WriteInt32BigEndian(control, sequence++);
        BinaryPrimitives.WriteInt32BigEndian(control[4..], size.Width);
        BinaryPrimitives.WriteInt32BigEndian(control[8..], size.Height);
        BinaryPrimitives.WriteUInt16BigEndian(control[20..], numerator);
        BinaryPrimitives.WriteUInt16BigEndian(control[22..], denominator);
        PngChunks.Write(stream, "fcTL"u8, control);
    }

    // 29.97 frames a second are 1000/29970 s; at more than 65 the fraction has no room for thousandths.
    private (ushort Numerator, ushort Denominator) Delay()
    {
        int scale = FramesPerSecond * 1000 <= ushort.MaxValue ? 1000 : 1;
        return ((ushort)scale, (ushort)Math.Clamp(Math.Round(FramesPerSecond * scale), 1, ushort.MaxValue));
    }
}
