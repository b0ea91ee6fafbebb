using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

[TestFixture]
internal sealed class DecodeAheadTests
{
    [Test]
    public void Read_GivesTheSameFramesInTheSameOrder()
    {
        using var video = new SyntheticVideo(frameCount: 5, width: 160, height: 120);
        using var ahead = new DecodeAhead(new SyntheticVideo(frameCount: 5, width: 160, height: 120));

        Assert.That(ahead.Count, Is.EqualTo(5));
        foreach (Frame expected in video)
        {
            Frame actual = ahead.Read()!;
            Assert.That((actual.Index, actual.Name), Is.EqualTo((expected.Index, expected.Name)));
            Assert.That(actual.Pixels.SequenceEqual(expected.Pixels));
        }
        Assert.That(ahead.Read(), Is.Null);
        Assert.That(ahead.Read(), Is.Null);
    }

    [Test]
    public void Read_KeepsTheFrameUntilTheNextRead()
    {
        using var ahead = new DecodeAhead(new SyntheticVideo(frameCount: 3, width: 160, height: 120));
        Frame frame = ahead.Read()!;
        byte[] before = frame.Pixels.ToArray();

        Thread.Sleep(100);

        Assert.That(frame.Pixels.SequenceEqual(before));
    }

    [Test]
    public void Read_OfABadFrame_ThrowsInItsPlaceAndGoesOn()
    {
        using var ahead = new DecodeAhead(new BadSecondFrame());

        Assert.That(ahead.Read()!.Index, Is.Zero);
        Assert.That(() => ahead.Read(), Throws.TypeOf<FrameException>());
        Assert.That(ahead.Read()!.Index, Is.EqualTo(2));
        Assert.That(ahead.Read(), Is.Null);
    }

    [Test]
    public void Dispose_BeforeTheEnd_StopsAndDisposesTheVideo()
    {
        var video = new BadSecondFrame();
        var ahead = new DecodeAhead(video);
        ahead.Read();

        ahead.Dispose();
        ahead.Dispose();

        Assert.That(video.Disposed);
    }

    private sealed class BadSecondFrame : FrameSource
    {
        private readonly SyntheticVideo video = new(frameCount: 3, width: 160, height: 120);

        internal bool Disposed { get; private set; }

        public override int? Count => video.Count;

        public override Frame? Read()
        {
            Frame? frame = video.Read();
            return frame?.Index == 1 ? throw new FrameException("second.jpg", "is bad") : frame;
        }

        protected override void Dispose(bool disposing) => Disposed = true;
    }
}
