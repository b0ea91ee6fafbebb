using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Weights;

public sealed class SafetensorsTests
{
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("weights-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public void SaveThenLoad_EveryKnownNetwork_GivesTheSame([Range(0, 5)] int index)
    {
        NetworkWeights saved = Random(NetworkDefinition.Known[index]);
        string path = Path.Combine(folder, "a.safetensors");
        saved.Save(path);
        NetworkWeights loaded = NetworkWeights.Load(path);
        Assert.That(loaded.Source, Is.EqualTo(path));
        Assert.That(loaded.Definition, Is.EqualTo(saved.Definition));
        Assert.That(loaded.Metadata, Is.EqualTo(saved.Metadata));
        Assert.That(loaded.Tensors.Keys, Is.EquivalentTo(saved.Tensors.Keys));
        foreach ((string name, WeightTensor tensor) in saved.Tensors)
        {
            Assert.That(loaded.Tensors[name].Shape, Is.EqualTo(tensor.Shape), name);
            Assert.That(loaded.Tensors[name].Values.AsSpan().SequenceEqual(tensor.Values), Is.True, name);
        }
    }

    [Test]
    public void Save_Twice_GivesTheSameAlignedBytesAndNoOtherFile()
    {
        NetworkWeights weights = Random(NetworkDefinition.CfNetConv1);
        var reordered = new NetworkWeights("b", weights.Definition, weights.Tensors.Reverse().ToDictionary(), weights.Metadata.Reverse().ToDictionary());
        string first = Path.Combine(folder, "a.safetensors"), second = Path.Combine(folder, "b.safetensors");
        weights.Save(first);
        reordered.Save(second);
        reordered.Save(second); // replaces
        byte[] bytes = File.ReadAllBytes(first);
        Assert.That(File.ReadAllBytes(second).AsSpan().SequenceEqual(bytes), Is.True);
        Assert.That(BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8, Is.Zero);
        Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(2));
    }

    [Test]
    public void Save_TensorsThatBelieTheDefinition_LeavesTheOldFile()
    {
        NetworkWeights good = Random(NetworkDefinition.CfNetConv1);
        string path = Path.Combine(folder, "a.safetensors");
        good.Save(path);
        byte[] before = File.ReadAllBytes(path);
        var bad = new NetworkWeights("bad", NetworkDefinition.CfNetConv2, good.Tensors);
        Assert.That(() => bad.Save(path), Throws.InstanceOf<WeightFormatException>()
            .With.Message.EqualTo("bad: conv1.weight: expected [96,3,11,11], file has [32,3,11,11]"));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(before));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void SaveThenLoad_MatConvNetFile_GivesTheSame()
    {
        NetworkWeights read = NetworkWeights.Load(SharedData.Require("weights/cfnet/cfnet-conv1_e75.mat"));
        string path = Path.Combine(folder, "a.safetensors");
        read.Save(path);
        NetworkWeights again = NetworkWeights.Load(path);
        Assert.That(again.Definition, Is.EqualTo(read.Definition));
        Assert.That(again.Metadata, Is.EqualTo(read.Metadata));
        Assert.That(read.Tensors.All(tensor => again.Values(tensor.Key, [.. tensor.Value.Shape]).SequenceEqual(tensor.Value.Values)), Is.True);
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Load_SiamFcWithoutDefinition_IsRecognized()
    {
        NetworkWeights weights = NetworkWeights.Load(SharedData.Require("weights/siamfc/siamfc-color-3s-from-int8.safetensors"));
        NetworkDefinition definition = weights.RequireDefinition();
        Assert.That(definition.Name, Is.EqualTo("SiamFC"));
        Assert.That(definition.Convolutions.Any(conv => conv.BatchNorm), Is.False, "batch norms are folded");
        Assert.That(definition.Join, Is.EqualTo(NetworkDefinition.SiamFc.Join));
        Assert.That(weights.Metadata["source"], Does.Contain("SiamFC-3s"));
    }

    [Test]
    public void Read_OtherFloats_AreConverted()
    {
        // 1, -2.5 and 65504, which each type holds exactly.
        float[] expected = [1, -2.5f, 65504];
        Assert.That(ReadX("F16", Bytes(2, (span, v) => BinaryPrimitives.WriteHalfLittleEndian(span, (Half)v))), Is.EqualTo(expected));
        Assert.That(ReadX("F64", Bytes(8, (span, v) => BinaryPrimitives.WriteDoubleLittleEndian(span, v))), Is.EqualTo(expected));
        // BF16 keeps 8 bits: 65504 becomes 65280 by truncation.
        byte[] brain = Bytes(2, (span, v) => BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)));
        Assert.That(ReadX("BF16", brain), Is.EqualTo(new[] { 1, -2.5f, 65280 }));

