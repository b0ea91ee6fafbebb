using System.Globalization;
using SiamIlgpu.Datasets;

namespace SiamIlgpu.Evaluation;

/// <summary>How trackers are run and scored.</summary>
/// <example>
/// <code>
/// var evaluation = new Evaluation(Vot.Open("VOT2016"), Protocol.Vot);
/// EvaluationReport report = evaluation.Run("mine", tracker);
/// Console.WriteLine($"{report.Trackers[0]["eao"]}");
/// </code>
/// </example>
public enum Protocol
{
    /// <summary>OTB's one-pass evaluation: one run from the first frame.</summary>
    Ope,

    /// <summary>OTB's temporal robustness evaluation: runs from 20 start frames.</summary>
    Tre,

    /// <summary>OTB's spatial robustness evaluation: runs from 12 start boxes that are slightly wrong.</summary>
    Sre,

    /// <summary>VOT's supervised experiment: a tracker that fails is initialized again five frames later.</summary>
    Vot,

    /// <summary>GOT-10k's evaluation: one run from the first frame.</summary>
    Got10k,

    /// <summary>The evaluation of CFNet's authors: runs from three start frames, each until the first failure.</summary>
    CfNet,
}

/// <summary>One run of a tracker on a sequence.</summary>
/// <param name="Name">The name of the run, unique within its protocol. Stored results have a folder of that name.</param>
/// <param name="Start">The number of the frame to start from, counted from 0.</param>
/// <param name="Box">The box that the tracker is given there, and how far its size differs from the true box.</param>
internal readonly record struct ProtocolRun(string Name, int Start, SpatialStart Box);

/// <summary>The runs of each protocol.</summary>
internal static class ProtocolRuns
{
    /// <summary>The usual protocol for data sets of a format.</summary>
    internal static Protocol DefaultOf(DatasetFormat format) => format switch
    {
        DatasetFormat.Vot => Protocol.Vot,
        DatasetFormat.Got10k => Protocol.Got10k,
        _ => Protocol.Ope,
    };

    /// <summary>Whether the protocol scores one run per sequence, so that one file of boxes per sequence is enough.</summary>
    internal static bool IsOnePass(Protocol protocol) => protocol is Protocol.Ope or Protocol.Got10k or Protocol.Vot;

    /// <summary>The runs on a sequence.</summary>
    /// <exception cref="EvaluationException">There is no true box to start from.</exception>
    internal static IReadOnlyList<ProtocolRun> Of(Protocol protocol, EvaluatedSequence sequence)
    {
        string name = protocol.ToString().ToLowerInvariant();
        switch (protocol)
        {
            case Protocol.Tre:
                return Numbered(OtbStarts.Temporal(sequence.Truth));
            case Protocol.CfNet:
                return Numbered(CfNetScore.Starts(sequence.Truth.Count).Select(start => NextTrue(sequence, start)));
            case Protocol.Sre:
                int first = NextTrue(sequence, OtbStarts.Temporal(sequence.Truth).DefaultIfEmpty(0).First());
                return
                [
                    .. OtbStarts.Spatial(sequence.Truth[first]!.Value, sequence.Width, sequence.Height)
                        .Select(start => new ProtocolRun($"{name}-{start.Name}", first, start)),
                ];
            default:
                if (sequence.Truth[0] is not { IsValid: true })
                    throw new EvaluationException($"{sequence.Name}: the first frame has no true box to start from");
                return [Exact(name, 0)];
        }

        ProtocolRun[] Numbered(IEnumerable<int> starts) =>
            [.. starts.Select((start, i) => Exact(string.Create(CultureInfo.InvariantCulture, $"{name}-{i + 1:D2}"), start))];

        ProtocolRun Exact(string run, int start) => new(run, start, new SpatialStart(run, sequence.Truth[NextTrue(sequence, start)]!.Value, 1));
    }

    private static int NextTrue(EvaluatedSequence sequence, int start)
    {
        for (int i = start; i < sequence.Truth.Count; i++)
        {
            if (sequence.Truth[i] is { IsValid: true })
                return i;
        }
        throw new EvaluationException($"{sequence.Name}: no true box to start from in frame {start + 1} or after it");
    }
}
