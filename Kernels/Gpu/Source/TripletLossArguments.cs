namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernels of the triplet loss are told.</summary>
internal readonly record struct TripletLossArguments
{
    /// <summary>Number of maps.</summary>
    internal int Batch { get; init; }

    /// <summary>Values of a map.</summary>
    internal int Places { get; init; }

    /// <summary>How many negatives of the whole batch are met; 0: all of the own map.</summary>
    internal int HardNegatives { get; init; }
}
