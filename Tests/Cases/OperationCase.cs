using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>
/// One operation at one size with its data, described once for all devices, for the tests and for the benchmarks: how a pass is
/// prepared, what a scalar reference in double says of its outputs, and how much work a pass is.
/// </summary>
internal abstract class OperationCase(string operation, string name)
{
    /// <summary>The operation's name, the same for all of its cases.</summary>
    internal string Operation => operation;

    /// <summary>What tells this case from the other ones of its operation.</summary>
    internal string Name => name;

    /// <summary>Floating-point operations of one pass, by the definition; 0 where they are not what takes the time.</summary>
    internal virtual double Flops => 0;

    /// <summary>Bytes of one pass: everything read and written once.</summary>
    internal abstract long Bytes { get; }

    /// <summary>Whether a pass brings something to the device or waits for it; a pass that does neither can be recorded.</summary>
    internal virtual bool MeetsHost => false;

    /// <summary>
    /// Whether it takes the sandbox but a moment: there a multiply-add takes a hundred thousand times as long as on a GPU.
    /// </summary>
    internal virtual bool IsSmall => true;

    /// <summary>Makes the operation and its tensors, outputs in the order of <see cref="Reference"/>.</summary>
    /// <returns>Enqueues one pass.</returns>
    internal abstract Action Prepare(CaseTensors on);

    /// <summary>What one pass writes into each output.</summary>
    internal abstract IReadOnlyList<Expected> Reference();

    /// <summary>Of an operation that computes gradients, for each: the loss that it is the derivative of, and at which values.</summary>
    internal virtual IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses() => [];

    /// <summary>Runs one pass.</summary>
    /// <returns>The outputs in planar order.</returns>
    internal float[][] Run(ComputeDevice device)
    {
        using var tensors = new CaseTensors(device);
        tensors.Run(Prepare(tensors));
        return [.. tensors.Outputs.Select(output => output.Planar())];
    }

    /// <summary>Asks whether the device is right: see <see cref="CaseResult"/>.</summary>
    internal CaseResult Check(ComputeDevice device)
    {
        using var tensors = new CaseTensors(device);
        Action pass = Prepare(tensors);
        tensors.Run(pass);
        IReadOnlyList<Expected> expected = Reference();
        if (expected.Count != tensors.Outputs.Count)
            throw new InvalidOperationException($"{this} has {tensors.Outputs.Count} outputs and references of {expected.Count}");
        float[][] raw = [.. tensors.Outputs.Select(output => output.Raw())];
        Deviation[] deviations = [.. expected.Zip(tensors.Outputs, (e, output) => e.Compare(output.Planar(), device))];
        List<string> faults = [.. expected.Zip(tensors.Outputs).Where(pair => pair.Second.HasDirtyLanes())
            .Select(pair => $"{pair.First.Name}: padding lanes that are not zero")];
        if (!tensors.InputsAreUnchanged())
            faults.Add("an input was changed");
        if (tensors.Outputs.Any(output => output.Accumulates))
        {
            tensors.Restore();
            tensors.Write = GradientWrite.Accumulate;
            pass();
            for (int i = 0; i < raw.Length; i++)
            {
                int times = tensors.Outputs[i].Accumulates ? 2 : 1;
                float[] second = tensors.Outputs[i].Raw();
                if (!second.AsSpan().SequenceEqual(Array.ConvertAll(raw[i], value => times * value)))
                    faults.Add($"{expected[i].Name}: a second, accumulating pass did not make {times} times what the first one wrote");
            }
        }
        return new CaseResult(raw, deviations, faults);
    }

    public sealed override string ToString() => $"{operation}: {name}";
}

/// <summary>What a check of a case found.</summary>
/// <param name="Raw">The outputs of the first pass as they lie in memory.</param>
/// <param name="Deviations">How far each output is from the reference.</param>
/// <param name="Faults">
/// What is wrong besides: padding lanes that are not zero, inputs that were changed, gradients that do not accumulate.
/// </param>
internal sealed record CaseResult(float[][] Raw, IReadOnlyList<Deviation> Deviations, IReadOnlyList<string> Faults)
{
    /// <summary>Everything that is wrong, in words.</summary>
    internal IEnumerable<string> Failures => Deviations.Where(d => !d.IsAllowed).Select(d => $"{d}").Concat(Faults);
}
