using System.Buffers.Binary;

namespace SiamIlgpu.Media;

/// <summary>
/// An animated PNG, written frame by frame: a PNG file whose first picture every viewer shows, and chunks that APNG viewers
/// know (acTL, fcTL, fdAT; Animated PNG 1.0). It plays forever.
/// </summary>
internal sealed class ApngSink(string output) : FrameSink
{
    private readonly AtomicFile file = new(output);
    private readonly FirstFrameSize size = new();
    private int frames;
    private int sequence;
    private long controlPosition;

    public override void Keep()
    {
        if (frames == 0)
            throw file.Failure(new IOException("it has no frame"));
        file.Write(stream =>
        {
            PngChunks.Write(stream, "IEND"u8, []);
            // The number of frames is known only now, but it stands in front of them.
            stream.Position = controlPosition;
            WriteAnimationControl(stream);
        });
        file.Keep();
    }

    protected override void Write(Frame frame) => file.Write(stream => WriteFrame(stream, size.Fit(frame)));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
    }

    private void WriteFrame(Stream stream, Frame frame)
    {
        byte[] png = PngEncoder.Encode(frame);
        if (frames == 0)
        {
            stream.Write(PngChunks.Start(png));
            controlPosition = stream.Position;
            WriteAnimationControl(stream);
        }
        WriteFrameControl(stream);
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

    private void WriteAnimationControl(Stream stream)
    {
        const int forever = 0;
        Span<byte> control = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(control, frames);
        BinaryPrimitives.WriteInt32BigEndian(control[4..], forever);
        PngChunks.Write(stream, "acTL"u8, control);
    }

    // Sequence number, width, height, x, y, seconds as a fraction, what becomes of the frame after its time, how it is drawn.
    // Each frame covers the last one.
    private void WriteFrameControl(Stream stream)
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

    // 29.97 frames per second: each is shown for 1000/29970 s. Above 65 frames per second the denominator has no room for thousandths.
    private (ushort Numerator, ushort Denominator) Delay()
    {
        int scale = FramesPerSecond * 1000 <= ushort.MaxValue ? 1000 : 1;
        return ((ushort)scale, (ushort)Math.Clamp(Math.Round(FramesPerSecond * scale), 1, ushort.MaxValue));
    }
}
