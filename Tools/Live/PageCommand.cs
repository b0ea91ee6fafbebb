using System.Text.Json;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>The kinds of commands that a page sends.</summary>
internal enum PageCommandKind
{
    /// <summary>The page has shown the last message and is ready for the next one. The session does not see this command.</summary>
    Ready,
    Play,
    Pause,
    Step,
    Restart,
    Speed,

    /// <summary>A new target in the frame that the page shows.</summary>
    Add,

    /// <summary>A new box for a target, in the frame that the page shows.</summary>
    Redraw,
    Remove,
}

/// <summary>A message from a page, for example {"type":"add","frame":7,"box":[x,y,w,h]}.</summary>
internal readonly record struct PageCommand
{
    private const string Expected = "expected an object with a type: ready, play, pause, step, restart, speed, add, redraw or remove";

    internal PageCommandKind Kind { get; private init; }

    /// <summary>The page, which is told when the command does not work.</summary>
    internal LivePage? Page { get; init; }

    internal int Target { get; private init; }

    /// <summary>The frame that the page showed, from 1.</summary>
    internal int Frame { get; private init; }

    internal BoundingBox Box { get; private init; }

    /// <summary>The width of the page's canvas in screen pixels.</summary>
    internal int Width { get; private init; }

    internal LiveSpeed Speed { get; private init; }

    /// <summary>Reads a message. Returns null and the reason when it makes no sense.</summary>
    internal static PageCommand? Parse(ReadOnlySpan<byte> json, out string error)
    {
        PageCommandKind? kind = null;
        LiveSpeed? speed = null;
        int? target = null, frame = null, width = null;
        BoundingBox? box = null;
        error = "";
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 2 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return Refuse(out error, Expected);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                switch (name)
                {
                    case "type":
                        kind = KindOf(reader.GetString());
                        break;
                    case "speed":
                        speed = reader.GetString() switch { "realtime" => LiveSpeed.RealTime, "max" => LiveSpeed.Max, _ => null };
                        break;
                    case "target":
                        target = reader.GetInt32();
                        break;
                    case "frame":
                        frame = reader.GetInt32();
                        break;
                    case "width":
                        width = reader.GetInt32();
                        break;
                    case "box":
                        box = ReadBox(ref reader);
                        break;
                    default:
                        return Refuse(out error, $"there is no property '{name}' in a message");
                }
            }
            // Anything after the object makes the message invalid.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Refuse(out error, $"malformed message: {Expected}");
        }
        bool complete = kind switch
        {
            null => false,
            PageCommandKind.Ready => width is > 0,
            PageCommandKind.Speed => speed is not null,
            PageCommandKind.Add => frame is not null && box is not null,
            PageCommandKind.Redraw => target is not null && frame is not null && box is not null,
            PageCommandKind.Remove => target is not null,
            _ => true,
        };
        if (!complete)
            return Refuse(out error, kind is null ? Expected : $"a part of the message {kind} is missing or makes no sense");
        return new PageCommand
        {
            Kind = kind!.Value,
            Target = target ?? 0,
            Frame = frame ?? 0,
            Box = box ?? default,
            Width = width ?? 0,
            Speed = speed ?? LiveSpeed.RealTime,
        };
    }

    private static PageCommand? Refuse(out string error, string reason)
    {
        error = reason;
        return null;
    }

    private static PageCommandKind? KindOf(string? type) => type switch
    {
        "ready" => PageCommandKind.Ready,
        "play" => PageCommandKind.Play,
        "pause" => PageCommandKind.Pause,
        "step" => PageCommandKind.Step,
        "restart" => PageCommandKind.Restart,
        "speed" => PageCommandKind.Speed,
        "add" => PageCommandKind.Add,
        "redraw" => PageCommandKind.Redraw,
        "remove" => PageCommandKind.Remove,
        _ => null,
    };

    private static BoundingBox? ReadBox(ref Utf8JsonReader reader)
    {
        Span<double> numbers = stackalloc double[4];
        if (reader.TokenType != JsonTokenType.StartArray)
            return null;
        for (int i = 0; i < 4; i++)
        {
            reader.Read();
            numbers[i] = reader.GetDouble();
        }
        reader.Read();
        return reader.TokenType == JsonTokenType.EndArray ? new BoundingBox(numbers[0], numbers[1], numbers[2], numbers[3]) : null;
    }
}
