using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// Keeps a device that failed from ending the process. What ILGPU made for it frees itself when it is collected, by calls that fail
/// now, on the finalizer's thread, where an exception cannot be caught. And a thread that goes on to another accelerator first leaves
/// the one before, which fails, too.
/// </summary>
internal static class LostDevice
{
    /// <summary>Lets nobody call the device any more without being asked to.</summary>
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
