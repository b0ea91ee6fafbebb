namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernels of the search for the response's peak are told.</summary>
internal readonly record struct ResponsePeakArguments
{
    /// <summary>Values of a map that a group of threads computes.</summary>
    internal const int Stretch = 2048;

    /// <summary>Number of responses.</summary>
    internal int Scales { get; init; }

    /// <summary>Rows and columns of a response.</summary>
    internal int ResponseSize { get; init; }

    /// <summary>Rows and columns of an upsampled map.</summary>
    internal int MapSize { get; init; }

    /// <summary>Taps of the upsampling.</summary>
    internal int Taps { get; init; }

    /// <summary>Groups of threads that share a map.</summary>
    internal int Groups { get; init; }

    /// <summary>Multiplies the peaks of all but the middle scale when the winner is chosen.</summary>
    internal float ScalePenalty { get; init; }

    /// <summary>Share of the window in the final map.</summary>
    internal float WindowInfluence { get; init; }
}

/// <summary>What the search found, as it comes from the device: eight floats, of which the first four count.</summary>
internal static class ResponsePeakFound
{
    /// <summary>Index of the winning scale.</summary>
    internal const int Scale = 0;

    /// <summary>Place of the peak in the map, column by column.</summary>
    internal const int Place = 1;

    /// <summary>Highest value of the winner's map.</summary>
    internal const int Response = 2;

    /// <summary>(peak - mean) / deviation of the winner's response.</summary>
    internal const int PeakToSidelobe = 3;

    /// <summary>Number of floats.</summary>
    internal const int Length = 8;
}
