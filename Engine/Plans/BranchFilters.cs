using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// The filters of a branch on a device, with batch norms folded in. All plans that are made with them share them. Dispose them as soon as
/// the last plan is made.
/// </summary>
public sealed class BranchFilters : IDisposable
{
    /// <summary>Loads the filters of a network's branch into a device's memory.</summary>
    /// <param name="device">The device; it must outlive the filters and their plans.</param>
    /// <param name="weights">The network's weights.</param>
    /// <exception cref="WeightFormatException">The weights have no definition or do not fit it; the message says why.</exception>
    public BranchFilters(ComputeDevice device, NetworkWeights weights)
    {
        Device = device;
        Definition = weights.RequireDefinition();
        if (Definition.Layers.Count == 0)
            throw new WeightFormatException(weights.Source, "the network has no layers");
        Convolutions = [.. FoldedBranch.Fold(weights, Definition).Select(folded => device.Load(folded.Shape, folded.Filters, folded.Bias))];
    }

    /// <summary>The device that has the filters in its memory.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The network that the filters belong to.</summary>
    public NetworkDefinition Definition { get; }

    internal IReadOnlyList<ConvolutionFilters> Convolutions { get; }

    /// <summary>Ends the preparation of plans. Plans that were prepared keep working.</summary>
    public void Dispose()
    {
        foreach (ConvolutionFilters filters in Convolutions)
            filters.Dispose();
    }
}
