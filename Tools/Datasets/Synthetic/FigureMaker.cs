using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>Makes figures: people, faces, cars, animals, balls, signs and arbitrary shapes.</summary>
internal sealed class FigureMaker(ulong seed, Palette palette, IReadOnlyList<Texture> pictures)
{
    // Rows and columns of a texture with a pattern, and of a plain one.
    private const int ClothSize = 128, PlainSize = 64;

    // The share of a texture that the height of a figure covers.
    private const float TextureShare = 0.78f;

    private readonly PolygonFill fill = new();
    private readonly List<FigurePart> parts = [];
    private SceneRandom random = new(seed);

    // The color that the figure's colors are close to; null if any color will do.
    private Vector128<float>? near;
    private float nearContrast;

    /// <summary>The kinds of figures.</summary>
    public enum Kind
    {
        /// <summary>A person who walks.</summary>
        Person,

        /// <summary>A person from the hips up.</summary>
        Bust,

        /// <summary>A head. The shoulders are visible, but do not count for the box.</summary>
        Face,

        /// <summary>A car from the side.</summary>
        Car,

        /// <summary>A car from behind.</summary>
        CarRear,

        /// <summary>A person on a bicycle or motorcycle.</summary>
        Rider,

        /// <summary>An animal with four legs.</summary>
        Animal,

        /// <summary>A ball.</summary>
        Ball,

        /// <summary>A flat, printed sign.</summary>
        Sign,

        /// <summary>A lump with patches.</summary>
        Lump,

        /// <summary>Several joined shapes.</summary>
        Assembly,
    }

    /// <summary>Draws a kind. People and faces are more frequent, as they are in videos.</summary>
    public static Kind AnyKind(ref SceneRandom random) => random.Below(16) switch
    {
        <= 2 => Kind.Person,
        3 => Kind.Bust,
        <= 5 => Kind.Face,
        6 => Kind.Car,
        7 => Kind.CarRear,
        8 => Kind.Rider,
        <= 10 => Kind.Animal,
        11 => Kind.Ball,
        <= 13 => Kind.Sign,
        14 => Kind.Lump,
        _ => Kind.Assembly,
    };

    /// <summary>Makes one figure.</summary>
    /// <param name="kind">The kind of figure.</param>
    /// <param name="about">A color that the figure's colors are close to, or null.</param>
    /// <param name="contrast">How far the figure's colors are from that color, 0..255.</param>
    public Figure Make(Kind kind, Vector128<float>? about = null, float contrast = 0)
    {
        (near, nearContrast) = (about, contrast);
        parts.Clear();
        switch (kind)
        {
            case Kind.Person:
                Person(0, 1, legs: true);
                break;
            case Kind.Bust:
                Person(0.55f, 1.9f, legs: false);
                break;
            case Kind.Face:
                Face();
                break;
            case Kind.Car:
                Car();
                break;
            case Kind.CarRear:
                CarRear();
                break;
            case Kind.Rider:
                Rider();
                break;
            case Kind.Animal:
                Animal();
                break;
            case Kind.Ball:
                Ball();
                break;
            case Kind.Sign:
                Sign();
                break;
            case Kind.Lump:
                Lump();
                break;
            default:
                Assembly();
                break;
        }
        return new Figure([.. parts]);
    }

    /// <summary>Makes something long that hides the target when it passes: a pole, a trunk or the end of a wall.</summary>
    public Figure MakePost(float aspect)
    {
        near = null;
        parts.Clear();
        Add(random.Chance(0.5f) ? Outlines.Oval(0, 0, aspect / 2, 0.5f, 16) : Outlines.Lump(ref random, 0, 0, aspect / 2, 0.5f, 0.15f), Cloth(Color()), Round());
        return new Figure([.. parts]);
    }

    private Texture Cloth(Vector128<float> color, float leaves = 0.25f)
    {
        if (pictures.Count > 0 && random.Chance(0.3f))
            return pictures[random.Below(pictures.Count)];
        return Weave(color, leaves, ClothSize);
    }

