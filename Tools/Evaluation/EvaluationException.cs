namespace SiamIlgpu.Evaluation;

/// <summary>
/// A data set, a folder of boxes or stored results cannot be evaluated. The message is one sentence that names the file or sequence.
/// </summary>
/// <param name="message">The sentence.</param>
public sealed class EvaluationException(string message) : Exception(message);
