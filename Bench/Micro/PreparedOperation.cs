using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Micro;

/// <summary>An operation on a device with its tensors, ready to run.</summary>
internal sealed class PreparedOperation(ComputeDevice device, DeviceOperation operation) : IDisposable
{
    private readonly List<Tensor> tensors = [];
    private Action run = () => { };

    /// <summary>A tensor of noise that lives as long as this.</summary>
    internal TensorView Tensor(TensorShape shape, TensorLayout layout)
    {
        Tensor tensor = device.Allocate(shape, layout);
        tensors.Add(tensor);
        device.Upload(TestValues.Uniform(shape.Count, seed: tensors.Count), tensor);
        return tensor;
    }

    /// <summary>Whether a pass brings something to the device or waits for it; without that it can be recorded.</summary>
    internal bool MeetsHost { get; private set; }

    /// <summary>Sets what one pass does.</summary>
    internal PreparedOperation Runs(Action pass, bool meetsHost = false)
    {
        run = pass;
        MeetsHost = meetsHost;
        return this;
    }

    /// <summary>Enqueues one pass.</summary>
    internal void Enqueue() => run();

    /// <summary>One pass, to its end.</summary>
    internal void Run()
    {
        run();
        device.Synchronize();
    }

    public void Dispose()
    {
        operation.Dispose();
        foreach (Tensor tensor in tensors)
            tensor.Dispose();
    }
}