    private Texture Plain(Vector128<float> color, float leaves = 0.05f) => Weave(color, leaves, PlainSize);

    // Makes a texture from a surface, sometimes with shapes scattered over it.
    private Texture Weave(Vector128<float> color, float leaves, int size)
    {
        float fine = (float)ClothSize / size;
        Surface surface = Surface.Draw(ref random, palette, color, fine * random.Between(0.5f, 2.2f), tiled: false);
        var painting = new Painting(size, fill);
        painting.Ground(surface);
        if (random.Chance(leaves))
        {
            for (int count = 3 + random.Below(25); count > 0; count--)
            {
                float radius = random.NaturalRadius(4, 45) / fine;
                Vector128<float> leafColor = random.Chance(0.5f) ? palette.Draw(ref random) : Palette.Near(ref random, color, 45);
                Surface leaf = Surface.Draw(ref random, palette, leafColor, fine * random.Between(0.5f, 2f), tiled: false);
                painting.Add(AnyOutline(random.Between(0, size), random.Between(0, size), radius), leaf);
            }
        }
        return painting.ToTexture(levels: 3);
    }

    private float[] AnyOutline(float x, float y, float radius)
    {
        float other = radius * random.Between(0.3f, 1);
        if (random.Chance(0.5f))
            (radius, other) = (other, radius);
        return random.Below(4) switch
        {
            0 => Outlines.Oval(x, y, radius, other),
            1 => Outlines.Oval(x, y, radius, other, 8),
            2 => Outlines.Lump(ref random, x, y, radius, other, 0.5f),
            _ => Outlines.Corners(ref random, x, y, radius, other),
        };
    }

    private Vector128<float> Color()
        => near is { } color && random.Chance(0.8f) ? Palette.Near(ref random, color, nearContrast) : palette.Draw(ref random);

    private Vector128<float> Skin()
    {
        float tone = random.Between(0.35f, 1);
        return palette.Light(Vector128.Create(225 * tone + 8 * random.Normal(), 178 * tone + 6 * random.Normal(), 150 * tone + 8 * random.Normal(), 0));
    }

    private Vector128<float> Hair() => palette.Light(random.Below(6) switch
    {
        0 => Vector128.Create(170f, 140, 90, 0),
        1 => Vector128.Create(120f, 75, 45, 0),
        2 => Vector128.Create(150f, 148, 145, 0),
        _ => Vector128.Create(42f, 33, 28, 0),
    });

    private Vector128<float> Dark() => palette.Make(ref random, random.Between(0, 0.15f), 0.1f);

    private (float Right, float Down, float Round) Round()
        => (0.22f * random.Normal(), 0.15f * random.Normal(), random.Skewed(0, 0.6f));

    private Wave SwingOf(float amount, float period) => new(ref random, 0, amount, period);

    private void Add(
        float[] outline, Texture texture, (float Right, float Down, float Round) shading, bool inBox = true, float slide = 0,
        (float X, float Y) joint = default, Wave swing = default, float opacity = 1, float ripple = 0)
    {
        (float minX, float minY, float maxX, float maxY) = PolygonFill.Bounds(outline);
        // The scale is the same for all parts of a figure, so a small part shows a small piece of its texture, not all of it at a smaller
        // size.
        float texelsPerHeight = TextureShare * Math.Min(texture.Size, ClothSize);
        Affine toTexels = Affine.Rotation(random.Chance(0.7f) ? 0 : random.Unit(), texelsPerHeight) with
        {
            X0 = texture.Size * random.Between(0.4f, 0.6f) - texelsPerHeight * (minX + maxX) / 2,
            Y0 = texture.Size * random.Between(0.4f, 0.6f) - texelsPerHeight * (minY + maxY) / 2,
        };
        (float Amount, int Lobes, Wave Phase) ripples = (ripple, 2 + random.Below(4), ripple == 0 ? default : new Wave(ref random, 0, 1, 150));
        parts.Add(new FigurePart
        {
            Outline = outline,
            Texture = texture,
            ToTexels = toTexels,
            InBox = inBox,
            Opacity = opacity,
            Joint = joint,
            Swing = swing,
            Slide = slide,
            Ripple = ripples,
            Shading = shading,
        });
    }

