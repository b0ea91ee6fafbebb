namespace SiamIlgpu.Datasets;

/// <summary>
/// What of the training data cannot be used, and why: each thing once, as a sentence with the file's name. Training goes
/// on with the rest. Several threads may add at once.
/// </summary>
public sealed class TrainingProblems
{
    private readonly Lock access = new();
    private readonly HashSet<string> known = [];
    private readonly List<string> list = [];
    private int taken;

    /// <summary>All that was found so far, in the order found.</summary>
    public IReadOnlyList<string> All
    {
        get
        {
            lock (access)
                return [.. list];
        }
    }

    /// <summary>How many were found so far.</summary>
    public int Count
    {
        get
        {
            lock (access)
                return list.Count;
        }
    }

    /// <summary>Those that were found since the last call.</summary>
    public IReadOnlyList<string> TakeNew()
    {
        lock (access)
        {
            string[] fresh = [.. list.Skip(taken)];
            taken = list.Count;
            return fresh;
        }
    }

    /// <summary>Adds one, unless it is known.</summary>
    internal void Add(string file, string cause) => AddSentence($"{file}: {cause}");

    /// <summary>Adds one, unless it is known.</summary>
    internal void AddSentence(string problem)
    {
        lock (access)
        {
            if (known.Add(problem))
                list.Add(problem);
        }
    }
}
