using System.Globalization;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>A target on the page.</summary>
internal sealed class LiveTarget(int number, int color, TrackResult result)
{
    /// <summary>The tracker's number for the target.</summary>
    internal int Number { get; } = number;

    /// <summary>The index of its color in the page's palette.</summary>
    internal int Color { get; } = color;

    /// <summary>The newest result.</summary>
    internal TrackResult Result { get; set; } = result;

    /// <summary>Whether the tracker has searched for it since it was last drawn, so that there is a response.</summary>
    internal bool HasResponse { get; set; }

    internal TargetHistory History { get; } = new();

    /// <summary>The response as the page shows it: side x side bytes.</summary>
    internal byte[] Response { get; set; } = [];

    /// <summary>The exemplar as the page shows it: <see cref="PictureMaker.ExemplarSide"/> squared pixels with 4 bytes each.</summary>
    internal byte[] Exemplar { get; } = new byte[4 * PictureMaker.ExemplarSide * PictureMaker.ExemplarSide];
}

/// <summary>The targets with their boxes. Only the session's thread changes them. Downloads read them on any thread.</summary>
internal sealed class LiveTargets
{
    private readonly Lock gate = new();
    private readonly List<LiveTarget> targets = [];

    /// <summary>Only for the session's thread.</summary>
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

    /// <summary>Lines of x,y,w,h with four decimals (OTB), for every frame since the target was drawn; null if there is no such target.</summary>
    internal IEnumerable<string>? OtbLines(int number)
    {
        LiveTarget? target;
        lock (gate)
            target = Find(number);
        return target?.History.Read().Select(f => f.Box.ToString());
    }

    /// <summary>CSV lines of all targets' boxes: one target after the other, each in the order of frames.</summary>
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