    private void Shadow(float y, float radius)
    {
        if (random.Chance(0.5f))
            Add(Outlines.Oval(random.Between(-0.1f, 0.3f), y, radius, 0.05f), Plain(Vector128<float>.Zero, 0), default, inBox: false, opacity: random.Between(0.2f, 0.6f));
    }

    private void Decals(float x, float y, float reachX, float reachY, int most)
    {
        for (int count = random.Below(most + 1); count > 0; count--)
        {
            float radius = random.Skewed(0.15f, 0.7f) * Math.Min(reachX, reachY);
            Add(
                AnyOutline(x + random.Between(-0.5f, 0.5f) * reachX, y + random.Between(-0.5f, 0.5f) * reachY, radius), Cloth(palette.Draw(ref random)), Round(),
                slide: 0.03f);
        }
    }

    // Without legs, P moves and enlarges the upper body, so that the visible part is about 1 high.
    private void Person(float shift, float zoom, bool legs)
    {
        float P(float y) => (y + (legs ? 0 : 0.235f)) * zoom;
        float stout = random.Between(0.8f, 1.4f) * zoom;
        Texture skin = Plain(Skin(), 0), top = Cloth(Color()), bottom = random.Chance(0.2f) ? top : Cloth(Color());
        float period = random.Between(14, 50), stride = random.Skewed(0.01f, 0.11f);
        float arm = random.Chance(0.2f) ? 0.3f : stride * 0.9f;
        bool shortSleeves = random.Chance(0.4f), shortTrousers = random.Chance(0.25f);
        // The legs swing in opposite directions: both waves are drawn from the same random numbers, but with opposite signs.
        SceneRandom same = random;
        Wave forth = new(ref random, 0, stride, period), back = new(ref same, 0, -stride, period);
        Wave armForth = SwingOf(arm, 2 * period), armBack = SwingOf(arm, 2 * period);
        Vector128<float> shoe = Dark();
        if (legs)
        {
            Shadow(0.49f, 0.2f);
            Leg(forth, -0.05f);
            Leg(back, 0.05f);
        }
        float shoulder = P(-0.31f), hip = P(-0.0f);
        Arm(armForth, -0.115f);
        Add(Outlines.Oval(0, (shoulder + hip) / 2 - 0.01f * zoom, 0.115f * stout, (hip - shoulder) / 2 + 0.03f * zoom, random.Chance(0.5f) ? 4 : 8), top, Round(), ripple: random.Skewed(0, 0.06f));
        Decals(0, P(-0.18f), 0.08f * stout, 0.1f * zoom, 2);
        if (random.Chance(0.25f))
            Add(AnyOutline(0.1f * stout * random.Sign(), P(-0.12f), 0.1f * zoom), Cloth(palette.Draw(ref random)), Round());
        Arm(armBack, 0.115f);
        Head(0, P(-0.415f), 0.062f * zoom * random.Between(0.85f, 1.2f), skin, random.Chance(0.75f));

        void Leg(Wave swing, float x)
        {
            Add(Outlines.Limb(x * stout, -0.02f, 0.06f * stout, x * stout, 0.24f, 0.042f * stout), bottom, Round(), joint: (x * stout, 0), swing: swing);
            Add(Outlines.Limb(x * stout, 0.22f, 0.044f * stout, x * stout, 0.45f, 0.03f * stout), shortTrousers ? skin : bottom, Round(), joint: (x * stout, 0), swing: swing);
            Add(Outlines.Oval(x * stout + 0.015f, 0.475f, 0.05f * stout, 0.025f), Plain(shoe, 0), Round(), joint: (x * stout, 0), swing: swing);
        }

        void Arm(Wave swing, float x)
        {
            bool counts = !legs;
            Add(Outlines.Limb(x * stout, P(-0.29f), 0.036f * stout, x * 1.15f * stout, P(-0.14f), 0.03f * stout), top, Round(), counts, joint: (x * stout, P(-0.29f)), swing: swing);
            Add(Outlines.Limb(x * 1.15f * stout, P(-0.14f), 0.029f * stout, x * 1.1f * stout, P(0.02f), 0.022f * stout), shortSleeves ? skin : top, Round(), counts, joint: (x * stout, P(-0.29f)), swing: swing);
            Add(Outlines.Oval(x * 1.1f * stout, P(0.03f), 0.024f * stout, 0.03f * zoom), skin, Round(), counts, joint: (x * stout, P(-0.29f)), swing: swing);
        }
    }

