using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// The rectangle of a frame that is painted: three planes of red, green and blue, 0..255. Its memory is reused. Code that treats eight
/// pixels at once may read and write some numbers before and after a plane.
/// </summary>
internal sealed class Canvas
{
    // Spare numbers before and after each plane.
    private const int Spare = 16;

    private float[] numbers = [];

    /// <summary>The column of the frame at which the canvas begins.</summary>
    public int Left { get; private set; }

    /// <summary>The row of the frame at which the canvas begins.</summary>
    public int Top { get; private set; }

    /// <summary>Pixels in a row, a multiple of eight.</summary>
    public int Width { get; private set; }

    /// <summary>Number of rows.</summary>
    public int Height { get; private set; }

    /// <summary>Numbers from one plane to the next.</summary>
    public int Plane { get; private set; }

    /// <summary>Places the canvas. Its pixels then have any values.</summary>
    public void Place(int left, int top, int width, int height)
    {
        (Left, Top, Width, Height) = (left, top, Lanes.RoundUp(width), height);
        Plane = Width * Height + 2 * Spare;
        if (numbers.Length < 3 * Plane)
            numbers = new float[3 * Plane + Plane / 2];
    }

    /// <summary>The red of the first pixel of a row of the frame; green and blue are one and two planes further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref float Row(int y) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(numbers), Spare + (y - Top) * Width);
}
