using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// A made-up training video with exact ground truth. The target is a person, a face, a car, an animal, a ball, a sign or an arbitrary
/// shape. It moves, turns, bends and changes its size in front of a backdrop, while the camera pans. Similar figures move nearby, and
/// objects may pass in front of the target. The light changes, and frames may be out of focus, blurred by motion and noisy. Any part of any
/// frame can be painted without the rest. The same seed gives the same bytes on every machine, because the code uses only additions,
/// multiplications, divisions and square roots.
/// </summary>
/// <example>
/// <code>
/// var scene = new SyntheticScene(seed: 7);
/// var window = new FrameWindow();
/// scene.TryRead(0, new CropSquare(0, 0, Math.Max(scene.Width, scene.Height)), window);    // the whole first frame
/// PngEncoder.Write(window.Pixels, "scene.png");
/// Console.WriteLine(scene.Box(0));
/// </code>
/// </example>
public sealed class SyntheticScene : TrainingVideo
{
    /// <summary>Number of frames in a scene.</summary>
    public const int FrameCount = 200;

    private const int MostBlur = 3, MostMotion = 4;

    private readonly int[] annotated = [.. Enumerable.Range(0, FrameCount)];
    private readonly ulong seed;
    private readonly Texture backdrop;
    private readonly Vector128<float> mean;
    private readonly Actor target;
    private readonly Actor[] behind, before;
    private readonly bool gray, subsampled;

    // The camera.
    private readonly Wave panX, panY, zoom, roll;
    private readonly float shake, shutter, noise, blur;
    private readonly int blurs;

    // The light.
    private readonly Wave gain, gamma, warmth, slopeX, slopeY, shadowPlace;
    private readonly float shadowX, shadowY, shadowSoft, shadowDepth;

