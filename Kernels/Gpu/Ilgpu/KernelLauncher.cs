using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// Calls ILGPU's launcher of a kernel with arguments of its types: as many views as it takes, and the argument struct. Nothing is
/// boxed or allocated.
/// </summary>
internal abstract class KernelLauncher(Kernel kernel, int views, int argumentBytes)
{
    // By the number of views, from one.
    private static readonly Type[] ByViews =
    [
        typeof(Of<,>), typeof(Of<,,>), typeof(Of<,,,>), typeof(Of<,,,,>),
        typeof(Of<,,,,,>), typeof(Of<,,,,,,>), typeof(Of<,,,,,,,>), typeof(Of<,,,,,,,,>),
    ];

    /// <summary>What it launches.</summary>
    internal Kernel Kernel => kernel;

    /// <summary>The launcher of a loaded kernel; <paramref name="source"/> says which types it takes.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "ByViews names the types, which use no members of their parameters.")]
    [UnconditionalSuppressMessage("Trimming", "IL2062", Justification = "The types have one constructor each, which For keeps.")]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,,,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Of<,,,,,,,,>))]
    internal static KernelLauncher For(KernelSource source, Kernel kernel)
    {
        // Action<ArrayView<T1>, ArrayView<T2>, ..., TArguments>
        Type[] parameters = source.Method.GetType().GetGenericArguments();
        Type[] elements = [.. parameters[..^1].Select(view => view.GetGenericArguments()[0])];
        return (KernelLauncher)Activator.CreateInstance(ByViews[elements.Length - 1].MakeGenericType([.. elements, parameters[^1]]), kernel)!;
    }

    /// <summary>Fails when these are not the numbers that the kernel takes.</summary>
    internal void Check(string name, ReadOnlySpan<GpuView> given, ReadOnlySpan<byte> arguments)
    {
        if (given.Length != views || arguments.Length != argumentBytes)
        {
            throw new ArgumentException(
                $"kernel {name} takes {views} views and {argumentBytes} bytes of arguments, got {given.Length} and {arguments.Length}");
        }
        // A view is its start, an int in OpenCL C, and its length.
        foreach (GpuView view in given)
        {
            if (view.Offset > int.MaxValue)
                throw new ArgumentException($"kernel {name}: a view begins at {view.Offset}, its parameter ends at {int.MaxValue}");
        }
    }

    /// <summary>Enqueues the kernel.</summary>
    internal abstract void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments);

    private static ArrayView<T> View<T>(in GpuView view)
        where T : unmanaged => new(((IlgpuMemory)view.Memory).Buffer, view.Offset, view.Length);

    private sealed class Of<T1, TArguments>(Kernel kernel) : KernelLauncher(kernel, 1, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, TArguments>(Kernel kernel) : KernelLauncher(kernel, 2, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, T3, TArguments>(Kernel kernel) : KernelLauncher(kernel, 3, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), View<T3>(v[2]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, T3, T4, TArguments>(Kernel kernel) : KernelLauncher(kernel, 4, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), View<T3>(v[2]), View<T4>(v[3]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, T3, T4, T5, TArguments>(Kernel kernel) : KernelLauncher(kernel, 5, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), View<T3>(v[2]), View<T4>(v[3]), View<T5>(v[4]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, T3, T4, T5, T6, TArguments>(Kernel kernel) : KernelLauncher(kernel, 6, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), View<T3>(v[2]), View<T4>(v[3]), View<T5>(v[4]), View<T6>(v[5]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, T3, T4, T5, T6, T7, TArguments>(Kernel kernel) : KernelLauncher(kernel, 7, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), View<T3>(v[2]), View<T4>(v[3]), View<T5>(v[4]), View<T6>(v[5]), View<T7>(v[6]), MemoryMarshal.Read<TArguments>(arguments));
    }

    private sealed class Of<T1, T2, T3, T4, T5, T6, T7, T8, TArguments>(Kernel kernel) : KernelLauncher(kernel, 8, Unsafe.SizeOf<TArguments>())
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where TArguments : unmanaged
    {
        private readonly Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, ArrayView<T8>, TArguments> launch =
            kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, ArrayView<T8>, TArguments>>();

        internal override void Launch(AcceleratorStream queue, KernelConfig config, ReadOnlySpan<GpuView> v, ReadOnlySpan<byte> arguments) =>
            launch(queue, config, View<T1>(v[0]), View<T2>(v[1]), View<T3>(v[2]), View<T4>(v[3]), View<T5>(v[4]), View<T6>(v[5]), View<T7>(v[6]), View<T8>(v[7]), MemoryMarshal.Read<TArguments>(arguments));
    }
}
