namespace SiamIlgpu.Media;

/// <summary>The images of one folder, in natural order of their names: img2 before img10. Not thread-safe.</summary>
public sealed class ImageFolder : FrameSource
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];

    private readonly ImageReader reader = new();
    private readonly Frame frame = new();
    private readonly string[] files;
    private int next;

    /// <summary>Lists the folder's images.</summary>
    /// <param name="folder">The folder that holds the images themselves.</param>
    /// <param name="firstImage">How many of the first images to leave out.</param>
    /// <exception cref="FrameException">The folder is missing, or has no image from there on.</exception>
    public ImageFolder(string folder, int firstImage = 0) => files = List(folder, firstImage);

    /// <inheritdoc/>
    public override int? Count => files.Length;

    /// <summary>The images of a folder in natural order, without the first ones.</summary>
    /// <exception cref="FrameException">The folder is missing, or has no image from there on.</exception>
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
