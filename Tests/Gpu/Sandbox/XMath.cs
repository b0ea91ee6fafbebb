namespace ILGPU.Algorithms;

/// <summary>The mathematics of ILGPU.Algorithms that the kernels use.</summary>
public static class XMath
{
    public static float Sqrt(float value) => MathF.Sqrt(value);

    public static float Abs(float value) => MathF.Abs(value);
}
