using System.Diagnostics;
using SiamIlgpu.Weights;
using W = SiamIlgpu.Tests.Weights.MatWriter;

namespace SiamIlgpu.Tests.Weights;

public sealed class MatFileTests
{
    [Test]
    public void Read_EveryNumericStorage_GivesTheValues(
        [Values] bool bigEndian,
        [Values] bool compressed,
        [Values(W.Int8, W.UInt8, W.Int16, W.UInt16, W.Int32, W.UInt32, W.Single, W.Double, W.Int64, W.UInt64)] int storage)
    {
        var w = new W(bigEndian);
        double[] expected = [0, 1, 2, 100, 101, 127];
        var read = (MatNumeric)Read(w.File(compressed, ("x", w.Numbers([2, 3], expected, storage))), "x");
        Assert.That(read.Dimensions, Is.EqualTo(new[] { 2, 3 }));
        Assert.That(Values(read), Is.EqualTo(expected));
    }

    [Test]
    public void Read_SmallElements_GivesTheValues([Values] bool bigEndian, [Values(1, 2, 3, 4)] int count)
    {
        var w = new W(bigEndian);
        double[] expected = [.. Enumerable.Range(7, count)];
        Assert.That(Values((MatNumeric)Read(w.File(false, ("x", w.Row(expected))), "x")), Is.EqualTo(expected));
    }

    [Test]
    public void Read_Logical_GivesZerosAndOnes()
    {
        var w = new W(bigEndian: false);
        byte[] file = w.File(true, ("x", w.Numbers([1, 2], [1, 0], W.UInt8, W.UInt8Class, flags: 2)));
        Assert.That(Values((MatNumeric)Read(file, "x")), Is.EqualTo(new double[] { 1, 0 }));
    }

