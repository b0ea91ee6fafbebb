namespace SiamIlgpu.Media;

/// <summary>Reads the images of one folder as a video, in natural order of their names: img2 comes before img10. Not thread-safe.</summary>
/// <example>
/// <code>
/// using var images = new ImageFolder("Crossing/img");
/// Console.WriteLine($"{images.Count} images");
/// foreach (Frame frame in images)
///     Console.WriteLine($"{frame.Index}: {frame.Name}, {frame.Width}x{frame.Height}");
/// </code>
/// </example>
public sealed class ImageFolder : FrameSource
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];

    private readonly ImageReader reader = new();
    private readonly Frame frame = new();
    private readonly string[] files;
    private int next;

    /// <summary>Lists the folder's images.</summary>
    /// <param name="folder">The folder that directly contains the images.</param>
    /// <param name="firstImage">How many images to skip at the start.</param>
    /// <exception cref="FrameException">The folder does not exist, cannot be listed, or has no image after the skipped ones.</exception>
    public ImageFolder(string folder, int firstImage = 0) => files = List(folder, firstImage);

    /// <inheritdoc/>
    public override int? Count => files.Length;

    /// <summary>Lists the paths of a folder's images in natural order, without the skipped ones.</summary>
    /// <param name="folder">The folder that directly contains the images.</param>
    /// <param name="firstImage">How many images to skip at the start.</param>
    /// <exception cref="FrameException">The folder does not exist, cannot be listed, or has no image after the skipped ones.</exception>
    public static string[] List(string folder, int firstImage = 0)
    {
        string[] images;
        if (!Directory.Exists(folder))
            throw new FrameException(folder, File.Exists(folder) ? "is a file, not a folder of images" : "there is no such folder");
        try
        {
            images = [.. Directory.EnumerateFiles(folder).Where(IsImage).Order(NaturalOrder.Instance).Skip(firstImage)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FrameException(folder, $"cannot be listed ({e.Message})", e);
        }
        if (images.Length == 0)
            throw new FrameException(folder, $"the folder has no image ({string.Join(", ", Extensions)}){(firstImage > 0 ? $" after the first {firstImage}" : "")}");
        return images;
    }

    /// <inheritdoc/>
    public override Frame? Read()
    {
        if (next == files.Length)
            return null;
        int index = next++;
        reader.Read(files[index], frame);
        frame.Index = index;
        return frame;
    }

    private static bool IsImage(string file) => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
}
