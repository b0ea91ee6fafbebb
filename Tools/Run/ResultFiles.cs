using System.Globalization;
using SiamIlgpu.Data;

namespace SiamIlgpu.Run;

/// <summary>Result files, written whole or not at all.</summary>
internal static class ResultFiles
{
    /// <summary>x,y,w,h for every frame, four decimals: OTB's format.</summary>
    internal static void WriteBoxes(string file, TrackedVideo tracked) =>
        AtomicFile.WriteLines(file, tracked.Results.Select(r => r.Box.ToString()));

    /// <summary>One line a frame: number from 1, box, confidence, lost, milliseconds without decoding.</summary>
    internal static void WriteCsv(string file, TrackedVideo tracked) =>
        AtomicFile.WriteLines(file, tracked.Results
            .Select((r, i) => string.Create(
                CultureInfo.InvariantCulture,
                $"{i + 1},{r.Box},{r.Confidence:F4},{(r.Lost ? 1 : 0)},{tracked.Milliseconds[i]:F3}"))
            .Prepend("frame,x,y,w,h,confidence,lost,milliseconds"));
}
