using System.Runtime.CompilerServices;
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
        const int Margin = MostBlur + MostMotion + 1;
        int canvasLeft = (left - Margin) & ~1, canvasTop = (top - Margin) & ~1;
        int canvasWide = (left + wide + Margin - canvasLeft + 1) & ~1, canvasHigh = (top + high + Margin - canvasTop + 1) & ~1;
        int length = canvasWide * canvasHigh;
        if (window.Canvas.Length < length)
            (window.Canvas, window.Scratch) = (new Vector128<float>[length + length / 4], new Vector128<float>[length + length / 4]);
        var canvas = new Canvas(window.Canvas.AsSpan(0, length), canvasLeft, canvasTop, canvasWide, canvasHigh);
        Span<Vector128<float>> scratch = window.Scratch.AsSpan(0, length);

        PaintBackdrop(frame, canvas);
        foreach (Actor actor in behind)
            window.Painter.Paint(actor.Figure, actor.At(frame), frame, canvas);
        window.Painter.Paint(target.Figure, target.At(frame), frame, canvas);
        foreach (Actor actor in before)
            window.Painter.Paint(actor.Figure, actor.At(frame), frame, canvas);

        BlurMotion(frame, canvas, scratch);
        for (int i = 0; i < blurs; i++)
            Soften(canvas, scratch);
        if (subsampled)
            ShareChroma(canvas);

        window.Pixels.Resize(wide, high, PixelFormat.Rgb24);
        window.Pixels.Index = frame;
        window.Pixels.Name = Name;
        (window.Left, window.Top, window.FrameWidth, window.FrameHeight) = (left, top, Width, Height);
        Develop(frame, canvas, window);
    }

    private void PaintBackdrop(int frame, in Canvas canvas)
    {
        float scale = zoom.At(frame);
        var jitter = new SceneRandom(SceneRandom.Seed(seed, (ulong)frame, 5));
        Affine toTexels = Affine.Rotation(roll.At(frame), scale) with
        {
            X0 = panX.At(frame) + shake * jitter.Normal(),
            Y0 = panY.At(frame) + shake * jitter.Normal(),
        };
        Texture.Level texture = backdrop.At(scale);
        for (int y = canvas.Top; y < canvas.Top + canvas.Height; y++)
        {
            Span<Vector128<float>> row = canvas.Row(y);
            float v = y - Height / 2, u0 = toTexels.XY * v + toTexels.X0, v0 = toTexels.YY * v + toTexels.Y0;
            for (int i = 0; i < row.Length; i++)
            {
                float u = canvas.Left + i - Width / 2;
                row[i] = texture.Sample(toTexels.XX * u + u0, toTexels.YX * u + v0);
            }
        }
    }

    // Replaces each pixel by the mean of pixels along the target's motion, at whole-pixel steps.
    private void BlurMotion(int frame, in Canvas canvas, Span<Vector128<float>> scratch)
    {
        if (shutter == 0)
            return;
        (float x1, float y1) = target.Middle(frame + 0.5f);
        (float x0, float y0) = target.Middle(frame - 0.5f);
        float dx = Math.Clamp(shutter * (x1 - x0), -2 * MostMotion, 2 * MostMotion), dy = Math.Clamp(shutter * (y1 - y0), -2 * MostMotion, 2 * MostMotion);
        int steps = (int)Math.Max(MathF.Abs(dx), MathF.Abs(dy));
        if (steps < 1)
            return;
        int width = canvas.Width, height = canvas.Height;
        canvas.Pixels.CopyTo(scratch);
        float share = 1f / (steps + 1);
        Span<int> offsets = stackalloc int[2 * MostMotion + 1];
        for (int i = 0; i <= steps; i++)
        {
            float along = (float)i / steps - 0.5f;
            offsets[i] = (int)MathF.Floor(along * dy + 0.5f) * width + (int)MathF.Floor(along * dx + 0.5f);
        }
        for (int y = MostMotion; y < height - MostMotion; y++)
        {
            int row = y * width;
            for (int x = MostMotion; x < width - MostMotion; x++)
            {
                Vector128<float> sum = scratch[row + x + offsets[0]];
                for (int i = 1; i <= steps; i++)
                    sum += scratch[row + x + offsets[i]];
                canvas.Pixels[row + x] = sum * share;
            }
        }
    }

    private void Soften(in Canvas canvas, Span<Vector128<float>> scratch)
    {
        int width = canvas.Width, height = canvas.Height;
        Span<Vector128<float>> pixels = canvas.Pixels;
        for (int y = 0; y < height; y++)
        {
            Span<Vector128<float>> from = pixels.Slice(y * width, width), to = scratch.Slice(y * width, width);
            (to[0], to[^1]) = (from[0], from[^1]);
            for (int x = 1; x < width - 1; x++)
                to[x] = from[x] + (from[x - 1] + from[x + 1] - 2 * from[x]) * blur;
        }
        for (int y = 1; y < height - 1; y++)
        {
            Span<Vector128<float>> above = scratch.Slice((y - 1) * width, width), here = scratch.Slice(y * width, width);
            Span<Vector128<float>> below = scratch.Slice((y + 1) * width, width), to = pixels.Slice(y * width, width);
            for (int x = 0; x < to.Length; x++)
                to[x] = here[x] + (above[x] + below[x] - 2 * here[x]) * blur;
        }
    }

    // Gives squares of 2 x 2 pixels the same chroma, as JPEG and most cameras do.
    private static void ShareChroma(in Canvas canvas)
    {
        Vector128<float> weights = Vector128.Create(0.299f, 0.587f, 0.114f, 0);
        int width = canvas.Width;
        Span<Vector128<float>> pixels = canvas.Pixels;
        for (int y = 0; y < canvas.Height; y += 2)
        {
            for (int x = 0; x < width; x += 2)
            {
                int i = y * width + x;
                Vector128<float> a = pixels[i], b = pixels[i + 1], c = pixels[i + width], d = pixels[i + width + 1];
                Vector128<float> middle = (a + b + c + d) * 0.25f;
                float level = Vector128.Dot(middle, weights);
                pixels[i] = middle + Vector128.Create(Vector128.Dot(a, weights) - level);
                pixels[i + 1] = middle + Vector128.Create(Vector128.Dot(b, weights) - level);
                pixels[i + width] = middle + Vector128.Create(Vector128.Dot(c, weights) - level);
                pixels[i + width + 1] = middle + Vector128.Create(Vector128.Dot(d, weights) - level);
            }
        }
    }

    // Applies light, tone curve and noise, and rounds to bytes.
    private void Develop(int frame, in Canvas canvas, FrameWindow window)
    {
        float all = gain.At(frame), curve = gamma.At(frame) / 255, warm = warmth.At(frame), acrossX = slopeX.At(frame), acrossY = slopeY.At(frame);
        float edge = shadowPlace.At(frame);
        Vector128<float> channels = all * Vector128.Create(1 + warm, 1, 1 - warm, 0);
        uint frameHash = (uint)SceneRandom.Seed(seed, (ulong)frame, 9);
        Frame to = window.Pixels;
        for (int y = 0; y < to.Height; y++)
        {
            int frameY = window.Top + y;
            Span<byte> bytes = to.Row(y);
            Span<Vector128<float>> from = canvas.Row(frameY).Slice(window.Left - canvas.Left, to.Width);
            for (int x = 0; x < from.Length; x++)
            {
                int frameX = window.Left + x;
                float dx = frameX - Width / 2, dy = frameY - Height / 2;
                float light = 1 + acrossX * dx + acrossY * dy;
                light *= 1 - shadowDepth * Math.Clamp((shadowX * dx + shadowY * dy - edge) * shadowSoft, 0, 1);
                Vector128<float> color = from[x] * channels * light;
                color = Vector128.Min(Vector128.Max(color, Vector128<float>.Zero), Vector128.Create(255f));
                color += color * (Vector128.Create(255f) - color) * curve;
                // A hash gives four random bytes. Their sum is the noise of the brightness, and three of them add a little noise to the
                // colors.
                uint hash = Hash((uint)frameX * 0x9E3779B1 ^ (uint)frameY * 0x85EBCA77 ^ frameHash);
                Vector128<float> bytesOfHash = Vector128.Create((float)(hash & 255), (hash >> 8) & 255, (hash >> 16) & 255, hash >> 24);
                float sum = (Vector128.Sum(bytesOfHash) - 510) * (1f / 148);
                color += Vector128.Create(noise * sum) + (bytesOfHash - Vector128.Create(127.5f)) * (noise / 250);
                if (gray)
                    color = Vector128.Create(Vector128.Dot(color, Vector128.Create(0.299f, 0.587f, 0.114f, 0)));
                uint texel = Texel.Pack(color);
                (bytes[3 * x], bytes[3 * x + 1], bytes[3 * x + 2]) = ((byte)texel, (byte)(texel >> 8), (byte)(texel >> 16));
            }
        }
        Vector128<float> padding = mean * channels;
        padding += padding * (Vector128.Create(255f) - padding) * curve;
        window.Padding = gray
            ? new RgbColor(Luminance(padding), Luminance(padding), Luminance(padding))
            : new RgbColor(padding[0], padding[1], padding[2]);
    }

    private static float Luminance(Vector128<float> color) => 0.299f * color[0] + 0.587f * color[1] + 0.114f * color[2];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(uint value)
    {
        value = (value ^ (value >> 15)) * 0x2C1B3C6D;
        value = (value ^ (value >> 12)) * 0x297A2D39;
        return value ^ (value >> 15);
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
        uint[] texels = new uint[Backdrop.Size * Backdrop.Size];
        for (int y = 0; y < Backdrop.Size; y++)
        {
            // The picture is mirrored, so that it has no visible seam where it repeats.
            int fromY = top + Mirror(y) * side / (Backdrop.Size / 2);
            for (int x = 0; x < Backdrop.Size; x++)
            {
                ReadOnlySpan<byte> pixel = rgb.Row(fromY)[(3 * (left + Mirror(x) * side / (Backdrop.Size / 2)))..];
                texels[y * Backdrop.Size + x] = pixel[0] | (uint)pixel[1] << 8 | (uint)pixel[2] << 16;
            }
        }
        return new Texture(texels, Backdrop.Size, 3);
    }

    private static int Mirror(int i) => i < Backdrop.Size / 2 ? i : Backdrop.Size - 1 - i;
}
