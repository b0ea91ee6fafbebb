namespace SiamIlgpu.Kernels;

/// <summary>A buffer or a frame of one device was given to an operation of another.</summary>
public sealed class DeviceMismatchException(ComputeDevice expected, ComputeDevice actual)
    : InvalidOperationException($"expected memory of {expected.Name}, got some of {actual.Name}");

/// <summary>A shape, layout or length that an operation cannot take. Says what was expected and what came.</summary>
public sealed class KernelShapeException(string message) : ArgumentException(message);

/// <summary>
/// A GPU or its driver refused: the message names the driver's function, its error code and, when a kernel would not build,
/// its log. Other devices, the CPU device among them, go on working.
/// </summary>
public class DeviceException(string message) : Exception(message);

/// <summary>There is no such device here; the message says what was looked for and what came instead.</summary>
public sealed class DeviceUnavailableException(string message) : DeviceException(message);

/// <summary>The device has not that much memory left. What was allocated before stays valid.</summary>
public sealed class DeviceMemoryException(string message) : DeviceException(message);

/// <summary>
/// The device failed for good: reset, removed, or stopped by a fault. Its buffers are gone; dispose it, and go on with another,
/// such as the CPU device. Opening it anew may work; after some faults CUDA wants a new process.
/// </summary>
public sealed class DeviceLostException(string message) : DeviceException(message);
