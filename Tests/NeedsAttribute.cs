using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace SiamIlgpu.Tests;

/// <summary>
/// Leaves a test or a fixture out where one of its needs is not met; in CI it fails there, if an installer could bring what is missing.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsAttribute(params Need[] needs) : NUnitAttribute, IApplyToTest
{
    public void ApplyToTest(Test test)
    {
        Need[] missing = [.. needs.Where(need => !Needs.AreMet(need))];
        if (missing.Length == 0)
            return;
        string reason = $"needs {string.Join(", ", missing)}";
        if (missing.Any(Needs.Fail))
        {
            test.MakeInvalid(reason);
            return;
        }
        // Fast.runsettings excludes the category; a run by other settings reports the test as skipped.
        test.Properties.Add(PropertyNames.Category, "Unavailable");
        test.Properties.Set(PropertyNames.SkipReason, reason);
        test.RunState = RunState.Ignored;
    }
}
