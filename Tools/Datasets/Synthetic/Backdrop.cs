using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// The background of a scene: a picture of 512 x 512 texels that repeats without end. It shows overlapping leaves of all sizes, a street
/// with houses, a room, a field under a sky, a crowd, or one of the user's pictures.
/// </summary>
internal sealed class Backdrop
{
    /// <summary>Rows and columns of the picture.</summary>
    public const int Size = 512;

    private const int FigureSpace = 160;

    private readonly Painting painting = new(Size, new PolygonFill());
    private readonly Palette palette;
    private SceneRandom random;

    private Backdrop(ulong seed, Palette palette)
    {
        this.palette = palette;
        random = new SceneRandom(seed);
    }

    /// <summary>Paints a backdrop.</summary>
    /// <param name="seed">The seed. Another seed gives another backdrop.</param>
    /// <param name="palette">The scene's colors.</param>
    /// <param name="makers">Makes the figures of a crowd.</param>
    /// <param name="pictures">The user's pictures; may be empty.</param>
    /// <param name="mean">Receives the mean color.</param>
    public static Texture Paint(ulong seed, Palette palette, FigureMaker makers, IReadOnlyList<Texture> pictures, out Vector128<float> mean)
    {
        var backdrop = new Backdrop(seed, palette);
        if (pictures.Count > 0 && backdrop.random.Chance(0.5f))
        {
            Texture picture = pictures[backdrop.random.Below(pictures.Count)];
            mean = picture.Mean;
            return picture;
        }
        backdrop.Paint(makers);
        Texture texture = backdrop.painting.ToTexture(levels: 2);
        mean = texture.Mean;
        return texture;
    }

    private void Paint(FigureMaker makers)
    {
        painting.Ground(Surface.Draw(ref random, palette, Color(), random.Between(0.4f, 1.5f), tiled: true));
        switch (random.Below(8))
        {
            case 0 or 1:
                Leaves(80 + random.Below(250), random.Between(4, 14), random.Between(60, 170), 0.5f);
                break;
            case 2:
                Street();
                break;
            case 3:
                Room();
                break;
            case 4:
                Field();
                break;
            case 5:
                Leaves(30 + random.Below(80), random.Between(5, 15), 120, 0.5f);
                Crowd(makers, 10 + random.Below(20));
                break;
            case 6:
                // A plain ground with a few shapes on it.
                Leaves(2 + random.Below(16), random.Between(5, 15), random.Between(30, 140), 0.4f);
                break;
            default:
                Street();
                Crowd(makers, 3 + random.Below(8));
                break;
        }
        if (random.Chance(0.4f))
            Lines(1 + random.Below(8));
    }

    private Vector128<float> Color() => palette.Draw(ref random);

    private Surface NewSurface(Vector128<float> color, float scale) => Surface.Draw(ref random, palette, color, scale, tiled: false);

    private void Patch(float[] outline, Surface surface)
    {
        (float minX, float minY, float maxX, float maxY) = PolygonFill.Bounds(outline);
        float slopeX = 0.3f * random.Normal() / (maxX - minX + 1), slopeY = 0.3f * random.Normal() / (maxY - minY + 1);
        painting.Add(outline, surface, -slopeX * (minX + maxX) / 2 - slopeY * (minY + maxY) / 2, slopeX, slopeY);
    }

