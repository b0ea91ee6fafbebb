namespace SiamIlgpu.Datasets;

/// <summary>
/// Lists what cannot be used in training data, and why. Each problem is listed once, as a sentence that names the file. Training continues
/// with the rest of the data. Thread-safe.
/// </summary>
public sealed class TrainingProblems
{
    private readonly Lock access = new();
    private readonly HashSet<string> known = [];
    private readonly List<string> list = [];
    private int taken;

    /// <summary>All problems so far, in the order in which they were found.</summary>
    public IReadOnlyList<string> All
    {
        get
        {
            lock (access)
                return [.. list];
        }
    }

    /// <summary>Number of problems so far.</summary>
    public int Count
    {
        get
        {
            lock (access)
                return list.Count;
        }
    }

    /// <summary>Returns the problems that were found since the last call.</summary>
    public IReadOnlyList<string> TakeNew()
    {
        lock (access)
        {
            string[] fresh = [.. list.Skip(taken)];
            taken = list.Count;
            return fresh;
        }
    }

    /// <summary>Adds a problem unless it is already listed.</summary>
    internal void Add(string file, string cause) => AddSentence($"{file}: {cause}");

    /// <summary>Adds a problem unless it is already listed.</summary>
    internal void AddSentence(string problem)
    {
        lock (access)
        {
            if (known.Add(problem))
                list.Add(problem);
        }
    }
}
