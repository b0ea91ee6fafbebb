using System.Runtime.ExceptionServices;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Tests.Gpu.Sandbox;

/// <summary>
/// Runs a launch: groups one after the other, the threads of a group one at a time, each until it ends or waits for others. The
/// caller runs them as long as none waits; from the first that does, each has an OS thread of its own that hands over to the next.
/// One launch runs at a time, so where it stands is plain static fields.
/// </summary>
internal static class GroupRunner
{
    private const int Warp = 32;
    private const int SharedLimit = 48 * 1024; // of static shared memory, on CUDA

    private static readonly Lock OneLaunch = new();
    private static readonly List<Gate> Carriers = []; // one OS thread a slot
    private static readonly Gate Caller = new();
    private static readonly List<SandboxMemory> SharedArrays = [];
    private static readonly State[] States = new State[1024];
    private static readonly int[] SharedTaken = new int[1024];

    private static string kernel = "";
    private static Action body = () => { };
    private static bool descending;
    private static int current; // slot: the threads' order is ascending or descending
    private static int callerSlot;
    private static bool anyWaited;
    private static int sharedMade;
    private static Exception? failure;

    private enum State
    {
        Fresh,
        Ready,
        Running,
        AtBarrier,
        AtWarp,
        Ended,
    }

    internal static GridSize Groups { get; private set; }

    internal static (int X, int Y, int Z) Group { get; private set; }

    internal static int GroupSize { get; private set; }

    internal static int Thread { get; private set; }

    /// <summary>What lies between two barriers of a group; no number is used twice.</summary>
    internal static int Phase { get; private set; }

    /// <summary>The first phase of the group.</summary>
    internal static int GroupStart { get; private set; }

    /// <summary>The first phase of the launch.</summary>
    internal static int LaunchStart { get; private set; }

