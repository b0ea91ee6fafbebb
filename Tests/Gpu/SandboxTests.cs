using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.Cuda;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>What the sandbox must let pass and what it must catch, by kernels that are right and the same with a fault.</summary>
[TestFixture(false)]
[TestFixture(true)]
internal sealed unsafe class SandboxTests(bool descending)
{
    private const int Tile = 8;

    [Test]
    public void Launch_TiledTranspose_IsRight()
    {
        float[] input = TestValues.Uniform(19 * 13, seed: 1);
        float[] output = Launch(Transpose, new GridSize(3, 2), Tile * Tile, input, input.Length, new Sizes { Rows = 13, Columns = 19 });
        for (int i = 0; i < input.Length; i++)
            Assert.That(output[i % 19 * 13 + i / 19], Is.EqualTo(input[i]));
    }

    [Test]
    public void Launch_GroupReductionOfManyGroups_IsRight([Values(1, 2, 64, 256)] int groupSize)
    {
        float[] input = [.. Enumerable.Range(0, 5 * groupSize).Select(i => (float)i)];
        float[] output = Launch(Sum, new GridSize(5), groupSize, input, 5, default(Sizes));
        for (int group = 0; group < 5; group++)
            Assert.That(output[group], Is.EqualTo(input.Skip(group * groupSize).Take(groupSize).Sum()));
    }

    [Test]
    public void Launch_VectorAccessByCast_IsRight()
    {
        float[] input = TestValues.Uniform(64, seed: 3);
        Assert.That(Launch(CopyFour, new GridSize(2), 8, input, 64, default(Sizes)), Is.EqualTo(input));
    }

    [Test]
    public void Launch_BytesByCast_AreReadButNotWritten()
    {
        float[] output = Launch(FromBytes, new GridSize(1), 8, [BitConverter.Int32BitsToSingle(0x04030201), 0], 8, default(Sizes));
        Assert.That(output, Is.EqualTo(new float[] { 1, 2, 3, 4, 0, 0, 0, 0 }));
        AssertFails(ToBytes, 1, 8, "view 1: write of 1 bytes");
    }

    [Test]
    public void Launch_BarrierMissingAfterWrite_IsARace() =>
        AssertFails(NeighborWithoutBarrier, 1, 64, "race", "shared array 0", "a barrier is missing");

    [Test]
    public void Launch_BarrierMissingBeforeReuse_IsARace() =>
        AssertFails(ReuseWithoutBarrier, 1, 64, "race in the", "shared array 0", "a barrier is missing");

    [Test]
    public void Launch_GlobalHandOverWithoutBarrier_IsARace() =>
        AssertFails(GlobalNeighbor, 1, 64, "race", "view 1", "a barrier is missing");

    [Test]
    public void Launch_TwoGroupsWriteOneCell_IsARace() =>
        AssertFails(WriteFirst, 2, 1, "race in the write of view 1 at index 0: another group wrote it");

    [Test]
    public void Launch_TwoThreadsWriteOneCellAcrossABarrier_IsARace() =>
        AssertFails(WriteFirstInTurn, 1, 2, "race in the write of view 1 at index 0");

    [Test]
    public void Launch_GroupReadsWhatAnotherWrites_IsARace([Values(1, 64)] int groupSize, [Values(0, 1, 2)] int writer) =>
        AssertFails(ReadOtherGroups, 3, groupSize, new Sizes { Rows = writer }, "race", "no barrier helps between groups");

    [Test]
    public void Launch_OverlappingVectors_IsARace() =>
        AssertFails(OverlappingVectors, 1, 2, "race in the write of view 1");

    [TestCase(64, "view 0: read of index 64, length 64")]
    [TestCase(-1, "view 0: read of index -1, length 64")]
    public void Launch_IndexOutsideView_SaysWhere(int shift, string expected)
    {
        AssertFails(ReadShifted, 2, 4, new Sizes { Rows = shift }, "ReadShifted: group (1, 0, 0), thread 2: " + expected);
        // And again, to see that the sandbox is whole.
        AssertFails(ReadShifted, 2, 4, new Sizes { Rows = shift }, expected);
    }