    private void Head(float x, float y, float radius, Texture skin, bool turned)
    {
        Texture hair = Plain(Hair(), 0);
        Add(Outlines.Limb(x, y + 0.5f * radius, 0.55f * radius, x, y + 1.5f * radius, 0.6f * radius), skin, Round());
        Add(Outlines.Oval(x, y, radius, 1.25f * radius), skin, Round());
        if (random.Chance(0.85f))
            Add(Outlines.Oval(x + (turned ? 0 : 0.25f * radius), y - 0.55f * radius, 1.06f * radius, (turned ? 0.75f : 1.1f) * radius, 2), hair, Round(), slide: 0.3f * radius);
        if (random.Chance(0.15f))
            Add(Outlines.Oval(x, y - 0.6f * radius, 1.25f * radius, 0.7f * radius, 4), Cloth(palette.Draw(ref random)), Round());
    }

    private void Face()
    {
        Texture skin = Plain(Skin(), 0.05f), dark = Plain(Dark(), 0), hair = Plain(Hair(), 0.1f);
        float wide = random.Between(0.34f, 0.42f), slide = random.Between(0.02f, 0.11f);
        bool longHair = random.Chance(0.35f);
        Add(Outlines.Oval(0, 1.05f, random.Between(0.75f, 1.1f), 0.55f, 4), Cloth(Color()), Round(), inBox: false);
        Add(Outlines.Limb(0, 0.3f, 0.2f, 0, 0.6f, 0.22f), skin, Round(), inBox: false);
        if (longHair)
            Add(Outlines.Oval(0, 0.05f, wide * 1.25f, 0.62f, 2), hair, Round(), inBox: false);
        Add(Outlines.Oval(-wide, 0.03f, 0.05f, 0.09f), skin, Round(), slide: -slide * 0.5f);
        Add(Outlines.Oval(wide, 0.03f, 0.05f, 0.09f), skin, Round(), slide: -slide * 0.5f);
        Add(Outlines.Oval(0, 0, wide, 0.5f), skin, (0.3f * random.Normal(), 0.15f * random.Normal(), random.Between(0.1f, 0.6f)));
        Texture cheek = Plain(Palette.Near(ref random, Skin(), 10), 0);
        Add(Outlines.Oval(0, 0.1f, 0.05f, 0.11f), cheek, (0.4f, 0.5f, 0.2f), slide: slide * 1.4f, opacity: 0.5f);
        float eyeY = random.Between(-0.1f, -0.02f), apart = random.Between(0.13f, 0.17f);
        bool glasses = random.Chance(0.25f);
        foreach (float side in (ReadOnlySpan<float>)[-1, 1])
        {
            Add(Outlines.Oval(side * apart, eyeY, 0.085f, 0.05f), dark, default, slide: slide, opacity: 0.35f);
            if (glasses)
                Add(Outlines.Oval(side * apart, eyeY, 0.1f, 0.075f, 4), dark, default, slide: slide, opacity: random.Between(0.4f, 1));
            Add(Outlines.Oval(side * apart, eyeY, 0.05f, 0.026f), Plain(Vector128.Create(190f, 185, 180, 0), 0), default, slide: slide, opacity: 0.6f);
            Add(Outlines.Oval(side * apart, eyeY, 0.024f, 0.026f), dark, default, slide: slide);
            Add(Outlines.Oval(side * apart, eyeY - 0.085f, 0.085f, 0.018f, 4), hair, default, slide: slide, opacity: 0.8f);
        }
        Texture lips = Plain(palette.Light(Vector128.Create(random.Between(110, 190), random.Between(60, 100), 80f, 0)), 0);
        Add(Outlines.Oval(0, random.Between(0.25f, 0.3f), random.Between(0.09f, 0.15f), random.Skewed(0.018f, 0.06f)), lips, default, slide: slide, opacity: 0.8f);
        if (random.Chance(0.2f))
            Add(Outlines.Oval(0, 0.35f, 0.7f * wide, 0.15f), hair, Round(), slide: slide * 0.6f, opacity: random.Between(0.4f, 0.9f));
        if (random.Chance(0.85f))
            Add(Outlines.Lump(ref random, 0, -0.36f, wide * 1.07f, random.Between(0.14f, 0.25f), 0.15f), hair, Round(), slide: -0.3f * slide);
        if (random.Chance(0.12f))
            Add(Outlines.Oval(0, -0.42f, wide * 1.2f, 0.16f, 4), Cloth(Color()), Round());
    }

