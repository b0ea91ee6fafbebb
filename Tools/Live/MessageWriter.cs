using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>The part of a message that is neither pictures nor targets.</summary>
internal readonly record struct LiveStatus
{
    internal required string State { get; init; }

    /// <summary>More about the state; may be empty.</summary>
    internal required string Note { get; init; }

    internal required LiveSpeed Speed { get; init; }

    /// <summary>The frame's number from 1; 0 before the first frame.</summary>
    internal required int FrameNumber { get; init; }

    internal required int? FrameCount { get; init; }

    /// <summary>The video's frames per second, or the rate that is assumed.</summary>
    internal required double Rate { get; init; }

    internal required double DecodeMilliseconds { get; init; }

    internal required double TrackMilliseconds { get; init; }

    internal required double DisplayMilliseconds { get; init; }

    internal required double FramesPerSecond { get; init; }

    /// <summary>Grows when responses and exemplars are new.</summary>
    internal required int Pictures { get; init; }
}

/// <summary>
/// Writes the messages to the pages: the header's length (4 bytes, little-endian), the header (JSON), the frame (rows of red, green,
/// blue, alpha), then for each target its response (bytes) and its exemplar (in the frame's format). Not thread-safe.
/// </summary>
internal sealed class MessageWriter(string name)
{
    private readonly ArrayBufferWriter<byte> header = new();
    private Utf8JsonWriter? json;

    /// <summary>Fills a message.</summary>
    /// <param name="message">The message to fill.</param>
    /// <param name="status">What the header says.</param>
    /// <param name="frame">The frame. Before the first one it has no pixels.</param>
    /// <param name="room">The width of the widest page, in pixels.</param>
    /// <param name="targets">The targets with refreshed pictures.</param>
    internal void Write(LiveMessage message, in LiveStatus status, Frame frame, int room, LiveTargets targets)
    {
        (int width, int height) = frame.Width > 0 ? PictureMaker.SizeFor(frame, room) : (0, 0);
        int side = targets.Count > 0 ? (int)Math.Sqrt(targets[0].Response.Length) : 0;
        WriteHeader(status, frame, width, height, side, targets);

        int length = 4 + header.WrittenCount + 4 * width * height;
        foreach (LiveTarget target in targets)
            length += target.Response.Length + target.Exemplar.Length;
        Span<byte> rest = message.Resize(length);
        BinaryPrimitives.WriteInt32LittleEndian(rest, header.WrittenCount);
        rest = rest[4..];
        header.WrittenSpan.CopyTo(rest);
        rest = rest[header.WrittenCount..];
        if (width > 0)
            Thumbnail.Shrink(frame.Pixels, frame.Width, frame.Height, rest[..(4 * width * height)], width, height);
        rest = rest[(4 * width * height)..];
        foreach (LiveTarget target in targets)
        {
            target.Response.CopyTo(rest);
            rest = rest[target.Response.Length..];
            target.Exemplar.CopyTo(rest);
            rest = rest[target.Exemplar.Length..];
        }
    }

    private void WriteHeader(in LiveStatus status, Frame frame, int width, int height, int side, LiveTargets targets)
    {
        header.ResetWrittenCount();
        json ??= new Utf8JsonWriter(header);
        json.Reset(header);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("state", status.State);
        json.WriteString("note", status.Note);
        json.WriteString("speed", status.Speed == LiveSpeed.Max ? "max" : "realtime");
        json.WriteNumber("frame", status.FrameNumber);
        if (status.FrameCount is { } count)
            json.WriteNumber("count", count);
        Put("seconds", Math.Max(0, status.FrameNumber - 1) / status.Rate);
        Put("rate", status.Rate);
        json.WriteNumber("width", frame.Width);
        json.WriteNumber("height", frame.Height);
        json.WriteNumber("shownWidth", width);
        json.WriteNumber("shownHeight", height);
        Put("decode", status.DecodeMilliseconds);
        Put("track", status.TrackMilliseconds);
        Put("display", status.DisplayMilliseconds);
        Put("fps", status.FramesPerSecond);
        json.WriteNumber("pictures", status.Pictures);
        json.WriteNumber("response", side);
        json.WriteNumber("exemplar", PictureMaker.ExemplarSide);
        json.WriteStartArray("targets");
        foreach (LiveTarget target in targets)
        {
            TrackResult result = target.Result;
            json.WriteStartObject();
            json.WriteNumber("number", target.Number);
            json.WriteNumber("color", target.Color);
            json.WriteStartArray("box");
            json.WriteNumberValue(Finite(result.Box.X));
            json.WriteNumberValue(Finite(result.Box.Y));
            json.WriteNumberValue(Finite(result.Box.Width));
            json.WriteNumberValue(Finite(result.Box.Height));
            json.WriteEndArray();
            Put("confidence", result.Confidence);
            json.WriteBoolean("lost", result.Lost);
            json.WriteBoolean("found", target.HasResponse);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
    }

    private void Put(string property, double value) => json!.WriteNumber(property, Finite(value));

    // JSON has no infinities or NaN, and the page needs no more digits.
    private static double Finite(double value) => double.IsFinite(value) ? Math.Round(value, 4) : 0;
}
