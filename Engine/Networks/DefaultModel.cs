using SiamIlgpu.Weights;

namespace SiamIlgpu.Networks;

/// <summary>
/// The network that comes with the library, trained by its own trainer on made-up video alone, so that it carries no dataset's
/// license: it is under the project's. How it was trained, and how it does, is in docs/default-model.md; the command, seed and
/// figures are in its metadata.
/// </summary>
public static class DefaultModel
{
    private const string Resource = "default.safetensors";

    /// <summary>Reads it; each call gives weights of its own.</summary>
    public static NetworkWeights Load()
    {
        using Stream stream = typeof(DefaultModel).Assembly.GetManifestResourceStream(Resource)!;
        return NetworkWeights.Load(stream, "the default model");
    }
}
