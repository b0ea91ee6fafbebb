using System.Runtime.InteropServices;
using System.Text;
using SiamIlgpu.Kernels;
using static SiamIlgpu.Bench.Peer.OnnxRuntime;

namespace SiamIlgpu.Bench.Peer;

/// <summary>
/// A model ready to run on tensors that are laid out once: a run allocates nothing that the session could have kept. ONNX
/// Runtime is left at its best: all graph optimisations (convolutions fused with ReLU, in its blocked layout), as many
/// threads as asked for, and these spinning for work.
/// </summary>
internal sealed unsafe class OnnxRuntimeSession : IDisposable
{
    private const int SequentialExecution = 0;
    private const int AllOptimizations = 99;
    private const int ArenaAllocator = 1;
    private const int DefaultMemory = 0;
    private const int FloatType = 1;
    private const nuint Alignment = 64;

    private static readonly byte[] InputName = Encoding.UTF8.GetBytes(OnnxModel.InputName + '\0');
    private static readonly byte[] OutputName = Encoding.UTF8.GetBytes(OnnxModel.OutputName + '\0');

    private readonly OnnxRuntime runtime;
    private readonly delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint> run;
    private readonly TensorShape inputShape;
    private readonly TensorShape outputShape;
    private float* input;
    private float* output;
    private nint inputValue;
    private nint outputValue;
    private nint session;

    /// <summary>Makes a session of a model with one input and one output, named as <see cref="OnnxModel"/> does.</summary>
    /// <exception cref="PeerException">ONNX Runtime refuses the model.</exception>
    internal OnnxRuntimeSession(OnnxRuntime runtime, ReadOnlySpan<byte> model, TensorShape input, TensorShape output, int threads)
    {
        this.runtime = runtime;
        inputShape = input;
        outputShape = output;
        run = (delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)runtime[Function.Run];
        try
        {
            session = CreateSession(model, threads);
            this.input = (float*)NativeMemory.AlignedAlloc((nuint)input.Count * sizeof(float), Alignment);
            this.output = (float*)NativeMemory.AlignedAlloc((nuint)output.Count * sizeof(float), Alignment);
            inputValue = CreateTensor(this.input, input);
            outputValue = CreateTensor(this.output, output);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The images, planar; filled before <see cref="Run"/>.</summary>
    internal Span<float> Input => new(input, (int)inputShape.Count);

    /// <summary>The features, planar; valid from <see cref="Run"/> to the next.</summary>
    internal ReadOnlySpan<float> Output => new(output, (int)outputShape.Count);

    /// <summary>Computes <see cref="Output"/> from <see cref="Input"/>.</summary>
    internal void Run()
    {
        fixed (byte* from = InputName, to = OutputName)
        fixed (nint* values = &inputValue, results = &outputValue)
            runtime.Check(run(session, 0, &from, values, 1, &to, 1, results));
    }

    public void Dispose()
    {
        runtime.Release(Function.ReleaseValue, inputValue);
        runtime.Release(Function.ReleaseValue, outputValue);
        runtime.Release(Function.ReleaseSession, session);
        NativeMemory.AlignedFree(input);
        NativeMemory.AlignedFree(output);
    }

    private nint CreateSession(ReadOnlySpan<byte> model, int threads)
    {
        nint options;
        runtime.Check(((delegate* unmanaged<nint*, nint>)runtime[Function.CreateSessionOptions])(&options));
        try
        {
            Set(options, Function.SetIntraOpNumThreads, threads);
            Set(options, Function.SetSessionExecutionMode, SequentialExecution);
            Set(options, Function.SetSessionGraphOptimizationLevel, AllOptimizations);
            fixed (byte* key = "session.intra_op.allow_spinning"u8, value = "1"u8)
            {
                var add = (delegate* unmanaged<nint, byte*, byte*, nint>)runtime[Function.AddSessionConfigEntry];
                runtime.Check(add(options, key, value));
            }

            nint created;
            fixed (byte* bytes = model)
            {
                var create = (delegate* unmanaged<nint, void*, nuint, nint, nint*, nint>)runtime[Function.CreateSessionFromArray];
                runtime.Check(create(runtime.Environment, bytes, (nuint)model.Length, options, &created));
            }
            return created;
        }
        finally
        {
            runtime.Release(Function.ReleaseSessionOptions, options);
        }
    }

    private void Set(nint options, Function function, int value) =>
        runtime.Check(((delegate* unmanaged<nint, int, nint>)runtime[function])(options, value));

    // A tensor that looks at memory of ours.
    private nint CreateTensor(float* values, TensorShape shape)
    {
        nint memory;
        var describe = (delegate* unmanaged<int, int, nint*, nint>)runtime[Function.CreateCpuMemoryInfo];
        runtime.Check(describe(ArenaAllocator, DefaultMemory, &memory));
        try
        {
            long* sides = stackalloc long[] { shape.Batch, shape.Channels, shape.Height, shape.Width };
            nint created;
            var create = (delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)
                runtime[Function.CreateTensorWithDataAsOrtValue];
            runtime.Check(create(memory, values, (nuint)shape.Count * sizeof(float), sides, 4, FloatType, &created));
            return created;
        }
        finally
        {
            runtime.Release(Function.ReleaseMemoryInfo, memory);
        }
    }
}
