namespace SiamIlgpu.Kernels;

/// <summary>A tensor or a frame of one device was given to an operation of another device.</summary>
public sealed class DeviceMismatchException(ComputeDevice expected, ComputeDevice actual)
    : InvalidOperationException($"expected memory of {expected.Name}, got some of {actual.Name}");

/// <summary>An operation cannot take a shape, layout or length. The message says what was expected and what was given.</summary>
public sealed class KernelShapeException(string message) : ArgumentException(message);

/// <summary>
/// A call to a GPU's driver failed. The message names the driver's function and its error code, and contains the build log of a kernel
/// that could not be built. Other devices go on working, the CPU device among them.
/// </summary>
public class DeviceException(string message) : Exception(message);

/// <summary>There is no such device, or it cannot be used. The message says what was looked for and what was found.</summary>
public sealed class DeviceUnavailableException(string message) : DeviceException(message);

/// <summary>The device has too little memory left. What was allocated before stays valid.</summary>
public sealed class DeviceMemoryException(string message) : DeviceException(message);

/// <summary>
/// The device failed for good: it was reset, removed or stopped by a fault, and its memory is lost. Dispose it and go on with another
/// device, such as the CPU. Opening the same device again may work; after some faults CUDA needs a new process.
/// </summary>
public sealed class DeviceLostException(string message) : DeviceException(message);