    private void Car()
    {
        float half = random.Between(0.85f, 1.4f);
        Texture body = Plain(Color(), 0.15f), glass = Plain(palette.Make(ref random, random.Between(0.05f, 0.5f), 0.1f), 0.1f), tire = Plain(Dark(), 0);
        Shadow(0.48f, 1.05f * half);
        float front = random.Between(0.3f, 0.6f), back = random.Between(0.5f, 0.9f), roof = random.Between(0.3f, 0.6f);
        Add([-back * half, -0.02f, -roof * half, -0.47f, roof * half * 0.7f, -0.47f, front * half, -0.02f], body, Round());
        Add([-back * half * 0.85f, -0.06f, -roof * half * 0.95f, -0.4f, -0.04f, -0.4f, -0.04f, -0.06f], glass, Round());
        Add([0.03f, -0.06f, 0.03f, -0.4f, roof * half * 0.62f, -0.4f, front * half * 0.85f, -0.06f], glass, Round());
        Add(Outlines.Oval(0, 0.14f, half, 0.24f, 8), body, (0.1f * random.Normal(), -0.3f * random.Unit(), 0.1f));
        if (random.Chance(0.5f))
            Add(Outlines.Oval(0, 0.16f, half * 0.98f, 0.03f, 8), Plain(Dark(), 0), default, opacity: 0.6f);
        Decals(0, 0.12f, 0.7f * half, 0.2f, 2);
        Add(Outlines.Oval(half * 0.95f, 0.06f, 0.06f, 0.05f, 4), Plain(palette.Make(ref random, 0.95f, 0.1f), 0), default);
        Add(Outlines.Oval(-half * 0.95f, 0.06f, 0.05f, 0.06f, 4), Plain(Vector128.Create(170f, 30, 25, 0), 0), default);
        foreach (float side in (ReadOnlySpan<float>)[-0.62f, 0.62f])
        {
            Add(Outlines.Oval(side * half, 0.34f, 0.18f, 0.17f), tire, default);
            Add(Outlines.Oval(side * half, 0.34f, 0.1f, 0.1f), Plain(palette.Make(ref random, 0.6f, 0), 0.3f), default, joint: (side * half, 0.34f), swing: SwingOf(3, 200));
        }
    }