    /// <summary>Runs a kernel; what ends it early is thrown here.</summary>
    internal static void Run(string name, GridSize groups, int groupSize, bool descendingThreads, Action thread)
    {
        lock (OneLaunch)
        {
            (kernel, Groups, GroupSize, descending, body) = (name, groups, groupSize, descendingThreads, thread);
            failure = null;
            SharedArrays.Clear();
            LaunchStart = Phase + 1;
            for (int z = 0; z < groups.Z; z++)
                for (int y = 0; y < groups.Y; y++)
                    for (int x = 0; x < groups.X && failure == null; x++)
                    {
                        Group = (x, y, z);
                        RunGroup();
                    }
            if (failure != null)
                ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>An error of the thread that runs.</summary>
    internal static SandboxException Error(string what) => new($"{kernel}: group {Group}, thread {Thread}: {what}");

    /// <summary>Waits for the group.</summary>
    internal static void Barrier() => Wait(State.AtBarrier);

    /// <summary>Waits for the warp; the last to come does the work, given the warp's first thread.</summary>
    internal static void MeetWarp(Action<int> work)
    {
        if (GroupSize % Warp != 0)
            throw Error($"a warp needs {Warp} threads, the group has {GroupSize}");
        int first = Thread / Warp * Warp;
        Span<State> warp = States.AsSpan(descending ? GroupSize - Warp - first : first, Warp);
        States[current] = State.AtWarp;
        if (warp.ContainsAnyExcept(State.AtWarp))
        {
            Wait(State.AtWarp);
            return;
        }
        work(first);
        warp.Fill(State.Ready);
        States[current] = State.Running;
    }

    /// <summary>The thread's next shared array.</summary>
    internal static SandboxMemory Shared(long bytes, out int number)
    {
        number = SharedTaken[current]++;
        if (number == SharedArrays.Count)
            SharedArrays.Add(new SandboxMemory(bytes, shared: true));
        else if (number == sharedMade && SharedArrays[number].Bytes.Length != bytes)
            SharedArrays[number] = new SandboxMemory(bytes, shared: true);
        sharedMade = Math.Max(sharedMade, number + 1);
        SandboxMemory memory = SharedArrays[number];
        if (memory.Bytes.Length != bytes)
            throw Error($"shared array {number} has {memory.Bytes.Length} bytes for another thread, {bytes} for this one");
        if (SharedArrays.Take(sharedMade).Sum(array => array.Bytes.Length) > SharedLimit)
            throw Error($"shared array {number} of {bytes} bytes: a group has {SharedLimit} in all");
        return memory;
    }

    private static void RunGroup()
    {
        GroupStart = ++Phase;
        sharedMade = 0;
        anyWaited = false;
        States.AsSpan(0, GroupSize).Fill(State.Fresh);
        SharedTaken.AsSpan(0, GroupSize).Clear();
        for (int slot = 0; slot < GroupSize && failure == null && !anyWaited; slot++)
        {
            callerSlot = slot;
            Resume(slot);
            Carry(slot);
        }
        if (anyWaited && Next() is int next and >= 0)
        {
            Resume(next);
            GateOf(next).Open();
            Caller.Wait();
        }
    }

    // Runs one thread to its end.
    private static void Carry(int slot)
    {
        try
        {
            body();
        }
        catch (LaunchEndedException)
        {
            // Another thread failed, and this one is out of the way.
        }
        catch (Exception e) when (e is SandboxException or NotSupportedException)
        {
            Fail(e);
        }
        catch (Exception e)
        {
            Fail(new SandboxException(Error($"{e.GetType().Name}: {e.Message}").Message, e));
        }
        States[slot] = State.Ended;
    }

    private static void Wait(State state)
    {
        int slot = current;
        States[slot] = state;
        if (!anyWaited)
        {
            anyWaited = true;
            while (Carriers.Count < GroupSize)
                AddCarrier(Carriers.Count);
        }
        int next = Next();
        Resume(next);
        if (next != slot)
        {
            GateOf(next).Open();
            GateOf(slot).Wait();
        }
        if (failure != null)
            throw new LaunchEndedException();
    }

    private static void AddCarrier(int slot)
    {
        var gate = new Gate();
        Carriers.Add(gate);
        var thread = new Thread(() => CarryForever(slot, gate), 256 * 1024) { IsBackground = true, Name = $"sandbox {slot}" };
        thread.Start();
    }

    private static void CarryForever(int slot, Gate gate)
    {
        while (true)
        {
            gate.Wait();
            Carry(slot);
            int next = Next();
            if (next >= 0)
                Resume(next);
            (next >= 0 ? GateOf(next) : Caller).Open();
        }
    }

    private static Gate GateOf(int slot) => slot == callerSlot ? Caller : Carriers[slot];

    private static void Resume(int slot)
    {
        States[slot] = State.Running;
        current = slot;
        Thread = descending ? GroupSize - 1 - slot : slot;
    }

    // The next thread that can go on, after the one that stops; -1 when all have ended.
    private static int Next()
    {
        while (true)
        {
            for (int i = 1; i <= GroupSize; i++)
            {
                int slot = (current + i) % GroupSize;
                if (States[slot] is State.Fresh or State.Ready)
                    return slot;
            }
            Span<State> states = States.AsSpan(0, GroupSize);
            if (!states.ContainsAnyExcept(State.Ended))
                return -1;
            int atBarrier = states.Count(State.AtBarrier);
            if (atBarrier == GroupSize)
            {
                Phase++;
                states.Fill(State.Ready);
                current = GroupSize - 1; // so that the first is next
            }
            else if (states.Count(State.AtWarp) is int atWarp and > 0)
                Fail(new SandboxException($"{kernel}: group {Group}: divergent mma: {atWarp} threads wait for their warps"));
            else
                Fail(new SandboxException($"{kernel}: group {Group}: divergent barrier: {atBarrier} of {GroupSize} threads"));
        }
    }

    // Ends the launch: who waits is let go to unwind, who has not started never does.
    private static void Fail(Exception error)
    {
        failure ??= error;
        foreach (ref State state in States.AsSpan(0, GroupSize))
        {
            if (state == State.Fresh)
                state = State.Ended;
            else if (state is State.AtBarrier or State.AtWarp)
                state = State.Ready;
        }
    }

    private sealed class LaunchEndedException : Exception;
}