    [Test]
    public void Launch_IndexOutsideSharedArrayBehindABarrier_SaysWhere() =>
        AssertFails(PastShared, 1, 64, "group (0, 0, 0), thread 5: shared array 1: write of index 64, length 64");

    [Test]
    public void SubView_OutsideOrMisaligned_SaysWhere()
    {
        AssertFails(SubViewOutside, 1, 1, "view 0: subview of 2 at index 63, length 64");
        AssertFails(Misaligned, 1, 1, "view 0: byte 4 is misaligned for Four of 16 bytes");
    }

    [Test]
    public void Launch_SharedReadBeforeWrite_IsUninitialized() =>
        // In the second group too, which takes over the memory of the first.
        AssertFails(UninitializedInSecondGroup, 2, 64, "group (1, 0, 0)", "shared array 0: read of index", "uninitialized");

    [Test]
    public void Launch_BarrierThatSomeDoNotReach_IsDivergent() =>
        AssertFails(Divergent, 1, 64, "divergent barrier: 5 of 64 threads");

    [Test]
    public void Launch_SharedMemoryBeyondTheLimit_SaysSo() =>
        AssertFails(TooMuchShared, 1, 1, "a group has 49152 in all");

    [Test]
    public void Launch_AnyException_EndsTheLaunchAndLeavesTheSandboxWhole()
    {
        AssertFails(ThrowInOneThread, 2, 64, "ThrowInOneThread: group (0, 0, 0), thread 9: InvalidOperationException: no more");
        Launch_GroupReductionOfManyGroups_IsRight(64);
    }

    [Test]
    public void EmitRef_Mma_MatchesMatrixProduct()
    {
        // Two warps, each d += a b over two steps of eight; small whole numbers and a low bit that tensor cores must not see.
        float[] input = [.. Enumerable.Range(0, 2 * (16 * 16 + 16 * 8)).Select(i => MathF.BitIncrement(i * 7 % 13 + 1))];
        float[] output = Launch(MatrixProduct, new GridSize(1), 64, input, 2 * 16 * 8, default(Sizes));
        for (int i = 0; i < output.Length; i++)
        {
            (int warp, int row, int column) = (i / 128, i / 8 % 16, i % 8);
            float sum = 1;
            for (int k = 0; k < 16; k++)
                sum += MathF.Floor(input[warp * 256 + row * 16 + k]) * MathF.Floor(input[512 + warp * 128 + k * 8 + column]);
            Assert.That(output[i], Is.EqualTo(sum), $"warp {warp}, row {row}, column {column}");
        }
    }

    [Test]
    public void EmitRef_WarpThatPartlyReturned_IsDivergent() => AssertFails(DivergentMma, 1, 32, "divergent mma: 31 threads");

    [TestCase(0x3f800fffu, 0x3f800000u)]
    [TestCase(0x3f801000u, 0x3f802000u)]
    [TestCase(0xbf803000u, 0xbf804000u)]
    [TestCase(0x7f800000u, 0x7f800000u)]
    public void Emit_RoundToTf32_RoundsToNearestTiesAway(uint value, uint expected)
    {
        CudaAsm.Emit("cvt.rna.tf32.f32 %0, %1;", out uint rounded, BitConverter.UInt32BitsToSingle(value));
        Assert.That(rounded, Is.EqualTo(expected));
    }

    [Test]
    public void Emit_UnknownInstruction_Throws() =>
        Assert.That(() => CudaAsm.Emit("cvt.rn.bf16.f32 %0, %1;", out uint _, 1), Throws.InstanceOf<NotSupportedException>());

