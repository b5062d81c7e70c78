using Xunit;

namespace Pawl.Conformance;

/// <summary>
/// A connector's stated exception from one rule of a suite. It must be real: the rule is still run and must fail, so that an exception that
/// is no longer needed fails the suite. Immutable.
/// </summary>
/// <param name="Reason">Why the system cannot keep the rule, for the reader of the suite.</param>
public sealed record Deviation(string Reason)
{
    /// <summary>Runs a rule; under a deviation it has to fail.</summary>
    public static async Task HoldAsync(Deviation? deviation, Func<Task> rule)
    {
        if (deviation is null)
        {
            await rule();
            return;
        }
        var failed = await Record.ExceptionAsync(rule);
        Assert.True(failed is not null, $"stale deviation, the rule holds: {deviation.Reason}");
    }
}
