using System.Runtime.InteropServices;
using System.Text;

namespace SiamIlgpu.Kernels.Gpu.OpenCl;

/// <summary>
/// A kernel that ILGPU wrote in OpenCL C. Its parameters: the memory of every view, then where each view lies in its memory,
/// then the argument struct.
/// </summary>
internal sealed unsafe class OpenClKernel : GpuKernel
{
    // ILGPU writes for OpenCL C 2.0. Of that a portable kernel uses only the barrier's name, so with this it is 1.2, which
    // every driver compiles. And ILGPU lets a barrier order global memory alone, whatever the group shares; here it orders both.
    // Some drivers have such a macro of their own. Lines are counted from the kernel's first, for the compiler's log.
    private const string Prelude =
        "#undef work_group_barrier\n#define work_group_barrier(flags) barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)\n"
        + "#ifdef __clang__\n#pragma clang fp contract(fast)\n#endif\n#line 1\n";

    private readonly OpenClDriver driver;
    private readonly nint handle;

    /// <summary>Builds it.</summary>
    /// <exception cref="DeviceException">The driver's compiler refuses it, or the device cannot run its groups.</exception>
    internal OpenClKernel(OpenClDriver driver, CompiledKernel compiled)
        : base(compiled)
    {
        this.driver = driver;
        nint program = CreateProgram();
        try
        {
            Build(program);
            handle = CreateKernel(program);
        }
        finally
        {
            _ = driver.Api.ReleaseProgram(program); // The kernel holds on to it.
        }
    }

    /// <summary>Gives it back to the driver.</summary>
    internal void Release() => _ = driver.Api.ReleaseKernel(handle);

    protected override void LaunchCore(GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments)
    {
        if (views.Length != Compiled.ElementBytes.Count || arguments.Length != Compiled.ArgumentBytes)
        {
            throw new ArgumentException(
                $"kernel {Compiled.Name} takes {Compiled.ElementBytes.Count} views and {Compiled.ArgumentBytes} bytes of arguments, "
                + $"got {views.Length} and {arguments.Length}");
        }
        nuint* group = stackalloc nuint[] { (nuint)Compiled.GroupSize, 1, 1 };
        nuint* threads = stackalloc nuint[] { (nuint)groups.X * group[0], (nuint)groups.Y, (nuint)groups.Z };
        lock (driver.Launching)
        {
            driver.ThrowIfGone();
            for (int i = 0; i < views.Length; i++)
            {
                (nint memory, long offset, long length) = views[i];
                if (offset > int.MaxValue)
                    throw new ArgumentException($"kernel {Compiled.Name}: a view begins at {offset}, its parameter ends at {int.MaxValue}");
                var range = new ViewRange((int)offset, length);
                SetArgument(i, &memory, sizeof(nint));
                SetArgument(views.Length + i, &range, sizeof(ViewRange));
            }
            fixed (byte* bytes = arguments)
                SetArgument(2 * views.Length, bytes, arguments.Length);
            int code = driver.Api.EnqueueNDRangeKernel(driver.Queue, handle, 3, null, threads, group, 0, null, null);
            driver.Check(code, "clEnqueueNDRangeKernel");
        }
    }

    private void SetArgument(int index, void* value, int bytes) =>
        driver.Check(driver.Api.SetKernelArg(handle, (uint)index, (nuint)bytes, value), "clSetKernelArg");

    private nint CreateProgram()
    {
        byte[] code = Encoding.UTF8.GetBytes(Prelude + Compiled.Code);
        fixed (byte* bytes = code)
        {
            byte* source = bytes;
            nuint length = (nuint)code.Length;
            int error;
            nint program = driver.Api.CreateProgramWithSource(driver.Context, 1, &source, &length, &error);
            driver.Check(error, "clCreateProgramWithSource");
            return program;
        }
    }

    private void Build(nint program)
    {
        nint device = driver.Device.Handle;
        int code;
        // A product and a sum may become one instruction, as CUDA's compiler does it too: ILGPU writes them as two statements, which
        // OpenCL C keeps apart otherwise. No option that would trade accuracy for speed.
        fixed (byte* options = "-cl-std=CL1.2 -cl-mad-enable\0"u8)
            code = driver.Api.BuildProgram(program, 1, &device, options, null, null);
        if (code < 0)
            driver.Check(code, "clBuildProgram", $"kernel {Compiled.Name} does not build\n{driver.Api.BuildLogOf(program, device)}");
    }

    private nint CreateKernel(nint program)
    {
        int code;
        nint kernel;
        fixed (byte* name = Encoding.UTF8.GetBytes(Compiled.EntryPoint + '\0'))
            kernel = driver.Api.CreateKernel(program, name, &code);
        driver.Check(code, "clCreateKernel", $"kernel {Compiled.Name}, function {Compiled.EntryPoint}");

        // Registers or shared memory may leave less room than the device has for the simplest kernel.
        nuint largest;
        code = driver.Api.GetKernelWorkGroupInfo(
            kernel, driver.Device.Handle, OpenClApi.KernelGroupSize, (nuint)sizeof(nuint), &largest, null);
        if (code >= 0 && largest >= (nuint)Compiled.GroupSize)
            return kernel;
        _ = driver.Api.ReleaseKernel(kernel);
        driver.Check(code, "clGetKernelWorkGroupInfo");
        throw new DeviceException(
            $"OpenCL: kernel {Compiled.Name} needs groups of {Compiled.GroupSize}, the device runs it with {largest} at most");
    }

    /// <summary>A view but for its memory: { int; long }.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct ViewRange(int Offset, long Length);
}
