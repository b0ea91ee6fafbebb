namespace SiamIlgpu.Kernels.Ops;

/// <summary>A square of pixels. It may reach outside the image; pixels there have the padding color.</summary>
/// <param name="X">Column of its first pixel, 0-based.</param>
/// <param name="Y">Row of its first pixel, 0-based.</param>
/// <param name="Side">Pixels on a side.</param>
public readonly record struct CropSquare(int X, int Y, int Side)
{
    /// <summary>The part of [first, first + side) inside [0, size): its first index and its length.</summary>
    internal static (int First, int Count) Overlap(int first, int side, int size)
    {
        long end = Math.Min((long)first + side, size);
        int begin = Math.Max(first, 0);
        return end > begin ? (begin, (int)(end - begin)) : (first, 0);
    }
}

/// <summary>
/// Where the crops of one frame come from. Pixels are resampled twice, as in the code of the papers' authors: the region is cut from
/// the frame and resized to <see cref="RegionSize"/>; then each level is cut from the resized region and resized to the crop size.
/// </summary>
public readonly ref struct CropPyramid
{
    /// <summary>The square cut from the frame.</summary>
    public required CropSquare Region { get; init; }

    /// <summary>Rows and columns that the region is resized to.</summary>
    public required int RegionSize { get; init; }

    /// <summary>The squares cut from the resized region, one for each crop, in pixels of that region.</summary>
    public required ReadOnlySpan<CropSquare> Levels { get; init; }

    /// <summary>The color of pixels outside the frame and outside the region.</summary>
    public required RgbColor Padding { get; init; }
}

/// <summary>The part of a resized region that its levels need.</summary>
internal readonly record struct CropBounds(int Left, int Top, int Width, int Height)
{
    internal static CropBounds Of(ReadOnlySpan<CropSquare> levels, int size)
    {
        int left = size, top = size, right = 0, bottom = 0;
        foreach (CropSquare level in levels)
        {
            left = Math.Min(left, Math.Clamp(level.X, 0, size));
            top = Math.Min(top, Math.Clamp(level.Y, 0, size));
            right = Math.Max(right, (int)Math.Clamp((long)level.X + level.Side, 0, size));
            bottom = Math.Max(bottom, (int)Math.Clamp((long)level.Y + level.Side, 0, size));
        }
        return right > left && bottom > top ? new CropBounds(left, top, right - left, bottom - top) : default;
    }
}

/// <summary>Square crops of a frame, resized by MATLAB's antialiased bicubic <c>imresize</c> to RGB floats 0..255.</summary>
/// <param name="Levels">Number of crops.</param>
/// <param name="Size">Rows and columns of a crop.</param>
public readonly record struct CropResizeSpec(int Levels, int Size)
{
    /// <summary>Shape of the crops.</summary>
    public TensorShape Crops => new(Levels, 3, Size, Size);

    /// <summary>Throws when the sizes make no sense.</summary>
    /// <exception cref="KernelShapeException">A size is not positive.</exception>
    public void Validate()
    {
        if (Levels <= 0 || Size <= 0)
            throw new KernelShapeException($"crop: every size must be positive, got {this}");
    }
}

/// <summary>A prepared <see cref="CropResizeSpec"/>. Its scratch memory grows with the largest region so far and is reused.</summary>
public abstract class CropResize(ComputeDevice device, CropResizeSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public CropResizeSpec Spec { get; } = spec;

    /// <summary>
    /// Cuts the crops (interleaved). After it returns, the pixels of a frame in host memory are no longer needed. The pixels of a frame in
    /// the device's memory are read when the device's queue comes to this work.
    /// </summary>
    /// <exception cref="DeviceMismatchException">The crops or the frame are in another device's memory.</exception>
    /// <exception cref="KernelShapeException">The number of levels differs from the spec's, or a side is not positive.</exception>
    public void Forward(in FrameView frame, in CropPyramid pyramid, TensorView crops)
    {
        Require(crops, Spec.Crops, TensorLayout.Interleaved, "crops");
        if (frame.OnDevice is { } there && !ReferenceEquals(there.Device, Device))
            throw new DeviceMismatchException(Device, there.Device);
        if (pyramid.Levels.Length != Spec.Levels)
            throw new KernelShapeException($"crops: expected {Spec.Levels} levels, got {pyramid.Levels.Length}");
        if (pyramid.Region.Side <= 0 || pyramid.RegionSize <= 0)
            throw new KernelShapeException($"crops: the region must have at least one pixel, got {pyramid.Region} to {pyramid.RegionSize}");
        foreach (CropSquare level in pyramid.Levels)
        {
            if (level.Side <= 0)
                throw new KernelShapeException($"crops: a level must have at least one pixel, got {level}");
        }
        ForwardCore(frame, pyramid, crops);
    }

    /// <summary>Cuts the crops; the request has been checked.</summary>
    protected abstract void ForwardCore(in FrameView frame, in CropPyramid pyramid, TensorView crops);
}
