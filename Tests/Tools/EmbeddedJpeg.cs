using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>
/// Small JPEG files with the pixels that libjpeg-turbo 2.1.5 makes of them. The picture: a red disc on the colors
/// (11 x, 17 y, 7 x + 9 y) modulo 256, through "cjpeg OPTIONS"; the pixels: "djpeg -dct int -pnm" without its header.
/// </summary>
public sealed record EmbeddedJpeg(string Options, int Width, int Height, string File, string Pixels)
{
    internal static readonly EmbeddedJpeg[] All =
    [
        new("cjpeg -sample 2x2 -optimize", 11, 9,
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/"
            + "2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCAAJAAsDASIAAhEBAxEB/8QA"
            + "FgABAQEAAAAAAAAAAAAAAAAABQQG/8QAIhAAAQQBAgcAAAAAAAAAAAAAAQACBBESA0EFBhYyQlGB/8QAFAEBAAAAAAAAAAAAAAAAAAAAAv/EACARAAIBAgcB"
            + "AAAAAAAAAAAAAAECAwAEBRExQVFSocH/2gAMAwEAAhEDEQA/AMFwfl2EI7nSNHN+VCyRQ+Kzp1viw47X6S8LZMs7Ajbq6szFswduKVvjZktY4ljCsup7efTX"
            + "/9k=",
            "AAUAAQsDDA0IEAYEGwIILgUVPgUlSAEtUgA5YQZLaQlRARQOCRMLHA8JMQ4KSgwPXQsZZwQgaAAobAM7bQlJbAxTAB4WDRQMOxMLfCMdujAu1zA43y5C2TBR"
            + "oxFAihNLdhdXEDMsHiQaViETpzMk6Tkq/y8l/igq9DA+xSpJmyhReixgHUI7LDQnZzEZsT4f6TwU9CgD7iEC4y4dwj1AlTxOckBjCE06IEIpYkAdr0og60MU"
            + "/DMF/DIK8UQmtkA0jklOa1JnAHBCC2I1TlQmmUwi2TsU8SkH8iUI4DEctEI3kVdWbmlwAINGAXc9NmYydV8wr1MsyUcnzEIovkcznlZIi25mc39/AIdJC4dJ"
            + "JINJPX1JV3dIa3NMd3RTe3dcd3xocoJ1bIqC"),
        new("cjpeg -sample 2x1 -progressive -restart 1", 10, 7,
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/"
            + "2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wgARCAAHAAoDASEAAhEBAxEB/8QA"
            + "FQABAQAAAAAAAAAAAAAAAAAAAgX/xAAVAQEBAAAAAAAAAAAAAAAAAAACBP/dAAQAAf/aAAwDAQACEAMQAAABhI2//8QAGBAAAgMAAAAAAAAAAAAAAAAAAgMA"
            + "ARP/3QAEAAL/2gAIAQEAAQUCQkKDCf/EABgRAAMBAQAAAAAAAAAAAAAAAAECAwBB/90ABAAB/9oACAEDAQE/ATRRCZXu/8QAGREAAQUAAAAAAAAAAAAAAAAA"
            + "AQACAxES/9oACAECAQE/AYidOtf/xAAXEAEAAwAAAAAAAAAAAAAAAAABAhAR/90ABAAC/9oACAEBAAY/AnYjX//EABYQAQEBAAAAAAAAAAAAAAAAAAARYf/a"
            + "AAgBAQABPyGgRqX/3QAEAAH/2gAMAwEAAgADAAAAEA//xAAaEQACAgMAAAAAAAAAAAAAAAABEQAxgbHx/9oACAEDAQE/ELfgLwVt8U//xAAXEQADAQAAAAAA"
            + "AAAAAAAAAAAAASER/9oACAECAQE/EH0NJh//xAAaEAEAAgMBAAAAAAAAAAAAAAABABEhMUFR/90ABAAC/9oACAEBAAE/EBlC5RaFc87qFRgn/9k=",
            "AAkAAgoMHgYcMAAVVgAYUAAGWQYgTQAiYABAZgBNEh4UBgkCCgAAUA8XwzBC2DdGoz05aBUdcQc4eANJACAEHCAPaA8TtzEwyUgo2EYf8jck4DM1exgtZCNF"
            + "AS4aKTIhYiAUwD0r6TIK/yoA/ykE6TgmhyMvbS5JCEMxJT0tTiMTsj0r8zAQ/yoJ/ycJ5DIkhzQ8aEJXAE4tHVI4V0Ezp0s+1Dwl7ioU/yYd4jQ1fklPVl1n"
            + "FWA1EWAzCWEvVFk55jw//ycx0EEzjj0sdlpZZWJr"),
        new("cjpeg -grayscale -optimize", 9, 5,
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/"
            + "wAALCAAFAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAgb/xAAgEAABAgUFAAAAAAAAAAAAAAACAQMABAURFRIiMVGh/9oACAEBAAA/AIGjUuUwz+phojuV"
            + "jIEUk2pwsDFsdeR//9k=",
            "AwcAHAoOJRggCBMcX2ZlWi0sEBgfZnNzYi83JSspXlxeYD9CJjI2bGZmaUxM"),
        new("cjpeg -rgb -optimize -restart 1B", 4, 4,
            "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAIBgYHBgUIBwcHCQkICgwUDQwLCwwZEhMPFB0aHx4dGhwcICQuJyAiLCMcHCg3KSwwMTQ0NB8nOT04MjwuMzQy/8AA"
            + "EQgABAAEA1IRAEcRAEIRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcG/8QAIRAAAQQCAgIDAAAAAAAAAAAAAQIDBBEFIQAGElETFmH/3QAEAAH/2gAMA1IARwBC"
            + "AAA/AIZyfjIXW+tH6ziXnHscVuOLVISpahIeRZ8HU2SEA2fdCkgAEoxkQ2PiGtcII0RtTZ2RRrVeh+c//9k=",
            "AAAAEQEODAQFHgAYBQ8QBRQe/xYTLhIlACUH9igT+SkH7ycbBDAeEDAo8zAdPjA1"),
    ];

    internal byte[] Bytes => Convert.FromBase64String(File);

    internal Frame Expected
    {
        get
        {
            byte[] pixels = Convert.FromBase64String(Pixels);
            Frame frame = new(Width, Height, pixels.Length == Width * Height ? PixelFormat.Gray8 : PixelFormat.Rgb24);
            pixels.CopyTo(frame.Pixels);
            return frame;
        }
    }

    public override string ToString() => Options;
}
