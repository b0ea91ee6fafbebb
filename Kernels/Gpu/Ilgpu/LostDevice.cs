using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// Keeps a failed device from ending the process. Objects of ILGPU free themselves when they are collected, by calls that now fail on the
/// finalizer's thread, where an exception cannot be caught. And a thread that switches to another accelerator first unbinds the failed one,
/// which fails too.
/// </summary>
internal static class LostDevice
{
    /// <summary>Stops all calls to the device that nobody asks for.</summary>
    internal static void Abandon(Accelerator accelerator)
    {
        lock (SyncRootOf(accelerator))
        {
            foreach (WeakReference<AcceleratorObject> child in ChildrenOf(accelerator))
            {
                if (child.TryGetTarget(out AcceleratorObject? made))
                    GC.SuppressFinalize(made);
            }
        }
        GC.SuppressFinalize(accelerator);
        if (ReferenceEquals(Current(null), accelerator))
            Current(null) = null;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "syncRoot")]
    private static extern ref object SyncRootOf(Accelerator accelerator);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "childObjects")]
    private static extern ref List<WeakReference<AcceleratorObject>> ChildrenOf(Accelerator accelerator);

    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "currentAccelerator")]
    private static extern ref Accelerator? Current(Accelerator? accelerator);
}