    private void Leaves(int count, float smallest, float largest, float spread)
    {
        // There are a few kinds of leaves, and the leaves of one kind share a surface. Some leaves have a surface of their own.
        Surface[] kinds = new Surface[4 + random.Below(8)];
        for (int i = 0; i < kinds.Length; i++)
            kinds[i] = NewSurface(Color(), random.Between(0.4f, 2.5f));
        bool angular = random.Chance(0.4f);
        for (int i = 0; i < count; i++)
        {
            // The first leaves are the largest ones, so that they lie below and do not hide the small ones.
            float late = 1 - (float)i / count, least = smallest + Math.Max(0, 0.35f * largest - smallest) * late * late;
            float radius = random.NaturalRadius(least, largest), other = radius * random.Between(1 - spread, 1);
            float x = random.Between(0, Size), y = random.Between(0, Size);
            if (random.Chance(0.5f))
                (radius, other) = (other, radius);
            Surface surface = random.Chance(0.9f) ? kinds[random.Below(kinds.Length)] : NewSurface(Color(), random.Between(0.4f, 2.5f));
            Patch(
                random.Below(angular ? 3 : 6) switch
                {
                    0 => Outlines.Oval(x, y, radius, other, 16),
                    1 => Outlines.Corners(ref random, x, y, radius, other),
                    2 => Outlines.Oval(x, y, radius, other, 4),
                    3 => Outlines.Oval(x, y, radius, other),
                    _ => Outlines.Lump(ref random, x, y, radius, other, 0.6f),
                },
                surface);
        }
    }

    private void Street()
    {
        float horizon = random.Between(0.3f, 0.6f) * Size;
        Patch([0, 0, Size, 0, Size, horizon, 0, horizon], NewSurface(palette.Make(ref random, random.Between(0.5f, 1), random.Skewed(0, 0.5f)), 0.4f));
        for (float x = -40; x < Size;)
        {
            float wide = random.Between(40, 170), high = random.Between(0.3f, 1.1f) * horizon;
            Box(x, horizon - high, x + wide, horizon + random.Between(0, 15), NewSurface(Color(), random.Between(0.6f, 2.5f)));
            for (int door = random.Below(5); door > 0; door--)
            {
                float left = x + random.Between(0.05f, 0.8f) * wide, top = horizon - random.Between(0.1f, 0.9f) * high;
                Box(left, top, left + random.Between(6, 40), top + random.Between(8, 45), NewSurface(Color(), 2));
            }
            x += wide * random.Between(0.9f, 1.4f);
        }
        Box(0, horizon + random.Between(5, 40), Size, horizon + random.Between(45, 90), NewSurface(Color(), random.Between(0.5f, 2)));
        for (int bush = random.Below(14); bush > 0; bush--)
        {
            float radius = random.Between(8, 60);
            Patch(Outlines.Lump(ref random, random.Between(0, Size), horizon + random.Between(-40, 40), radius, radius * random.Between(0.5f, 1.6f), 0.5f), NewSurface(palette.Make(ref random, random.Between(0.1f, 0.5f), 0.5f), 2));
        }
        for (int car = random.Below(10); car > 0; car--)
        {
            float x = random.Between(0, Size), y = horizon + random.Between(10, 150), reach = random.Between(10, 40);
            Patch(Outlines.Oval(x, y, reach, reach * 0.4f, 4), NewSurface(Color(), 1));
            Patch(Outlines.Oval(x, y - reach * 0.35f, reach * 0.6f, reach * 0.3f, 4), NewSurface(Color(), 1));
        }
    }

    private void Room()
    {
        float corner = random.Between(0.5f, 0.8f) * Size;
        Box(0, corner, Size, Size, NewSurface(Color(), random.Between(0.5f, 2)));
        for (int i = 4 + random.Below(20); i > 0; i--)
        {
            float x = random.Between(-20, Size), y = random.Between(0, corner), wide = random.NaturalRadius(12, 160), high = wide * random.Between(0.4f, 2.2f);
            Box(x, y, x + wide, y + high, NewSurface(Color(), random.Between(0.5f, 2.5f)));
            if (random.Chance(0.6f))
                Box(x + 0.1f * wide, y + 0.1f * high, x + 0.9f * wide, y + 0.9f * high, NewSurface(Color(), random.Between(0.5f, 2.5f)));
        }
    }

