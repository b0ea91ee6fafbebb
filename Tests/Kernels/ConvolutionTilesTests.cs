using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>
/// The generated kernels one by one: each tile shape, width and pixel step against plain loops. Shapes wider than the
/// machine's vectors run too, as the runtime emulates them.
/// </summary>
[Category("Conformance")]
internal sealed unsafe class ConvolutionTilesTests
{
    private const int Blocks = 3;
    private const int Rows = 3;
    private const int Run = 5;
    private const int RowStride = 512;
    private const int BlockStride = Rows * RowStride;
    private const int OutputBlock = 16 * 16;

    private delegate void Kernel(
        int pixels, in TileWalk walk, float* input, float* weights, float floor, float* output, nint outputBlock);

    private static TestCaseData[] Shapes =>
    [
        Shape("512x2", ConvolutionTiles.Pixels512x2, ConvolutionTiles.Lanes512x2,
            ConvolutionTiles.Run512x2<FeatureStep, AddSums>, ConvolutionTiles.Run512x2<AnyStep, StoreSums>,
            ConvolutionTiles.Run512x2<Exchanged<AnyStep>, AddSums>),
        Shape("512x1", ConvolutionTiles.Pixels512x1, ConvolutionTiles.Lanes512x1,
            ConvolutionTiles.Run512x1<FeatureStep, AddSums>, ConvolutionTiles.Run512x1<AnyStep, StoreSums>,
            ConvolutionTiles.Run512x1<Exchanged<AnyStep>, AddSums>),
        Shape("256x2", ConvolutionTiles.Pixels256x2, ConvolutionTiles.Lanes256x2,
            ConvolutionTiles.Run256x2<FeatureStep, AddSums>, ConvolutionTiles.Run256x2<AnyStep, StoreSums>,
            ConvolutionTiles.Run256x2<Exchanged<AnyStep>, AddSums>),
        Shape("128x4", ConvolutionTiles.Pixels128x4, ConvolutionTiles.Lanes128x4,
            ConvolutionTiles.Run128x4<FeatureStep, AddSums>, ConvolutionTiles.Run128x4<AnyStep, StoreSums>,
            ConvolutionTiles.Run128x4<Exchanged<AnyStep>, AddSums>),
        Shape("32x2", ConvolutionTiles.Pixels32x2, ConvolutionTiles.Lanes32x2,
            ConvolutionTiles.Run32x2<FeatureStep, AddSums>, ConvolutionTiles.Run32x2<AnyStep, StoreSums>,
            ConvolutionTiles.Run32x2<Exchanged<AnyStep>, AddSums>),
    ];

    [TestCaseSource(nameof(Shapes))]
    public void Run_EveryTileWidth_MatchesPlainLoops(int widest, int lanes, Delegate feature, Delegate any, Delegate exchanged)
    {
        for (int pixels = 1; pixels <= widest; pixels++)
        {
            // One sum; two, the second shorter; one a block.
            for (int blocksOfASum = Blocks; blocksOfASum > 0; blocksOfASum--)
            {
                AssertMatches((Kernel)feature, pixels, lanes, step: 16, adds: true, blocksOfASum);
                AssertMatches((Kernel)any, pixels, lanes, step: 7, adds: false, blocksOfASum);
                AssertMatches((Kernel)exchanged, pixels, lanes, step: 1, adds: true, blocksOfASum, advance: 6);
            }
        }
    }

    [TestCaseSource(nameof(Shapes))]
    public void Run_TileWiderThanTheWidest_Throws(int widest, int lanes, Delegate feature, Delegate any, Delegate exchanged)
    {
        Assert.That(() => ((Kernel)feature)(widest + 1, default, null, null, 0, null, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => ((Kernel)any)(0, default, null, null, 0, null, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => ((Kernel)exchanged)(-1, default, null, null, 0, null, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static TestCaseData Shape(string name, int pixels, int lanes, Kernel feature, Kernel any, Kernel exchanged) =>
        new TestCaseData(pixels, lanes, feature, any, exchanged).SetArgDisplayNames(name);

    private static void AssertMatches(Kernel kernel, int pixels, int lanes, int step, bool adds, int blocksOfASum, int advance = 1)
    {
        float[] input = TestValues.Uniform(Blocks * BlockStride, seed: 1);
        // An exchanged walk reads weights in planes of sixteen channels, any other walk reads those of all channels side by side.
        bool planes = advance > 1;
        int products = Blocks * Rows * Run, weightBlock = planes ? products * 16 : 16, weightAdvance = planes ? 16 : lanes;
        float[] weights = TestValues.Uniform(products * Math.Max(lanes, 16), seed: 2);
        float[] before = TestValues.Uniform(4 * OutputBlock, seed: 4);
        float[] output = [.. before];
        var walk = new TileWalk
        {
            Blocks = Blocks,
            BlocksOfASum = blocksOfASum,
            BlockStride = BlockStride,
            Rows = Rows,
            RowStride = RowStride,
            Run = Run * advance,
            PixelStep = Math.Max(step, advance),
            WeightBlock = planes ? weightBlock : 0,
        };
        fixed (float* x = input, w = weights, y = output)
            kernel(pixels, walk, x, w, floor: 0, y, OutputBlock);

        double[] expected = [.. before];
        for (int p = 0; p < pixels; p++)
            for (int lane = 0; lane < lanes; lane++)
            {
                int place = lane / 16 * OutputBlock + p * 16 + lane % 16;
                double sum = adds ? before[place] : 0;
                int next = 0;
                for (int block = 0; block < Blocks; block++)
                    for (int row = 0; row < Rows; row++)
                        for (int k = 0; k < Run; k++)
                            sum += (double)input[block * BlockStride + row * RowStride + p * step + k * advance] * weights[next++ * weightAdvance + lane / 16 * weightBlock + lane % 16];
                expected[place] = adds ? Math.Max(sum, 0) : sum;
            }
        Assert.That(output, Is.EqualTo(expected).Within(1e-5), $"{pixels} pixels, step {step}, advance {advance}, sums of {blocksOfASum} blocks");
    }
}