    [Test]
    public void Queue_BeforeAWait_DoesNothing()
    {
        using var driver = new SandboxDriver(_ => CopyFour);
        using PinnedMemory host = driver.AllocatePinned(8);
        using GpuFence fence = driver.CreateFence();
        fence.Wait();
        var values = (float*)host.Pointer;
        Assert.That(values[0], Is.NaN, "pinned memory is not zeroed");
        GpuMemory memory = driver.Allocate(4);

        values[0] = 1;
        driver.Upload(values, memory, 0, 4);
        values[0] = 2; // too early: this is what arrives
        driver.Download(memory, 0, values + 1, 4);
        fence.Set();
        driver.Clear(memory, 0, 4);
        driver.Download(memory, 0, values, 4);
        memory.Dispose(); // in use by the queue, and yet no harm
        Assert.That(values[1], Is.NaN, "read before the wait");
        fence.Wait();
        Assert.That((values[0], values[1]), Is.EqualTo((2f, 2f)));
        driver.Synchronize();
        Assert.That((values[0], values[1]), Is.EqualTo((0f, 2f)));
        Assert.That(driver.LiveAllocations, Is.Zero);
        Assert.That(memory.Dispose, Throws.InstanceOf<SandboxException>());
        Assert.That(() => driver.Clear(memory, 0, 4), Throws.InstanceOf<SandboxException>());
    }

    [Test]
    public void Dispose_PinnedMemoryThatTheQueueNeeds_LivesUntilThen()
    {
        using var driver = new SandboxDriver(_ => CopyFour);
        GpuMemory memory = driver.Allocate(4);
        PinnedMemory host = driver.AllocatePinned(4);
        *(float*)host.Pointer = 3;
        driver.Upload(host.Pointer, memory, 0, 4);
        host.Dispose();
        float value = 0;
        driver.Download(memory, 0, &value, 4);
        driver.Synchronize();
        Assert.That(value, Is.EqualTo(3));
    }

    [Test]
    public void Record_Replayed_DoesItEachTime()
    {
        using var driver = new SandboxDriver(_ => Increment);
        GpuKernel kernel = driver.Load(new KernelSource("Increment", Increment, 4));
        GpuMemory memory = driver.Allocate(16);
        using GpuRecording recording = driver.Record(
            () => kernel.Launch(new GridSize(1), [new GpuView(memory, 0, 4), new GpuView(memory, 0, 4)], default(Sizes)));
        driver.Clear(memory, 0, 16);
        recording.Replay();
        recording.Replay();
        float[] values = new float[4];
        fixed (float* to = values)
        {
            driver.Download(memory, 0, to, 16);
            driver.Synchronize();
        }
        Assert.That(values, Is.All.EqualTo(2));
    }

    [Test]
    public void Load_OtherParametersThanTheSource_Throws()
    {
        using var driver = new SandboxDriver(_ => Increment);
        Assert.That(() => driver.Load(new KernelSource("Bytes", (ArrayView<float> a, ArrayView<byte> b, Sizes c) => { }, 4)),
            Throws.InstanceOf<SandboxException>().With.Message.Contains("System.Byte"));
        Assert.That(() => driver.Load(new KernelSource("Int", (ArrayView<float> a, ArrayView<float> b, int c) => { }, 4)),
            Throws.InstanceOf<SandboxException>().With.Message.Contains("Int32"));
    }

    [Test]
    public void Launch_WrongArgumentsOrMemory_Throws()
    {
        using var driver = new SandboxDriver(_ => Increment, memoryLimit: 64);
        GpuKernel kernel = driver.Load(new KernelSource("Increment", Increment, 4));
        GpuMemory memory = driver.Allocate(64);
        var whole = new GpuView(memory, 0, 16);
        Assert.That(() => driver.Allocate(1), Throws.InstanceOf<DeviceMemoryException>());
        Assert.That(() => kernel.Launch(new GridSize(1), [whole], default(Sizes)), Throws.InstanceOf<SandboxException>());
        Assert.That(() => kernel.Launch(new GridSize(1), [whole, whole], 0), Throws.InstanceOf<SandboxException>());
        Assert.That(() => kernel.Launch(new GridSize(0), [whole, whole], default(Sizes)), Throws.InstanceOf<SandboxException>());
        var past = new GpuView(memory, 8, 9);
        Assert.That(() => kernel.Launch(new GridSize(1), [whole, past], default(Sizes)), Throws.InstanceOf<SandboxException>());
    }