    [Test]
    public void Read_NestedStructsAndCells_GivesEveryValue([Values] bool bigEndian, [Values] bool compressed)
    {
        var w = new W(bigEndian);
        byte[] file = w.File(compressed, ("s", w.Structs(
            ["name", "list"],
            w.Text("first"), w.Cell(w.Scalar(1), w.Text("zwölf", W.Utf8)),
            w.Text("second"), w.Cell(w.Empty(), w.Struct(("deep", w.Row(3, 4)))))));
        var read = (MatStruct)Read(file, "s");
        Assert.That(read.Fields, Is.EqualTo(new[] { "name", "list" }));
        Assert.That(read.Count, Is.EqualTo(2));
        Assert.That(((MatText)read["name"]!).Text, Is.EqualTo("first"));
        Assert.That(((MatText)((MatCell)read[0]["list"]!)[1]).Text, Is.EqualTo("zwölf"));
        Assert.That(((MatText)read[1]["name"]!).Text, Is.EqualTo("second"));
        var list = (MatCell)read[1]["list"]!;
        Assert.That(list[0].Count, Is.Zero);
        Assert.That(Values((MatNumeric)((MatStruct)list[1])["deep"]!), Is.EqualTo(new double[] { 3, 4 }));
        Assert.That(read["nothing"], Is.Null);
        Assert.That(() => read[2], Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(W.SparseClass, 0, "a sparse matrix")]
    [TestCase(W.FunctionClass, 0, "a function handle")]
    [TestCase(W.ObjectClass, 0, "a MATLAB object")]
    [TestCase(W.DoubleClass, 8, "complex numbers")]
    public void Read_WhatOnlyMatlabCanUse_IsPassedOver(int arrayClass, int flags, string kind)
    {
        var w = new W(bigEndian: false);
        MatWriter.Unnamed odd = w.Array(arrayClass, [2, 2], flags, w.Element(W.Double, new byte[64]));
        var read = (MatCell)Read(w.File(true, ("c", w.Cell(odd, w.Scalar(5)))), "c");
        Assert.That(read[0], Is.InstanceOf<MatOther>());
        Assert.That(read[0].Kind, Is.EqualTo(kind));
        Assert.That(Values((MatNumeric)read[1]), Is.EqualTo(new double[] { 5 }));
    }

    [Test]
    public void Read_MissingVariable_NamesThoseThatAreThere()
    {
        var w = new W(bigEndian: false);
        byte[] file = w.File(true, ("state", w.Scalar(1)), ("stats", w.Scalar(2)));
        Assert.That(() => Read(file, "net"), Refused("test.mat: has no variable net, only state, stats"));
    }

    [Test]
    public void Read_Hdf5_IsRefusedByName()
    {
        byte[] file = new W(bigEndian: false).Header();
        file[125] = 2;
        Assert.That(() => Read(file, "net"), Refused("test.mat: is a MAT 7.3 (HDF5) file, which is not supported; save it in MATLAB with save(..., '-v7')"));
    }

    [Test]
    public void Read_Truncated_IsRefused([Values] bool compressed, [Values(0, 100, 130, 140, 200, 400)] int length)
    {
        var w = new W(bigEndian: false);
        byte[] file = w.File(compressed, ("x", w.Numbers([16, 16], [.. Enumerable.Range(0, 256).Select(i => i * 0.37)])));
        Assert.That(() => Read(file[..length], "x"), Throws.InstanceOf<WeightFormatException>());
    }

    [Test]
    public void Read_DamagedChecksum_IsRefused()
    {
        var w = new W(bigEndian: false);
        byte[] file = w.File(true, ("x", w.Numbers([16, 16], [.. Enumerable.Range(0, 256).Select(i => i * 0.37)])));
        file[^1] ^= 1;
        Assert.That(() => Read(file, "x"), Refused("test.mat: its compressed data is damaged"));
    }

    [Test]
    public void Read_ImpossibleDimensions_IsRefused()
    {
        var w = new W(bigEndian: false);
        foreach (int[] dimensions in new[] { new[] { int.MaxValue, int.MaxValue }, [-1, 1], [65536, 65536], [1] })
            Assert.That(() => Read(w.File(false, ("x", w.Numbers(dimensions, [1, 2]))), "x"), Throws.InstanceOf<WeightFormatException>());
    }

    [Test]
    public void Read_ClaimsMoreCellsThanBytes_IsRefused()
    {
        var w = new W(bigEndian: false);
        byte[] file = w.File(false, ("x", w.Array(W.CellClass, [1, 100_000_000], 0, w.Scalar(1)(""))));
        Assert.That(() => Read(file, "x"), Throws.InstanceOf<WeightFormatException>().With.Message.Contains("100000000 elements"));
    }

    [Test]
    public void Read_NestedTooDeep_IsRefused()
    {
        var w = new W(bigEndian: false);
        MatWriter.Unnamed nested = w.Scalar(1);
        for (int i = 0; i < 100; i++)
            nested = w.Cell(nested);
        Assert.That(() => Read(w.File(true, ("x", nested)), "x"), Refused("test.mat: arrays are nested more than 32 deep"));
    }

    [Test]
    public void Read_ArrayOfZerosThatInflatesAHundredfold_IsRefusedUnread()
    {
        const int Side = 2048; // 16 MB of zeros
        var w = new W(bigEndian: false);
        byte[] contents = w.Element(W.Single, new byte[Side * Side * sizeof(float)]);
        byte[] file = [.. w.Header(), .. w.Deflated(w.Array(W.SingleClass, [Side, Side], 0, contents)("x"))];
        Assert.That(file, Has.Length.LessThan(300_000));
        AssertCheap(() => Assert.That(() => Read(file, "x"), Throws.InstanceOf<WeightFormatException>()), megabytes: 1);
    }

    [Test]
    public void Read_BombBesideTheWantedVariable_IsNotInflated()
    {
        const int Side = 2048;
        var w = new W(bigEndian: false);
        // Its tag claims little enough to be believed; the zeros that follow are never asked for.
        byte[] bomb = w.Deflated([.. w.Numbers([2, 2], [1, 2, 3, 4])("bomb"), .. new byte[Side * Side]]);
        byte[] file = [.. w.Header(), .. bomb, .. w.Deflated(w.Scalar(7)("x"))];
        AssertCheap(() => Assert.That(Values((MatNumeric)Read(file, "x")), Is.EqualTo(new double[] { 7 })), megabytes: 1);
        Assert.That(() => Read(file, "bomb"), Refused("test.mat: the compressed variable bomb goes on after its end"));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Read_ReferenceActivations_MatchScipy()
    {
        string path = SharedData.Require("weights/siamfc/reference-activations.mat");
        var features = (MatNumeric)((MatStruct)MatFile.Read(path, "r"))["z_features"]!;
        Assert.That(features.Dimensions, Is.EqualTo(new[] { 35, 50, 256 }));
        // scipy.io.loadmat(path)['r'][0, 0]['z_features'][3, 4, 5] and [34, 49, 255]
        Assert.That(features[3 + 35 * (4 + 50 * 5)], Is.EqualTo(-0.08266959339380264));
        Assert.That(features[features.Count - 1], Is.EqualTo(-0.14455090463161469));
    }

    private static MatValue Read(byte[] file, string variable) => MatFile.Read(new MemoryStream(file), "test.mat", variable);

    private static double[] Values(MatNumeric numbers) => [.. Enumerable.Range(0, numbers.Count).Select(i => numbers[i])];

    private static NUnit.Framework.Constraints.IResolveConstraint Refused(string message) =>
        Throws.InstanceOf<WeightFormatException>().With.Message.EqualTo(message);

    private static void AssertCheap(Action action, int megabytes)
    {
        var clock = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(megabytes << 20), "bytes allocated");
        Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(5));
    }
}