        float[] ReadX(string type, byte[] data) =>
            Read($$$"""{"x":{"dtype":"{{{type}}}","shape":[3],"data_offsets":[0,{{{data.Length}}}]}}""", data).Values("x", 3);

        byte[] Bytes(int size, WriteValue write)
        {
            var bytes = new byte[expected.Length * size];
            for (int i = 0; i < expected.Length; i++)
                write(bytes.AsSpan(i * size), expected[i]);
            return bytes;
        }
    }

    private delegate void WriteValue(Span<byte> bytes, float value);

    [Test]
    public void Read_ManyHalves_ConvertsEveryChunk()
    {
        var data = new byte[2 * 10_000];
        for (int i = 0; i < 10_000; i++)
            BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(2 * i), (Half)(i % 2048));
        float[] values = Read("""{"x":{"dtype":"F16","shape":[10000],"data_offsets":[0,20000]}}""", data).Values("x", 10_000);
        Assert.That(values, Is.EqualTo(Enumerable.Range(0, 10_000).Select(i => (float)(i % 2048))));
    }

    [TestCase("""{"x":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}}""", "x has the type I8, only F32, F16, BF16 and F64 are read")]
    [TestCase("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "x of F32 [3] takes 12 bytes, its place has 8")]
    [TestCase("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "x starts at byte 4 of the data, the tensor before it ends at 0")]
    [TestCase("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "y starts at byte 0")]
    [TestCase("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "its tensors take 4 bytes, but it has 8")]
    [TestCase("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "its tensors take 12 bytes, but it has 8")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "x appears twice")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}""", "x has an unexpected shape")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,4],"data_offsets":[0,8]}}""", "impossible shape")]
    [TestCase("""{"x":{"dtype":"F32","shape":[0,99999999999],"data_offsets":[0,0]}}""", "impossible shape")]
    [TestCase("""{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "not a list of at most 8 natural numbers")]
    [TestCase("""{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", "not a list of at most 8 natural numbers")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775807,8]}}""", "its place has -9223372036854775799")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551616,8]}}""", "not a list of at most 8 natural numbers")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2]}}""", "x lacks its dtype, shape or two data_offsets")]
    [TestCase("""{"x":[[[[[[[[[[[[]]]]]]]]]]]]}""", "x is not a JSON object")]
    [TestCase("""{"x":{"dtype":"F32","shape":[[[[[2]]]]],"data_offsets":[0,8]}}""", "not that of a safetensors file")]
    [TestCase("""{"__metadata__":{"a":7}}""", "a is not a JSON string")]
    [TestCase("""{"__metadata__":{"a":"\ud800"}}""", "not that of a safetensors file")]
    [TestCase("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} {}""", "not that of a safetensors file")]
    [TestCase("{", "not that of a safetensors file")]
    public void Load_BadHeader_IsRefused(string header, string cause) =>
        Assert.That(() => Read(header, new byte[8]), Throws.InstanceOf<WeightFormatException>().With.Message.StartsWith("test: ").And.Message.Contains(cause));

    [TestCase("[1,2]", "the header is not a JSON object")]
    [TestCase("7", "the header is not a JSON object")]
    public void Read_HeaderThatIsNoObject_IsRefused(string header, string cause) => Assert.That(
        () => Safetensors.Read(Stream(header, new byte[8]), "test"), Throws.InstanceOf<WeightFormatException>().With.Message.Contains(cause));

    [TestCase(ulong.MaxValue)]
    [TestCase(1UL << 62)]
    [TestCase(100_000_001UL)]
    [TestCase(12UL)]
    public void Load_LyingHeaderLength_IsRefusedWithoutTakingMemory(ulong length)
    {
        var file = new byte[19];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Encoding.ASCII.GetBytes("{          }").AsSpan(0, 11).CopyTo(file.AsSpan(8));
        Assert.That(() => NetworkWeights.Load(new MemoryStream(file), "test"), Throws.InstanceOf<WeightFormatException>()
            .With.Message.EqualTo(string.Create(CultureInfo.InvariantCulture, $"test: claims a header of {length} bytes where 11 are left")));
    }

    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("""{"name":"x","exemplarSize":127,"searchSize":255,"layers":[null],"join":{"kind":"None","adjust":"None"}}""")]
    [TestCase("""{"name":"x","exemplarSize":127,"searchSize":255,"layers":null,"join":{"kind":"None","adjust":"None"}}""")]
    [TestCase("""{"name":"x","exemplarSize":127,"searchSize":255,"layers":[],"join":{"kind":7,"adjust":"None"}}""")]
    [TestCase("""{"name":"x","exemplarSize":127,"searchSize":255,"layers":[{"type":"maxPool","size":3,"stride":0}],"join":{"kind":"None","adjust":"None"}}""")]
    public void Load_BadDefinition_IsRefused(string definition)
    {
        string header = $$$"""{"__metadata__":{"network":"{{{System.Text.Json.JsonEncodedText.Encode(definition)}}}"}}""";
        Assert.That(() => Read(header, []), Throws.InstanceOf<WeightFormatException>().With.Message.StartsWith("test: its network description cannot be used: "));
    }

    [Test]
    public void Load_NotFinite_IsRefused()
    {
        NetworkWeights weights = Random(NetworkDefinition.CfNetConv1);
        string path = Path.Combine(folder, "a.safetensors");
        weights.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(bytes.Length - 4), float.PositiveInfinity);
        Assert.That(() => NetworkWeights.Load(new MemoryStream(bytes), "test"), Throws.InstanceOf<WeightFormatException>()
            .With.Message.EqualTo("test: join.window: value 3843 is not a finite number"));
    }

    [TestCase(new byte[0])]
    [TestCase(new byte[] { 1, 2, 3 })]
    [TestCase(new byte[] { 0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0 })]
    public void Load_OtherFormat_IsRefused(byte[] file) => Assert.That(
        () => NetworkWeights.Load(new MemoryStream(file), "test"),
        Throws.InstanceOf<WeightFormatException>().With.Message.EqualTo("test: is neither a safetensors file nor a MATLAB level-5 MAT-file"));

    [Test]
    public void Load_Hdf5_IsRefusedByName() => Assert.That(
        () => NetworkWeights.Load(new MemoryStream([0x89, .. "HDF\r\n\x1a\n"u8]), "test"),
        Throws.InstanceOf<WeightFormatException>().With.Message.StartsWith("test: is a MAT 7.3 (HDF5) file"));

    [Test]
    public void Load_MissingFile_NamesIt() => Assert.That(
        () => NetworkWeights.Load(Path.Combine(folder, "none.mat")), Throws.InstanceOf<FileNotFoundException>().With.Message.Contains("none.mat"));

    internal static NetworkWeights Random(NetworkDefinition definition)
    {
        var random = new Random(1);
        var tensors = new Dictionary<string, WeightTensor>();
        foreach ((string name, int[] shape) in definition.TensorShapes())
        {
            var values = new float[shape.Aggregate(1, (product, side) => product * side)];
            for (int i = 0; i < values.Length; i++)
                values[i] = random.NextSingle() - 0.5f;
            tensors.Add(name, new WeightTensor(shape, values));
        }
        return new NetworkWeights("random", definition, tensors, new Dictionary<string, string> { ["origin"] = "a \"test\"", ["license"] = "none" });
    }

    private static NetworkWeights Read(string header, byte[] data) => NetworkWeights.Load(Stream(header, data), "test");

    private static MemoryStream Stream(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return new MemoryStream([.. length, .. json, .. data]);
    }
}
