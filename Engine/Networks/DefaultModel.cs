using SiamIlgpu.Weights;

namespace SiamIlgpu.Networks;

/// <summary>
/// The network that comes with the library: a CFNet (Valmadre et al. 2017) of three small convolutions, with crops of 127x127 pixels. The
/// library's own trainer trained it on made-up video, whose surfaces show pictures in the public domain, so no data set's license applies to
/// it. It is under the project's license. docs/default-model.md describes its training and its accuracy. Its metadata holds the training
/// command, the seed, the figures, and the tracking parameters that were fitted to it.
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
