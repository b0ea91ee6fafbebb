using System.Globalization;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>A target on the page.</summary>
internal sealed class LiveTarget(int number, int color, TrackResult result)
{
    /// <summary>The tracker's number of it.</summary>
    internal int Number { get; } = number;

    /// <summary>The place of its color in the page's palette.</summary>
    internal int Color { get; } = color;

    /// <summary>Where it is now.</summary>
    internal TrackResult Result { get; set; } = result;

    /// <summary>Whether it was found in a frame since it was last drawn, so that there is a response.</summary>
    internal bool HasResponse { get; set; }

    internal TargetHistory History { get; } = new();

    /// <summary>The response for the page: side x side bytes.</summary>
    internal byte[] Response { get; set; } = [];

    /// <summary>The exemplar for the page, <see cref="PictureMaker.ExemplarSide"/> squared pixels of 4 bytes.</summary>
    internal byte[] Exemplar { get; } = new byte[4 * PictureMaker.ExemplarSide * PictureMaker.ExemplarSide];
}

/// <summary>The targets with their boxes. The session's thread changes them; downloads, on any thread, read them.</summary>
internal sealed class LiveTargets
{
    private readonly Lock gate = new();
    private readonly List<LiveTarget> targets = [];

    /// <summary>For the session's thread.</summary>
    public List<LiveTarget>.Enumerator GetEnumerator() => targets.GetEnumerator();

    internal int Count => targets.Count;

    internal LiveTarget this[int index] => targets[index];

    internal LiveTarget? Find(int number) => targets.Find(t => t.Number == number);

    internal void Add(int number, int frame, TrackResult result)
    {
        int color = Enumerable.Range(0, LiveSession.MostTargets).First(c => !targets.Exists(t => t.Color == c));
        LiveTarget target = new(number, color, result);
        target.History.Add(frame, result);
        lock (gate)
            targets.Add(target);
    }

    internal void Remove(LiveTarget target)
    {
        lock (gate)
            targets.Remove(target);
    }

    /// <summary>x,y,w,h, four decimals, for every frame since the target was drawn (OTB); null without such a target.</summary>
    internal IEnumerable<string>? OtbLines(int number)
    {
        LiveTarget? target;
        lock (gate)
            target = Find(number);
        return target?.History.Read().Select(f => f.Box.ToString());
    }

    /// <summary>All targets' boxes, frame by frame for each.</summary>
    internal IEnumerable<string> CsvLines()
    {
        LiveTarget[] all;
        lock (gate)
            all = [.. targets];
        return all
            .SelectMany(target => target.History.Read().Select(f => string.Create(
                CultureInfo.InvariantCulture, $"{f.Frame},{target.Number},{f.Box},{f.Confidence:F4},{(f.Lost ? 1 : 0)}")))
            .Prepend("frame,target,x,y,w,h,confidence,lost");
    }
}
