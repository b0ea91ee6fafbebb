using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// A square picture that repeats without end, made of patches that lie one over another. The patches are painted from front to back, so
/// that nothing is computed for texels that a patch in front of them hides. Not thread-safe.
/// </summary>
internal sealed class Painting(int size, PolygonFill fill)
{
    // A row of full coverage for the ground.
    private static readonly float[] Full = [.. Enumerable.Repeat(1f, Backdrop.Size + Lanes.Count)];

    // The highest byte is the share of the texel that is painted, 0..255; the other bytes are the colors so far, times that share.
    private readonly uint[] texels = new uint[size * Texture.Stride(size)];
    private readonly List<Patch> patches = [];
    private Surface? ground;

    /// <summary>Rows and columns.</summary>
    public int Size => size;

    /// <summary>The first texel of a row of a finished painting.</summary>
    public ref uint Row(int y) => ref texels[y * Texture.Stride(size)];

    /// <summary>Chooses what lies behind all patches.</summary>
    public void Ground(Surface surface) => ground = surface;

    /// <summary>Adds a patch in front of all others. Its brightness is a linear function of the place.</summary>
    public void Add(float[] outline, Surface surface, float shade = 0, float shadeX = 0, float shadeY = 0)
    {
        var patch = new Patch(outline, surface, shade, shadeX, shadeY);
        if (ground is null)
            Paint(patch, over: true);
        else
            patches.Add(patch);
    }

    /// <summary>Paints the patches and the ground. What is added later is painted over them at once.</summary>
    public void Finish()
    {
        if (ground is null)
            return;
        for (int i = patches.Count - 1; i >= 0; i--)
            Paint(patches[i], over: false);
        patches.Clear();
        var shader = new Shader(this, new Patch([], ground, 0, 0, 0), over: false);
        for (int y = 0; y < size; y++)
            shader.Row(y, 0, Full.AsSpan(0, size));
        ground = null;
    }

    /// <summary>Makes a texture of the finished painting, which must not be changed afterwards.</summary>
    public Texture ToTexture(int levels)
    {
        Finish();
        return new Texture(texels, size, levels);
    }

    private void Paint(in Patch patch, bool over)
    {
        var shader = new Shader(this, patch, over);
        fill.Fill(patch.Outline, -size, -size, 2 * size, 2 * size, ref shader);
    }

    private readonly record struct Patch(float[] Outline, Surface Surface, float Shade, float ShadeX, float ShadeY);

    /// <summary>Paints rows of a patch. What crosses an edge of the picture continues at the opposite edge.</summary>
    private readonly struct Shader(Painting painting, Patch patch, bool over) : IPolygonShader
    {
        public void Row(int y, int x, ReadOnlySpan<float> cover)
        {
            int mask = painting.Size - 1;
            ref uint row = ref painting.Row(y & mask);
            for (int i = 0; i < cover.Length;)
            {
                int column = (x + i) & mask, count = Math.Min(cover.Length - i, painting.Size - column);
                Piece(y, x + i, cover.Slice(i, count), ref Unsafe.Add(ref row, column));
                i += count;
            }
        }

        // Paints neighboring texels. Vectors may reach beyond the last one; what they write there is what was there.
        private void Piece(int y, int x, ReadOnlySpan<float> cover, ref uint texels)
        {
            Surface.Line line = patch.Surface.At(y);
            ref float first = ref MemoryMarshal.GetReference(cover);
            for (int i = 0; i < cover.Length; i += Lanes.Count)
            {
                Vector256<float> part = Vector256.LoadUnsafe(ref first, (nuint)i);
                if (cover.Length - i < Lanes.Count)
                    part &= Vector256.LessThan(Lanes.Indices, Vector256.Create((float)(cover.Length - i)));
                Vector256<uint> before = Vector256.LoadUnsafe(ref texels, (nuint)i), painted = before >> 24;
                Vector256<float> keep = Vector256<float>.One;
                if (over)
                {
                    keep -= part;
                }
                else
                {
                    // The rest of a texel that is not painted yet; in whole shares, so that the shares of all patches sum to 255.
                    Vector256<float> rest = Vector256.Create(255f) - Lanes.ToSingle(painted);
                    Vector256<uint> more = Vector256.ConvertToInt32Native(rest * part + Vector256.Create(0.5f)).AsUInt32();
                    if (more == Vector256<uint>.Zero)
                        continue;
                    painted += more;
                    part = Lanes.ToSingle(more) * (1f / 255);
                }
                Vector256<float> place = Vector256.Create((float)(x + i)) + Lanes.Indices;
                Vector256<float> light = Vector256.Max(
                    Vector256.Create(0.2f), Vector256.Create(1 + patch.Shade) + patch.ShadeX * place + Vector256.Create(patch.ShadeY * y));
                line.Colors(place, light, out Vector256<float> red, out Vector256<float> green, out Vector256<float> blue);
                Vector256<uint> low = Vector256.Create(255u);
                red = Lanes.ToSingle(before & low) * keep + red * part;
                green = Lanes.ToSingle((before >> 8) & low) * keep + green * part;
                blue = Lanes.ToSingle((before >> 16) & low) * keep + blue * part;
                (Lanes.ToBytes(red) | Lanes.ToBytes(green) << 8 | Lanes.ToBytes(blue) << 16 | painted << 24).StoreUnsafe(ref texels, (nuint)i);
            }
        }
    }
}