    // One group = a tile; a thread = one element in and one out. input [rows, columns], output [columns, rows]
    private static void Transpose(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(Tile * Tile);
        (int x, int y) = (Group.IdxX % Tile, Group.IdxX / Tile);
        (int row, int column) = (Grid.IdxY * Tile + y, Grid.IdxX * Tile + x);
        if (row < sizes.Rows && column < sizes.Columns)
            tile[y * Tile + x] = input[row * sizes.Columns + column];
        Group.Barrier();
        (row, column) = (Grid.IdxX * Tile + y, Grid.IdxY * Tile + x);
        if (row < sizes.Columns && column < sizes.Rows)
            output[row * sizes.Rows + column] = tile[x * Tile + y];
    }

    private static void Sum(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(Group.DimX);
        sums[Group.IdxX] = input[Grid.IdxX * Group.DimX + Group.IdxX];
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (Group.IdxX < half)
                sums[Group.IdxX] += sums[Group.IdxX + half];
        }
        if (Group.IdxX == 0)
            output[Grid.IdxX] = sums[0];
    }

    private static void CopyFour(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        output.SubView(0, output.IntLength).Cast<Four>()[i] = input.Cast<Four>()[i];
    }

    private static void FromBytes(ArrayView<float> input, ArrayView<float> output, Sizes sizes) =>
        output[Group.IdxX] = input.Cast<byte>()[Group.IdxX];

    private static void ToBytes(ArrayView<float> input, ArrayView<float> output, Sizes sizes) =>
        output.Cast<byte>()[Group.IdxX] = 1;

    private static void NeighborWithoutBarrier(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        ArrayView<float> values = SharedMemory.Allocate<float>(Group.DimX);
        values[Group.IdxX] = input[Group.IdxX];
        Group.Barrier();
        values[Group.IdxX] = 1;
        output[Group.IdxX] = values[Group.DimX - 1 - Group.IdxX];
    }

    private static void ReuseWithoutBarrier(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        ArrayView<float> values = SharedMemory.Allocate<float>(Group.DimX);
        for (int step = 0; step < 2; step++)
        {
            values[Group.IdxX] = input[Group.IdxX];
            Group.Barrier();
            output[Group.IdxX] = values[(Group.IdxX + 1) % Group.DimX];
        }
    }

    private static void GlobalNeighbor(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        output[Group.IdxX] = 1;
        output[Group.IdxX] += output[(Group.IdxX + 1) % Group.DimX];
    }

    private static void WriteFirst(ArrayView<float> input, ArrayView<float> output, Sizes sizes) => output[0] = 1;

    private static void WriteFirstInTurn(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        for (int turn = 0; turn < Group.DimX; turn++)
        {
            if (turn == Group.IdxX)
                output[0] = 1;
            Group.Barrier();
        }
    }

    // One group updates what the others read: before it, after it, or both.
    private static void ReadOtherGroups(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        if (Grid.IdxX != sizes.Rows)
            output[1 + Grid.IdxX * Group.DimX + Group.IdxX] = output[0];
        else if (Group.IdxX == 0)
            output[0] += 1;
    }

    private static void OverlappingVectors(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        if (Group.IdxX == 0)
            output.Cast<Four>()[1] = default;
        else
            output[7] = 1;
    }

    private static void ReadShifted(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        if (Grid.IdxX == 1 && Group.IdxX == 2)
            output[0] = input[sizes.Rows];
    }

    private static void PastShared(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        SharedMemory.Allocate<float>(1);
        ArrayView<int> values = SharedMemory.Allocate<int>(64);
        Group.Barrier();
        if (Group.IdxX == 5)
            values[64] = 1;
        Group.Barrier();
    }

    private static void SubViewOutside(ArrayView<float> input, ArrayView<float> output, Sizes sizes) => input.SubView(63, 2);

    private static void Misaligned(ArrayView<float> input, ArrayView<float> output, Sizes sizes) => input.SubView(1).Cast<Four>();

    private static void UninitializedInSecondGroup(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        ArrayView<float> values = SharedMemory.Allocate<float>(Group.DimX);
        if (Grid.IdxX == 0 || Group.IdxX != 7)
            values[Group.IdxX] = 0;
        Group.Barrier();
        output[Grid.IdxX * Group.DimX + Group.IdxX] = values[(Group.IdxX + 1) % Group.DimX];
    }

    private static void Divergent(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        Group.Barrier();
        if (Group.IdxX % 13 == 0)
            Group.Barrier();
    }

    private static void TooMuchShared(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        SharedMemory.Allocate<float>(12288);
        SharedMemory.Allocate<float>(1);
    }

    private static void ThrowInOneThread(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        Group.Barrier();
        output[Group.IdxX] = Group.IdxX == 9 ? throw new InvalidOperationException("no more") : 1;
        Group.Barrier();
    }

    private static void Increment(ArrayView<float> input, ArrayView<float> output, Sizes sizes) =>
        output[Group.IdxX] = input[Group.IdxX] + 1;

    // A warp = 16x8 of d = 1 + a b over k = 16. input: of each warp a [16, 16], then of each warp b [16, 8]
    private static void MatrixProduct(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        (int warp, int row, int t) = (Group.IdxX / 32, Group.IdxX % 32 / 4, Group.IdxX % 4);
        Ref<float> d0 = 1, d1 = 1, d2 = 1, d3 = 1;
        for (int k = 0; k < 16; k += 8)
        {
            int a = warp * 256 + row * 16 + k + t;
            int b = 512 + warp * 128 + (k + t) * 8 + row;
            Input<uint> a0 = Interop.FloatAsInt(input[a]);
            Input<uint> a1 = Interop.FloatAsInt(input[a + 8 * 16]);
            Input<uint> a2 = Interop.FloatAsInt(input[a + 4]);
            Input<uint> a3 = Interop.FloatAsInt(input[a + 8 * 16 + 4]);
            Input<uint> b0 = Interop.FloatAsInt(input[b]);
            Input<uint> b1 = Interop.FloatAsInt(input[b + 4 * 8]);
            CudaAsm.EmitRef(
                "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
                ref d0, ref d1, ref d2, ref d3, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1);
            Group.Barrier();
        }
        int d = warp * 128 + row * 8 + 2 * t;
        output[d] = d0.Value;
        output[d + 1] = d1.Value;
        output[d + 64] = d2.Value;
        output[d + 65] = d3.Value;
    }

    private static void DivergentMma(ArrayView<float> input, ArrayView<float> output, Sizes sizes)
    {
        if (Group.IdxX != 3)
            MatrixProduct(input, output, sizes);
    }

    private float[] Launch(
        Action<ArrayView<float>, ArrayView<float>, Sizes> kernel, GridSize groups, int groupSize, float[] input, int outputLength,
        Sizes sizes)
    {
        using var driver = new SandboxDriver(_ => kernel, descending: descending);
        GpuKernel loaded = driver.Load(new KernelSource(kernel.Method.Name, kernel, groupSize));
        GpuMemory x = driver.Allocate(input.Length * sizeof(float));
        GpuMemory y = driver.Allocate(outputLength * sizeof(float));
        float[] output = new float[outputLength];
        fixed (float* from = input, to = output)
        {
            driver.Upload(from, x, 0, input.Length * sizeof(float));
            loaded.Launch(groups, [new GpuView(x, 0, input.Length), new GpuView(y, 0, outputLength)], sizes);
            driver.Download(y, 0, to, outputLength * sizeof(float));
            driver.Synchronize();
        }
        return output;
    }

    private void AssertFails(
        Action<ArrayView<float>, ArrayView<float>, Sizes> kernel, int groups, int groupSize, params string[] words) =>
        AssertFails(kernel, groups, groupSize, default, words);

    private void AssertFails(
        Action<ArrayView<float>, ArrayView<float>, Sizes> kernel, int groups, int groupSize, Sizes sizes, params string[] words)
    {
        float[] input = kernel == DivergentMma ? new float[1024] : new float[64];
        string message = Assert.Throws<SandboxException>(
            () => Launch(kernel, new GridSize(groups), groupSize, input, 1 + groups * groupSize + 16, sizes)).Message;
        foreach (string word in words)
            Assert.That(message, Does.Contain(word));
        Assert.That(message, Does.StartWith(kernel.Method.Name + ": group ("));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Sizes
    {
        internal int Rows;
        internal int Columns;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Four
    {
        internal float A;
        internal float B;
        internal float C;
        internal float D;
    }
}
