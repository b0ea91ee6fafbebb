using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// The filters of a branch on a device, batch norms folded in, shared by all plans that are made with them. Dispose them once
/// the last plan is made.
/// </summary>
public sealed class BranchFilters : IDisposable
{
    /// <summary>Brings the filters of a network's branch to a device.</summary>
    /// <param name="device">Where they go; must outlive them and their plans.</param>
    /// <param name="weights">The weights, with their definition.</param>
    /// <exception cref="WeightFormatException">The weights lack a definition or do not fit it.</exception>
    public BranchFilters(ComputeDevice device, NetworkWeights weights)
    {
        Device = device;
        Definition = weights.RequireDefinition();
        if (Definition.Layers.Count == 0)
            throw new WeightFormatException(weights.Source, "the network has no layers");
        Convolutions = [.. FoldedBranch.Fold(weights, Definition).Select(folded => device.Load(folded.Shape, folded.Filters, folded.Bias))];
    }

    /// <summary>The device that they are on.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The network that they are of.</summary>
    public NetworkDefinition Definition { get; }

    internal IReadOnlyList<ConvolutionFilters> Convolutions { get; }

    /// <summary>No more plans will be made; those that are there work on.</summary>
    public void Dispose()
    {
        foreach (ConvolutionFilters filters in Convolutions)
            filters.Dispose();
    }
}
