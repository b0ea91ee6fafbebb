namespace SiamIlgpu.Kernels;

/// <summary>A buffer of one device was given to an operation of another.</summary>
public sealed class DeviceMismatchException(ComputeDevice expected, ComputeDevice actual)
    : InvalidOperationException($"expected a buffer of {expected.Name}, got one of {actual.Name}");

/// <summary>A shape, layout or length that an operation cannot take. Says what was expected and what came.</summary>
public sealed class KernelShapeException(string message) : ArgumentException(message);