    private void CarRear()
    {
        float half = random.Between(0.5f, 0.75f);
        Texture body = Plain(Color(), 0.1f), dark = Plain(Dark(), 0), lamp = Plain(palette.Light(Vector128.Create(190f, 35, 25, 0)), 0);
        Shadow(0.48f, 1.1f * half);
        foreach (float side in (ReadOnlySpan<float>)[-1, 1])
            Add(Outlines.Oval(side * half * 0.78f, 0.38f, 0.12f, 0.12f, 4), dark, default);
        Add([-half * 0.9f, 0, -half * 0.62f, -0.48f, half * 0.62f, -0.48f, half * 0.9f, 0], body, Round());
        Add([-half * 0.75f, -0.04f, -half * 0.55f, -0.41f, half * 0.55f, -0.41f, half * 0.75f, -0.04f], Plain(palette.Make(ref random, random.Between(0.03f, 0.45f), 0.1f), 0.3f), Round());
        Add(Outlines.Oval(0, 0.17f, half, 0.24f, 4), body, Round());
        Add(Outlines.Oval(0, 0.31f, half * 0.97f, 0.07f, 4), random.Chance(0.5f) ? dark : body, Round());
        foreach (float side in (ReadOnlySpan<float>)[-1, 1])
            Add(Outlines.Oval(side * half * 0.82f, 0.08f, 0.1f, random.Between(0.04f, 0.12f), 4), lamp, default);
        Add(Outlines.Oval(0, random.Between(0.12f, 0.3f), 0.16f, 0.05f, 8), Plain(palette.Make(ref random, 0.9f, 0.2f), 0), default);
        Decals(0, 0.1f, half, 0.15f, 1);
    }

    private void Rider()
    {
        Texture dark = Plain(Dark(), 0), cloth = Cloth(Color()), frame = Plain(Color(), 0.2f), skin = Plain(Skin(), 0);
        float apart = random.Between(0.15f, 0.3f);
        Shadow(0.49f, 0.35f);
        foreach (float side in (ReadOnlySpan<float>)[-1, 1])
        {
            Add(Outlines.Oval(side * apart, 0.33f, 0.16f, 0.17f), dark, default);
            Add(Outlines.Oval(side * apart, 0.33f, 0.1f, 0.11f), Plain(palette.Make(ref random, 0.5f, 0.1f)), default, opacity: 0.7f);
        }
        Add(Outlines.Limb(-apart, 0.25f, 0.05f, apart, 0.18f, random.Between(0.04f, 0.1f)), frame, Round());
        Add(Outlines.Limb(-0.06f, 0.08f, 0.06f, 0.1f, 0.28f, 0.04f), Cloth(Color()), Round(), joint: (-0.06f, 0.08f), swing: SwingOf(0.07f, 30));
        Add(Outlines.Limb(-0.06f, 0.08f, 0.085f, 0.06f, -0.2f, 0.1f), cloth, Round());
        Add(Outlines.Limb(0.07f, -0.2f, 0.035f, 0.22f, 0.02f, 0.025f), random.Chance(0.5f) ? cloth : skin, Round(), joint: (0.07f, -0.2f), swing: SwingOf(0.02f, 60));
        Head(0.1f, -0.38f, 0.075f, skin, turned: true);
        if (random.Chance(0.6f))
            Add(Outlines.Oval(0.1f, -0.42f, 0.09f, 0.075f), Cloth(palette.Draw(ref random)), Round());
    }

    private void Animal()
    {
        Texture fur = Cloth(Color(), 0.3f), other = random.Chance(0.6f) ? fur : Cloth(Color());
        float half = random.Between(0.4f, 0.8f), thick = random.Between(0.18f, 0.3f), leg = random.Between(0.04f, 0.07f), stride = random.Between(0.02f, 0.12f);
        Shadow(0.48f, half);
        for (int i = 0; i < 4; i++)
        {
            float x = (i < 2 ? -0.75f : 0.6f) * half + 0.1f * (i & 1);
            Add(Outlines.Limb(x, 0.05f, 1.6f * leg, x, 0.46f, 0.7f * leg), i % 2 == 0 ? other : fur, Round(), joint: (x, 0.05f), swing: SwingOf(stride, 24));
        }
        Add(Outlines.Limb(-0.9f * half, -0.1f, 0.05f, -1.25f * half, random.Between(-0.4f, 0.2f), 0.02f), fur, Round(), inBox: random.Chance(0.5f), joint: (-0.9f * half, -0.1f), swing: SwingOf(0.12f, 30));
        Add(Outlines.Lump(ref random, 0, 0, half, thick, 0.12f), fur, Round(), ripple: 0.04f);
        float neckX = 0.85f * half, headX = neckX + random.Between(0.05f, 0.25f), headY = random.Between(-0.4f, -0.1f);
        Wave nod = SwingOf(0.06f, 50);
        Add(Outlines.Limb(neckX - 0.1f, -0.05f, 0.14f, headX, headY, 0.1f), fur, Round(), joint: (neckX, 0), swing: nod);
        Add(Outlines.Limb(headX, headY, 0.12f, headX + 0.17f, headY + 0.05f, 0.06f), other, Round(), joint: (neckX, 0), swing: nod);
        Add(Outlines.Oval(headX - 0.05f, headY - 0.1f, 0.04f, 0.08f), other, Round(), joint: (neckX, 0), swing: nod);
        Add(Outlines.Oval(headX + 0.05f, headY - 0.02f, 0.02f, 0.02f), Plain(Dark(), 0), default, joint: (neckX, 0), swing: nod);
        Decals(0, 0, 0.7f * half, thick, 3);
    }