    /// <summary>Plans a scene and paints its textures, which takes some milliseconds.</summary>
    /// <param name="seed">The seed. Another seed gives another scene.</param>
    /// <param name="pictures">Pictures that surfaces may show in addition to made-up patterns; null for none.</param>
    public SyntheticScene(int seed, ScenePictures? pictures = null)
    {
        Name = $"scene {seed}";
        this.seed = SceneRandom.Seed((ulong)seed, 77);
        var random = new SceneRandom(this.seed);
        (Width, Height) = random.Below(5) switch
        {
            0 => (320, 240),
            1 => (352, 288),
            2 => (400, 300),
            3 => (480, 360),
            _ => (480, 270),
        };
        gray = random.Chance(0.12f);
        var palette = new Palette(ref random);
        IReadOnlyList<Texture> textures = pictures?.Textures ?? [];
        var maker = new FigureMaker(random.Next(), palette, textures);
        backdrop = Backdrop.Paint(random.Next(), palette, maker, textures, out mean);

        // The target. In some scenes its colors are close to the backdrop's.
        FigureMaker.Kind kind = FigureMaker.AnyKind(ref random);
        bool hidden = random.Chance(0.3f);
        float contrast = random.Between(12, 45);
        Figure figure = maker.Make(kind, hidden ? mean : null, contrast);
        float size = random.Skewed(22, 105);
        float wander = random.Between(0.2f, 1);
        target = new Actor(ref random, figure, size, Width, Height, wander, kind);

        // Other figures: the target's figure again, another one of its kind, or any other. Some of them move along with the target.
        List<Actor> others = [];
        for (int count = random.Below(4); count > 0; count--)
        {
            Figure other = random.Chance(0.35f) ? figure : maker.Make(random.Chance(0.6f) ? kind : FigureMaker.AnyKind(ref random));
            Actor actor = new(ref random, other, size * random.Between(0.7f, 1.3f), Width, Height, 1, kind);
            if (random.Chance(0.5f))
                actor.Follow(ref random, target, size);
            others.Add(actor);
        }
        List<Actor> front = [];
        if (random.Chance(0.15f) && others.Count > 0)
        {
            front.Add(others[^1]);
            others.RemoveAt(others.Count - 1);
        }
        if (random.Chance(0.35f))
        {
            float reach = random.Between(1.5f, 6) * size, aspect = random.Between(0.08f, 0.3f) * size / reach;
            Figure post = random.Chance(0.7f) ? maker.MakePost(aspect) : maker.Make(FigureMaker.AnyKind(ref random));
            float large = random.Chance(0.5f) ? reach * MathF.Sqrt(aspect) : size * random.Between(0.3f, 0.7f);
            front.Add(new Actor(ref random, post, Math.Min(large, 1.2f * size), Width, Height, 1, FigureMaker.Kind.Person));
        }
        (behind, before) = ([.. others], [.. front]);

        float pan = random.Chance(0.3f) ? 0 : random.Skewed(0, 220), period = random.Between(80, 400);
        panX = new Wave(ref random, random.Between(0, Backdrop.Size), pan, period);
        panY = new Wave(ref random, random.Between(0, Backdrop.Size), 0.3f * pan, period);
        zoom = new Wave(ref random, random.Between(0.6f, 1.5f), random.Chance(0.5f) ? 0 : 0.12f, 200);
        roll = new Wave(ref random, 0, random.Chance(0.7f) ? 0 : 0.03f, 150);
        shake = random.Chance(0.6f) ? 0 : random.Skewed(0, 5);
        shutter = random.Chance(0.5f) ? 0 : random.Between(0.3f, 1.5f);
        noise = random.Skewed(0, 9);
        blur = random.Between(0.05f, 0.25f);
        blurs = random.Below(MostBlur + 1);
        subsampled = random.Chance(0.7f);

        float change = random.Skewed(0, 0.35f);
        gain = new Wave(ref random, 1, change, random.Between(40, 250));
        gamma = new Wave(ref random, 0.25f * random.Normal(), random.Skewed(0, 0.25f), 120);
        warmth = new Wave(ref random, 0, random.Skewed(0, 0.1f), 150);
        float slope = random.Skewed(0, 0.5f);
        slopeX = new Wave(ref random, 0, slope / Width, 160);
        slopeY = new Wave(ref random, 0, slope / Height, 160);
        float turn = random.Unit();
        (shadowX, shadowY) = (Turn.Cos(turn), Turn.Sin(turn));
        shadowSoft = 1 / random.Between(4, 60);
        shadowDepth = random.Chance(0.7f) ? 0 : random.Between(0.2f, 0.6f);
        shadowPlace = new Wave(ref random, 0, 0.4f * Width, 150);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Pixels in a row of a frame.</summary>
    public int Width { get; }

    /// <summary>Rows of a frame.</summary>
    public int Height { get; }

    /// <inheritdoc/>
    public override int Count => FrameCount;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Annotated => annotated;

    /// <summary>The box around the target's silhouette, whether something hides the target or not.</summary>
    /// <param name="frame">The frame's number, from 0.</param>
    public override BoundingBox? Box(int frame)
    {
        (float left, float top, float right, float bottom) = target.Figure.Bounds(target.At(frame), frame);
        return new BoundingBox(left + 1, top + 1, right - left, bottom - top);
    }

    /// <inheritdoc/>
    public override bool TryRead(int frame, CropSquare wanted, FrameWindow window)
    {
        (int left, int wide) = CropSquareOverlap(wanted.X, wanted.Side, Width);
        (int top, int high) = CropSquareOverlap(wanted.Y, wanted.Side, Height);
        Paint(frame, left, top, wide, high, window);
        return true;
    }

    /// <summary>Paints a whole frame.</summary>
    /// <param name="frame">The frame's number, from 0.</param>
    /// <param name="window">Receives the pixels.</param>
    public void Read(int frame, FrameWindow window) => Paint(frame, 0, 0, Width, Height, window);

    /// <summary>Whether the target's silhouette touches each pixel of a frame, row by row.</summary>
    internal bool[] Silhouette(int frame)
    {
        bool[] mask = new bool[Width * Height];
        new FigurePainter().Mark(target.Figure, target.At(frame), frame, mask, Width, Height);
        return mask;
    }

    // Returns at least one pixel, because a frame must not be empty.
    private static (int First, int Count) CropSquareOverlap(int first, int side, int size)
    {
        int begin = Math.Clamp(first, 0, size - 1);
        return (begin, Math.Max(1, (int)Math.Min((long)first + side, size) - begin));
    }

    private void Paint(int frame, int left, int top, int wide, int high, FrameWindow window)
    {
        // The blurs read pixels outside the window, and squares of 2 x 2 pixels share their chroma. So the canvas is larger than the window
        // and begins at even coordinates.
        int margin = blurs + (shutter == 0 ? 0 : MostMotion) + 1;
        int canvasLeft = (left - margin) & ~1, canvasTop = (top - margin) & ~1;
        int canvasWide = (left + wide + margin - canvasLeft + 1) & ~1, canvasHigh = (top + high + margin - canvasTop + 1) & ~1;
        Canvas canvas = window.Canvas;
        canvas.Place(canvasLeft, canvasTop, canvasWide, canvasHigh);
        window.Scratch.Place(canvasLeft, canvasTop, canvasWide, canvasHigh);

        PaintBackdrop(frame, canvas);
        foreach (Actor actor in behind)
            window.Painter.Paint(actor.Figure, actor.At(frame), frame, canvas);
        window.Painter.Paint(target.Figure, target.At(frame), frame, canvas);
        foreach (Actor actor in before)
            window.Painter.Paint(actor.Figure, actor.At(frame), frame, canvas);

        if (BlurMotion(frame, canvas, window.Scratch))
            (window.Canvas, window.Scratch, canvas) = (window.Scratch, canvas, window.Scratch);
        for (int i = 0; i < blurs; i++)
            Soften(canvas, window.Scratch);
        if (subsampled)
            ShareChroma(canvas);

        window.Pixels.Resize(wide, high, PixelFormat.Rgb24);
        window.Pixels.Index = frame;
        window.Pixels.Name = Name;
        (window.Left, window.Top, window.FrameWidth, window.FrameHeight) = (left, top, Width, Height);
        Develop(frame, canvas, window);
    }

    private void PaintBackdrop(int frame, Canvas canvas)
    {
        float scale = zoom.At(frame);
        var jitter = new SceneRandom(SceneRandom.Seed(seed, (ulong)frame, 5));
        Affine toTexels = Affine.Rotation(roll.At(frame), scale) with
        {
            X0 = panX.At(frame) + shake * jitter.Normal(),
            Y0 = panY.At(frame) + shake * jitter.Normal(),
        };
        Texture.Level texture = backdrop.At(scale);
        nuint green = (nuint)canvas.Plane, blue = 2 * green;
        for (int y = canvas.Top; y < canvas.Top + canvas.Height; y++)
        {
            ref float row = ref canvas.Row(y);
            float v = y - Height / 2;
            Vector256<float> u0 = Vector256.Create(toTexels.XY * v + toTexels.X0), v0 = Vector256.Create(toTexels.YY * v + toTexels.Y0);
            Vector256<float> u = Vector256.Create((float)(canvas.Left - Width / 2)) + Lanes.Indices;
            for (nuint x = 0; x < (nuint)canvas.Width; x += Lanes.Count, u += Vector256.Create((float)Lanes.Count))
            {
                texture.Sample(
                    toTexels.XX * u + u0, toTexels.YX * u + v0,
                    out Vector256<float> redHere, out Vector256<float> greenHere, out Vector256<float> blueHere);
                redHere.StoreUnsafe(ref row, x);
                greenHere.StoreUnsafe(ref row, x + green);
                blueHere.StoreUnsafe(ref row, x + blue);
            }
        }
    }

    // Writes to each pixel the mean of pixels along the target's motion, at whole-pixel steps. Returns false if there is no such blur.
    private bool BlurMotion(int frame, Canvas from, Canvas to)
    {
        if (shutter == 0)
            return false;
        (float x1, float y1) = target.Middle(frame + 0.5f);
        (float x0, float y0) = target.Middle(frame - 0.5f);
        float dx = Math.Clamp(shutter * (x1 - x0), -2 * MostMotion, 2 * MostMotion), dy = Math.Clamp(shutter * (y1 - y0), -2 * MostMotion, 2 * MostMotion);
        int steps = (int)Math.Max(MathF.Abs(dx), MathF.Abs(dy));
        if (steps < 1)
            return false;
        float share = 1f / (steps + 1);
        Span<int> offsets = stackalloc int[2 * MostMotion + 1];
        for (int i = 0; i <= steps; i++)
        {
            float along = (float)i / steps - 0.5f;
            offsets[i] = (int)MathF.Floor(along * dy + 0.5f) * from.Width + (int)MathF.Floor(along * dx + 0.5f);
        }
        offsets = offsets[..(steps + 1)];
        for (int plane = 0; plane < 3; plane++)
        {
            for (int y = MostMotion; y < from.Height - MostMotion; y++)
            {
                ref float row = ref Unsafe.Add(ref from.Row(from.Top + y), plane * from.Plane);
                ref float blurred = ref Unsafe.Add(ref to.Row(to.Top + y), plane * to.Plane);
                for (int x = 0; x < from.Width; x += Lanes.Count)
                {
                    Vector256<float> sum = Vector256.LoadUnsafe(ref Unsafe.Add(ref row, x + offsets[0]));
                    for (int i = 1; i < offsets.Length; i++)
                        sum += Vector256.LoadUnsafe(ref Unsafe.Add(ref row, x + offsets[i]));
                    (sum * share).StoreUnsafe(ref blurred, (nuint)x);
                }
            }
        }
        return true;
    }

    private void Soften(Canvas canvas, Canvas scratch)
    {
        int width = canvas.Width;
        for (int plane = 0; plane < 3; plane++)
        {
            for (int y = 0; y < canvas.Height; y++)
            {
                ref float from = ref Unsafe.Add(ref canvas.Row(canvas.Top + y), plane * canvas.Plane);
                ref float to = ref Unsafe.Add(ref scratch.Row(scratch.Top + y), plane * scratch.Plane);
                for (int x = 0; x < width; x += Lanes.Count)
                    Soften(ref Unsafe.Add(ref from, x), 1).StoreUnsafe(ref to, (nuint)x);
            }
            for (int y = 1; y < canvas.Height - 1; y++)
            {
                ref float from = ref Unsafe.Add(ref scratch.Row(scratch.Top + y), plane * scratch.Plane);
                ref float to = ref Unsafe.Add(ref canvas.Row(canvas.Top + y), plane * canvas.Plane);
                for (int x = 0; x < width; x += Lanes.Count)
                    Soften(ref Unsafe.Add(ref from, x), width).StoreUnsafe(ref to, (nuint)x);
            }
        }
    }

    // Eight pixels, each mixed with its two neighbors.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Soften(ref float here, int toNeighbor)
    {
        Vector256<float> middle = Vector256.LoadUnsafe(ref here);
        Vector256<float> first = Vector256.LoadUnsafe(ref Unsafe.Subtract(ref here, toNeighbor)), second = Vector256.LoadUnsafe(ref Unsafe.Add(ref here, toNeighbor));
        return middle + (first + second - 2 * middle) * blur;
    }

    // Gives squares of 2 x 2 pixels the same chroma, as JPEG and most cameras do.
    private static void ShareChroma(Canvas canvas)
    {
        nuint width = (nuint)canvas.Width, green = (nuint)canvas.Plane, blue = 2 * green;
        for (int y = canvas.Top; y < canvas.Top + canvas.Height; y += 2)
        {
            ref float upper = ref canvas.Row(y);
            for (nuint x = 0; x < width; x += Lanes.Count)
            {
                Vector256<float> red = MeanOfSquares(ref upper, x, width), greens = MeanOfSquares(ref upper, x + green, width);
                Vector256<float> blues = MeanOfSquares(ref upper, x + blue, width), level = Luminance(red, greens, blues);
                for (nuint place = x; place <= x + width; place += width)
                {
                    Vector256<float> change = Luminance(
                        Vector256.LoadUnsafe(ref upper, place), Vector256.LoadUnsafe(ref upper, place + green), Vector256.LoadUnsafe(ref upper, place + blue)) - level;
                    (red + change).StoreUnsafe(ref upper, place);
                    (greens + change).StoreUnsafe(ref upper, place + green);
                    (blues + change).StoreUnsafe(ref upper, place + blue);
                }
            }
        }
    }

    // The means of four squares; each is written twice, for the square's two columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> MeanOfSquares(ref float upper, nuint place, nuint width)
    {
        Vector256<float> above = Vector256.LoadUnsafe(ref upper, place), below = Vector256.LoadUnsafe(ref upper, place + width);
        Vector256<int> left = Vector256.Create(0, 0, 2, 2, 4, 4, 6, 6), right = Vector256.Create(1, 1, 3, 3, 5, 5, 7, 7);
        return (Vector256.Shuffle(above, left) + Vector256.Shuffle(above, right) + Vector256.Shuffle(below, left) + Vector256.Shuffle(below, right)) * 0.25f;
    }

    // Applies light, tone curve and noise, and rounds to bytes.
    private void Develop(int frame, Canvas canvas, FrameWindow window)
    {
        float all = gain.At(frame), warm = warmth.At(frame);
        Vector128<float> channels = all * Vector128.Create(1 + warm, 1, 1 - warm, 0);
        float curve = gamma.At(frame) / 255;
        var film = new Film(this, frame, channels, curve);
        Frame to = window.Pixels;
        // Eight pixels are written as two vectors of 16 bytes, of which 12 count.
        int length = 3 * Lanes.RoundUp(to.Width) + 4;
        if (window.Bytes.Length < length)
            window.Bytes = new byte[2 * length];
        for (int y = 0; y < to.Height; y++)
        {
            film.Develop(
                ref Unsafe.Add(ref canvas.Row(window.Top + y), window.Left - canvas.Left), (nuint)canvas.Plane, window.Left, window.Top + y, to.Width,
                ref MemoryMarshal.GetArrayDataReference(window.Bytes));
            window.Bytes.AsSpan(0, 3 * to.Width).CopyTo(to.Row(y));
        }
        Vector128<float> padding = mean * channels;
        padding += padding * (Vector128.Create(255f) - padding) * curve;
        window.Padding = gray
            ? new RgbColor(Luminance(padding), Luminance(padding), Luminance(padding))
            : new RgbColor(padding[0], padding[1], padding[2]);
    }

    private static float Luminance(Vector128<float> color) => 0.299f * color[0] + 0.587f * color[1] + 0.114f * color[2];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Luminance(Vector256<float> red, Vector256<float> green, Vector256<float> blue)
        => 0.299f * red + 0.587f * green + 0.114f * blue;

    /// <summary>The light, the tone curve and the noise of one frame.</summary>
    private readonly ref struct Film(SyntheticScene scene, int frame, Vector128<float> channels, float curve)
    {
        private readonly float red = channels[0], green = channels[1], blue = channels[2], curve = curve;
        private readonly float acrossX = scene.slopeX.At(frame), acrossY = scene.slopeY.At(frame), edge = scene.shadowPlace.At(frame);
        private readonly float noise = scene.noise, colorNoise = scene.noise / 250;
        private readonly uint hash = (uint)SceneRandom.Seed(scene.seed, (ulong)frame, 9);

        /// <summary>Develops neighboring pixels of a row, from (x, y) on, and some more up to a multiple of eight.</summary>
        public void Develop(ref float pixels, nuint plane, int x, int y, int count, ref byte bytes)
        {
            float dy = y - scene.Height / 2;
            Vector256<float> slope = Vector256.Create(acrossY * dy), shadow = Vector256.Create(scene.shadowY * dy);
            Vector256<uint> columns = Vector256.Create((uint)x) + Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7), rowHash = Vector256.Create((uint)y * 0x85EBCA77 ^ hash);
            Vector256<float> dx = Vector256.Create((float)(x - scene.Width / 2)) + Lanes.Indices;
            for (int i = 0; i < count; i += Lanes.Count)
            {
                Vector256<float> light = Vector256<float>.One + acrossX * dx + slope;
                Vector256<float> shade = (scene.shadowX * dx + shadow - Vector256.Create(edge)) * scene.shadowSoft;
                light *= Vector256<float>.One - scene.shadowDepth * Vector256.Min(Vector256.Max(shade, Vector256<float>.Zero), Vector256<float>.One);

                // A hash gives four random bytes. Their sum is the noise of the brightness, and three of them add a little noise to the
                // colors.
                Vector256<uint> random = Hash(columns * 0x9E3779B1 ^ rowHash), low = Vector256.Create(255u);
                Vector256<uint> first = random & low, second = (random >> 8) & low, third = (random >> 16) & low, fourth = random >> 24;
                Vector256<float> bright = noise * ((Lanes.ToSingle(first + second + third + fourth) - Vector256.Create(510f)) * (1f / 148));
                Vector256<float> redHere = Expose(ref pixels, (nuint)i, red, light) + Grain(bright, first);
                Vector256<float> greenHere = Expose(ref pixels, (nuint)i + plane, green, light) + Grain(bright, second);
                Vector256<float> blueHere = Expose(ref pixels, (nuint)i + 2 * plane, blue, light) + Grain(bright, third);
                if (scene.gray)
                {
                    redHere = Luminance(redHere, greenHere, blueHere);
                    (greenHere, blueHere) = (redHere, redHere);
                }
                Write(ToBytes(redHere) | ToBytes(greenHere) << 8 | ToBytes(blueHere) << 16, ref Unsafe.Add(ref bytes, 3 * i));
                dx += Vector256.Create((float)Lanes.Count);
                columns += Vector256.Create((uint)Lanes.Count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Vector256<float> Expose(ref float pixels, nuint place, float channel, Vector256<float> light)
        {
            Vector256<float> color = Vector256.LoadUnsafe(ref pixels, place) * channel * light, most = Vector256.Create(255f);
            color = Vector256.Min(Vector256.Max(color, Vector256<float>.Zero), most);
            return color + color * (most - color) * curve;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Vector256<float> Grain(Vector256<float> bright, Vector256<uint> random)
            => bright + (Lanes.ToSingle(random) - Vector256.Create(127.5f)) * colorNoise;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<uint> ToBytes(Vector256<float> color) => Lanes.ToBytes(Vector256.Max(color, Vector256<float>.Zero));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<uint> Hash(Vector256<uint> value)
        {
            value = (value ^ (value >> 15)) * 0x2C1B3C6D;
            value = (value ^ (value >> 12)) * 0x297A2D39;
            return value ^ (value >> 15);
        }

        // Removes the fourth byte of each pixel. The 4 bytes after each 12 are written too.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Write(Vector256<uint> pixels, ref byte bytes)
        {
            Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15);
            Vector128.Shuffle(pixels.GetLower().AsByte(), order).StoreUnsafe(ref bytes);
            Vector128.Shuffle(pixels.GetUpper().AsByte(), order).StoreUnsafe(ref bytes, 12);
        }
    }

    /// <summary>A figure and how it moves.</summary>
    private sealed class Actor
    {
        private readonly Wave scale, turn, aspect, shear, bend, yaw;
        private readonly float mirror;
        private Wave x, y;
        private Actor? followed;

        public Actor(ref SceneRandom random, Figure figure, float size, int width, int height, float wander, FigureMaker.Kind kind)
        {
            Figure = figure;
            (float left, float top, float right, float bottom) = figure.Bounds(new Pose(Affine.Identity, 0, 0), 0);
            float high = size / MathF.Sqrt((right - left) * (bottom - top));
            // What stands on feet or wheels only tilts a little.
            bool upright = kind is not (FigureMaker.Kind.Ball or FigureMaker.Kind.Sign or FigureMaker.Kind.Lump or FigureMaker.Kind.Assembly);
            scale = new Wave(ref random, high, high * random.Skewed(0.02f, 0.4f), random.Between(80, 300));
            turn = upright
                ? new Wave(ref random, 0.02f * random.Normal(), random.Skewed(0, 0.06f), random.Between(40, 200))
                : new Wave(ref random, random.Chance(0.5f) ? 0 : random.Unit(), random.Skewed(0, 0.4f), random.Between(80, 300));
            aspect = new Wave(ref random, random.Between(0.85f, 1.18f), random.Skewed(0, 0.3f), random.Between(60, 250));
            shear = new Wave(ref random, 0.05f * random.Normal(), random.Skewed(0, 0.25f), random.Between(60, 250));
            bend = new Wave(ref random, 0, random.Skewed(0, 0.35f), random.Between(40, 200));
            yaw = new Wave(ref random, 0, random.Between(0.2f, 1), random.Between(50, 200));
            mirror = random.Sign();
            // The center stays in the frame, and in most scenes nearly all of the figure does.
            float inset = random.Chance(0.85f) ? 0.55f : 0.15f;
            float reachX = Math.Max(0, width / 2 - inset * high * (right - left)), reachY = Math.Max(0, height / 2 - inset * high * (bottom - top));
            float stayX = wander * random.Between(0.3f, 1) * reachX, stayY = wander * random.Between(0.1f, 0.9f) * reachY;
            float period = random.Between(90, 350);
            x = new Wave(ref random, width / 2 + (reachX - stayX) * random.Between(-1, 1), stayX, period);
            y = new Wave(ref random, height / 2 + (reachY - stayY) * random.Between(-1, 1), stayY, 1.2f * period);
        }

        public Figure Figure { get; }

        /// <summary>Makes this figure move along with another one.</summary>
        public void Follow(ref SceneRandom random, Actor other, float size)
        {
            followed = other;
            float distance = random.Between(0.9f, 2.2f) * size, angle = random.Unit();
            x = new Wave(ref random, distance * Turn.Cos(angle), 0.6f * size, 90);
            y = new Wave(ref random, 0.6f * distance * Turn.Sin(angle), 0.3f * size, 110);
        }

        public (float X, float Y) Middle(float time)
        {
            (float toX, float toY) = followed?.Middle(time) ?? (0, 0);
            return (toX + x.At(time), toY + y.At(time));
        }

        public Pose At(float time)
        {
            float high = scale.At(time), wide = high * aspect.At(time) * mirror;
            (float middleX, float middleY) = Middle(time);
            Affine place = new Affine(wide, wide * shear.At(time), 0, high, 0, 0).Then(Affine.Rotation(turn.At(time)));
            return new Pose(place with { X0 = middleX, Y0 = middleY }, bend.At(time), yaw.At(time));
        }
    }
}

/// <summary>Pictures that the surfaces of <see cref="SyntheticScene"/> may show.</summary>
public sealed class ScenePictures
{
    private ScenePictures(Texture[] textures) => Textures = textures;

    internal IReadOnlyList<Texture> Textures { get; }

    /// <summary>
    /// Reads the images of a folder. The central square of each is scaled to 256 x 256 pixels and mirrored to fill 512 x 512.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="FrameException">The folder is missing or has no image, or an image cannot be read.</exception>
    public static ScenePictures Open(string folder)
    {
        using FrameSource frames = FrameSource.Open(folder);
        return new ScenePictures([.. frames.Select(Square)]);
    }

    private static Texture Square(Frame frame)
    {
        Frame rgb = frame.ToRgb();
        int side = Math.Min(rgb.Width, rgb.Height), left = (rgb.Width - side) / 2, top = (rgb.Height - side) / 2;
        int stride = Texture.Stride(Backdrop.Size);
        uint[] texels = new uint[Backdrop.Size * stride];
        for (int y = 0; y < Backdrop.Size; y++)
        {
            // The picture is mirrored, so that it has no visible seam where it repeats.
            int fromY = top + Mirror(y) * side / (Backdrop.Size / 2);
            for (int x = 0; x < Backdrop.Size; x++)
            {
                ReadOnlySpan<byte> pixel = rgb.Row(fromY)[(3 * (left + Mirror(x) * side / (Backdrop.Size / 2)))..];
                texels[y * stride + x] = pixel[0] | (uint)pixel[1] << 8 | (uint)pixel[2] << 16;
            }
        }
        return new Texture(texels, Backdrop.Size, 3);
    }

    private static int Mirror(int i) => i < Backdrop.Size / 2 ? i : Backdrop.Size - 1 - i;
}
