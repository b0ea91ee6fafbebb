using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Bench.Peers;

/// <summary>
/// A model that is ready to run on tensors that are allocated once. ONNX Runtime is set to be as fast as it can be: it applies all
/// graph optimizations (it fuses convolutions with ReLU and keeps features in its blocked layout) and uses as many threads as asked
/// for, which spin while they wait for work.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private static readonly string[] InputNames = [OnnxModel.InputName];
    private static readonly string[] OutputNames = [OnnxModel.OutputName];

    private readonly RunOptions runOptions = new();
    private readonly InferenceSession session;
    private readonly OrtValue[] inputs;
    private readonly OrtValue[] outputs;

    /// <summary>Makes a session of a model with one input and one output, which have the names that <see cref="OnnxModel"/> gives them.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    internal OnnxSession(byte[] model, TensorShape input, TensorShape output, int threads)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
        session = new InferenceSession(model, options);
        inputs = [Allocate(input)];
        outputs = [Allocate(output)];
    }

    /// <summary>The images, planar; to be filled before <see cref="Run"/>.</summary>
    internal Span<float> Input => inputs[0].GetTensorMutableDataAsSpan<float>();

    /// <summary>The features, planar; each <see cref="Run"/> writes over them.</summary>
    internal ReadOnlySpan<float> Output => outputs[0].GetTensorDataAsSpan<float>();

    /// <summary>Computes <see cref="Output"/> from <see cref="Input"/>.</summary>
    internal void Run() => session.Run(runOptions, InputNames, inputs, OutputNames, outputs);

    public void Dispose()
    {
        inputs[0].Dispose();
        outputs[0].Dispose();
        session.Dispose();
        runOptions.Dispose();
    }

    // ONNX Runtime's own allocator, so that the memory is aligned as ONNX Runtime prefers it.
    private static OrtValue Allocate(TensorShape shape) => OrtValue.CreateAllocatedTensorValue(
        OrtAllocator.DefaultInstance, TensorElementType.Float, [shape.Batch, shape.Channels, shape.Height, shape.Width]);
}