    private void Ball()
    {
        Wave roll = SwingOf(random.Between(0, 2), 200);
        Add(Outlines.Oval(0, 0, 0.5f, 0.5f), Cloth(Color(), 0.5f), (0.3f * random.Normal(), 0.3f * random.Normal(), random.Between(0.1f, 0.7f)));
        for (int count = random.Below(6); count > 0; count--)
            Add(Outlines.Corners(ref random, 0.25f * random.Normal() * 0.7f, 0.25f * random.Normal() * 0.7f, 0.13f, 0.13f), Cloth(palette.Draw(ref random)), (0.2f, 0.2f, 0), inBox: false, swing: roll);
    }

    private void Sign()
    {
        float wide = random.Between(0.3f, 0.9f);
        Vector128<float> color = Color();
        int power = random.Chance(0.6f) ? 16 : 4;
        Add(Outlines.Oval(0, 0, wide, 0.5f, power), Cloth(color, 0.7f), (0.15f * random.Normal(), 0.15f * random.Normal(), random.Skewed(0, 0.3f)));
        if (random.Chance(0.5f))
            Add(Outlines.Oval(0, 0, wide * 0.85f, 0.4f, power), Cloth(Palette.Near(ref random, color, 50), 0.7f), Round());
        for (int count = random.Below(6); count > 0; count--)
            Add(AnyOutline(random.Between(-0.6f, 0.6f) * wide, random.Between(-0.35f, 0.35f), random.Between(0.04f, 0.2f)), Cloth(palette.Draw(ref random)), Round(), inBox: false);
    }

    private void Lump()
    {
        float wide = random.Between(0.3f, 0.8f);
        Add(Outlines.Lump(ref random, 0, 0, wide, 0.5f, random.Between(0.05f, 0.5f)), Cloth(Color(), 0.5f), Round(), ripple: random.Skewed(0, 0.12f));
        for (int count = random.Below(5); count > 0; count--)
        {
            float radius = random.Between(0.06f, 0.25f);
            Add(AnyOutline(random.Between(-0.5f, 0.5f) * wide, random.Between(-0.3f, 0.3f), radius), Cloth(Color()), Round(), inBox: false, slide: random.Between(0, 0.06f), ripple: 0.03f);
        }
    }

    private void Assembly()
    {
        int count = 3 + random.Below(5);
        float x = 0, y = 0;
        for (int i = 0; i < count; i++)
        {
            float radius = random.Between(0.12f, 0.35f);
            Add(AnyOutline(x, y, radius), Cloth(Color(), 0.4f), Round(), joint: (x / 2, y / 2), swing: SwingOf(random.Skewed(0, 0.08f), 80), ripple: random.Skewed(0, 0.05f));
            (x, y) = (Math.Clamp(0.3f * random.Normal(), -0.45f, 0.45f), Math.Clamp(0.3f * random.Normal(), -0.4f, 0.4f));
        }
    }
}
