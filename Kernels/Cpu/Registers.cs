using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>The widest registers that the kernels use.</summary>
internal static class Registers
{
    /// <summary>
    /// Whether kernels use 512 bits. .NET advises against them, by <c>Vector512.IsHardwareAccelerated</c>, on the first processors that
    /// have them, because those slow down while they use them. But dense arithmetic is still faster: on such a Xeon (Cascade Lake)
    /// 150 GFLOP/s instead of 86 on one core, in which the lower clock is included. Code that is compiled ahead of time emulates what its
    /// target may lack, so there the advice is followed.
    /// </summary>
    internal static bool Has512Bits { get; } =
        Vector512.IsHardwareAccelerated || (Avx512F.IsSupported && RuntimeFeature.IsDynamicCodeCompiled);
}