    private void Field()
    {
        float horizon = random.Between(0.15f, 0.5f) * Size;
        Patch([0, 0, Size, 0, Size, horizon, 0, horizon], NewSurface(palette.Make(ref random, random.Between(0.5f, 1), random.Skewed(0, 0.6f)), 0.3f));
        for (int hill = 1 + random.Below(4); hill > 0; hill--)
            Patch(Outlines.Lump(ref random, random.Between(0, Size), horizon + 40, random.Between(60, 220), random.Between(30, 110), 0.4f), NewSurface(palette.Make(ref random, random.Between(0.2f, 0.6f), 0.4f), 1.2f));
        for (int i = random.Below(120); i > 0; i--)
        {
            float y = random.Between(horizon, Size), radius = random.NaturalRadius(2, 30) * (0.3f + (y - horizon) / Size);
            Patch(Outlines.Lump(ref random, random.Between(0, Size), y, radius * random.Between(0.5f, 3), radius, 0.5f), NewSurface(Color(), 2));
        }
    }

    private void Crowd(FigureMaker makers, int count)
    {
        // The figures are painted over what is already there.
        painting.Finish();
        var painter = new FigurePainter();
        var canvas = new Canvas();
        Figure[] figures = new Figure[Math.Min(count, 3)];
        for (int i = 0; i < figures.Length; i++)
            figures[i] = makers.Make(FigureMaker.AnyKind(ref random));
        for (int i = 0; i < count; i++)
        {
            int left = random.Below(Size - FigureSpace), top = random.Below(Size - FigureSpace);
            float scale = random.Between(30, 100);
            Affine place = new Affine(scale * random.Sign(), 0, 0, scale, left + FigureSpace / 2, top + FigureSpace / 2);
            canvas.Place(left, top, FigureSpace, FigureSpace);
            Unpack(canvas);
            painter.Paint(figures[random.Below(figures.Length)], new Pose(place, 0.2f * random.Normal(), random.Between(-1, 1)), random.Between(0, 200), canvas);
            Pack(canvas);
        }
    }

    private void Unpack(Canvas canvas)
    {
        Vector256<uint> low = Vector256.Create(255u);
        nuint green = (nuint)canvas.Plane, blue = 2 * green;
        for (int y = canvas.Top; y < canvas.Top + canvas.Height; y++)
        {
            ref uint from = ref Unsafe.Add(ref painting.Row(y), canvas.Left);
            ref float to = ref canvas.Row(y);
            for (nuint x = 0; x < (nuint)canvas.Width; x += Lanes.Count)
            {
                Vector256<uint> texels = Vector256.LoadUnsafe(ref from, x);
                Lanes.ToSingle(texels & low).StoreUnsafe(ref to, x);
                Lanes.ToSingle((texels >> 8) & low).StoreUnsafe(ref to, x + green);
                Lanes.ToSingle((texels >> 16) & low).StoreUnsafe(ref to, x + blue);
            }
        }
    }

    private void Pack(Canvas canvas)
    {
        nuint green = (nuint)canvas.Plane, blue = 2 * green;
        for (int y = canvas.Top; y < canvas.Top + canvas.Height; y++)
        {
            ref float from = ref canvas.Row(y);
            ref uint to = ref Unsafe.Add(ref painting.Row(y), canvas.Left);
            for (nuint x = 0; x < (nuint)canvas.Width; x += Lanes.Count)
            {
                (Lanes.ToBytes(Vector256.LoadUnsafe(ref from, x)) | Lanes.ToBytes(Vector256.LoadUnsafe(ref from, x + green)) << 8
                    | Lanes.ToBytes(Vector256.LoadUnsafe(ref from, x + blue)) << 16).StoreUnsafe(ref to, x);
            }
        }
    }

    private void Lines(int count)
    {
        Surface surface = NewSurface(Color(), 1);
        float turn = 0.25f * random.Below(2) + 0.02f * random.Normal();
        for (int i = 0; i < count; i++)
        {
            float x = random.Between(0, Size), y = random.Between(0, Size), length = random.Between(40, 240), thick = random.Skewed(1, 8);
            float dx = length * Turn.Cos(turn), dy = length * Turn.Sin(turn);
            Patch(Outlines.Limb(x - dx, y - dy, thick, x + dx, y + dy, thick), surface);
        }
    }

    private void Box(float left, float top, float right, float bottom, Surface surface)
        => Patch([left, top, right, top, right, bottom, left, bottom], surface);
}
