using SiamIlgpu.Weights;

namespace SiamIlgpu.Networks;

/// <summary>
/// The network that comes with the library, a CFNet-conv1 (Valmadre et al. 2017). The library's own trainer trained it on made-up video
/// alone, so no data set's license applies to it. It is under the project's license. docs/default-model.md describes its training and its
/// accuracy. Its metadata holds the training command, the seed and the figures.
/// </summary>
/// <example>
/// <code>
/// using var device = new CpuDevice();
/// using var tracker = new Tracker(DefaultModel.Load(), device);
/// </code>
/// </example>
public static class DefaultModel
{
    private const string Resource = "default.safetensors";

    /// <summary>Reads the network. Each call returns new weights.</summary>
    public static NetworkWeights Load()
    {
        using Stream stream = typeof(DefaultModel).Assembly.GetManifestResourceStream(Resource)!;
        return NetworkWeights.Load(stream, "the default model");
    }
}
