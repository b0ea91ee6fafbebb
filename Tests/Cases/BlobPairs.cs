using SiamIlgpu.Training;

namespace SiamIlgpu.Tests.Cases;

/// <summary>Pairs that a network can learn, without any data: a colored blob of its own look on noise, centered in both crops.</summary>
internal sealed class BlobPairs(int exemplarSize, int searchSize, int count) : IPairSource
{
    public int ExemplarSize => exemplarSize;

    public int SearchSize => searchSize;

    public int Count => count;

    public PairLabel Read(int epoch, int index, Span<float> exemplar, Span<float> search)
    {
        var random = new Random(1000 * epoch + index);
        float radius = exemplarSize * (0.15f + 0.1f * random.NextSingle());
        float[] look = [255 * random.NextSingle(), 255 * random.NextSingle(), 255 * random.NextSingle(), 0.2f + random.NextSingle()];
        Draw(exemplar, exemplarSize);
        Draw(search, searchSize);
        return new PairLabel(index % 5 == 4 ? PairKind.EasyNegative : PairKind.Positive, 2 * radius, 2 * radius);

        void Draw(Span<float> crop, int size)
        {
            for (int i = 0; i < crop.Length; i++)
            {
                float y = i / 3 / size - (size - 1) / 2f, x = i / 3 % size - (size - 1) / 2f;
                bool inside = x * x + y * y < radius * radius;
                crop[i] = inside ? look[i % 3] * (0.5f + 0.5f * MathF.Sin(look[3] * x)) : 255 * random.NextSingle();
            }
        }
    }
}
