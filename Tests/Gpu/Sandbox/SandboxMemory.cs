namespace SiamIlgpu.Tests.Gpu.Sandbox;

/// <summary>A kernel broke a rule. The message says which kernel, group and thread, and what it did.</summary>
internal sealed class SandboxException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Device memory, or one shared array of a group. Each word of four bytes remembers who touched it last and in which phase;
/// phases are counted over all launches, and a new one starts with each launch, group and barrier. So races are found by the
/// rules, whatever the order in which the threads happen to run.
/// </summary>
internal sealed class SandboxMemory
{
    private const short Several = -1;

    private readonly bool shared;
    private readonly Word[] words;

    internal SandboxMemory(long bytes, bool shared)
    {
        this.shared = shared;
        words = new Word[(bytes + 3) / 4];
        Bytes = new byte[bytes];
        // Real memory is not zeroed. As floats these are NaN.
        Bytes.AsSpan().Fill(0xff);
    }

    internal byte[] Bytes { get; }

    /// <summary>What messages call it.</summary>
    internal string Label(int number) => shared ? $"shared array {number}" : $"view {number}";

    /// <summary>Checks a read and returns its first byte.</summary>
    internal ref byte Read(int number, long start, int size, long index, long length)
    {
        long first = Place("read", number, start, size, index, length);
        int thread = GroupRunner.Thread;
        int phase = GroupRunner.Phase;
        for (long i = first / 4; i <= (first + size - 1) / 4; i++)
        {
            ref Word word = ref words[i];
            if (word.WritePhase == phase && word.Writer != thread)
                throw Race("read", number, index, $"thread {word.Writer} wrote it in the same phase: a barrier is missing");
            if (shared && word.WritePhase < GroupRunner.GroupStart)
                throw GroupRunner.Error($"{Label(number)}: read of index {index}, which is uninitialized");
            if (IsOfEarlierGroup(word.WritePhase))
                throw Race("read", number, index, "another group wrote it in this launch, and no barrier helps between groups");
            if (IsOfEarlierGroup(word.ReadPhase))
                word.EarlierReadPhase = word.ReadPhase;
            word.Reader = word.ReadPhase == phase && word.Reader != thread ? Several : (short)thread;
            word.ReadPhase = phase;
        }
        return ref Bytes[first];
    }

    /// <summary>Checks a write and returns its first byte.</summary>
    internal ref byte Write(int number, long start, int size, long index, long length)
    {
        long first = Place("write", number, start, size, index, length);
        // Races are tracked by words, so bytes are read only.
        if (size % 4 != 0)
            throw GroupRunner.Error($"{Label(number)}: write of {size} bytes, not of whole words");
        int thread = GroupRunner.Thread;
        int phase = GroupRunner.Phase;
        for (long i = first / 4; i < (first + size) / 4; i++)
        {
            ref Word word = ref words[i];
            if (word.WritePhase == phase && word.Writer != thread)
                throw Race("write", number, index, $"thread {word.Writer} wrote it in the same phase: a barrier is missing");
            if (word.ReadPhase == phase && word.Reader != thread)
            {
                string who = word.Reader == Several ? "several threads" : $"thread {word.Reader}";
                throw Race("write", number, index, $"{who} read it in the same phase: a barrier is missing");
            }
            if (IsOfEarlierGroup(word.WritePhase))
                throw Race("write", number, index, "another group wrote it in this launch");
            if (IsOfEarlierGroup(word.ReadPhase) || IsOfEarlierGroup(word.EarlierReadPhase))
                throw Race("write", number, index, "another group read it in this launch, and no barrier helps between groups");
            // Shared memory is reused; a result has one writer.
            if (!shared && word.WritePhase >= GroupRunner.GroupStart && word.Writer != thread)
                throw Race("write", number, index, $"thread {word.Writer} wrote it in this launch");
            word.Writer = (short)thread;
            word.WritePhase = phase;
        }
        return ref Bytes[first];
    }

    private bool IsOfEarlierGroup(int phase) => !shared && phase >= GroupRunner.LaunchStart && phase < GroupRunner.GroupStart;

    private long Place(string access, int number, long start, int size, long index, long length)
    {
        if ((ulong)index >= (ulong)length)
            throw GroupRunner.Error($"{Label(number)}: {access} of index {index}, length {length}");
        return start + index * size;
    }

    private SandboxException Race(string access, int number, long index, string why) =>
        GroupRunner.Error($"race in the {access} of {Label(number)} at index {index}: {why}");

    private struct Word
    {
        internal int WritePhase;
        internal int ReadPhase;
        internal int EarlierReadPhase; // the last read by a group before the one that read last
        internal short Writer;
        internal short Reader;
    }
}
