namespace Pawl.Conformance;

/// <summary>The calls of a target that can be made to fail.</summary>
public enum FaultPoint
{
    Connect,
    Begin,
    Change,
    Select,
    Write,
    /// <summary>COMMIT never arrives: the transaction is rolled back and the answer is lost.</summary>
    CommitNotDelivered,
    /// <summary>COMMIT arrives and works, its answer is lost.</summary>
    CommitAnswerLost,
    /// <summary>The server rolls back instead of committing and says so.</summary>
    CommitRefused,
}

/// <summary>Faults as data: the n-th call of a kind fails, once or for ever. Counts over all sessions of a target; thread-safe.</summary>
/// <param name="Point">Which call.</param>
/// <param name="Nth">1-based.</param>
/// <param name="Forever">Also every later one.</param>
public sealed record FaultPlan(FaultPoint Point, int Nth, bool Forever = false)
{
    private int calls;

    /// <summary>False: calls neither fail nor count, so that a test can first get to where it means to strike.</summary>
    public bool IsArmed { get; set; } = true;

    /// <summary>How many such calls were made.</summary>
    public int Calls => Volatile.Read(ref calls);

    /// <summary>Whether the fault struck.</summary>
    public bool Struck => Calls >= Nth;

    /// <summary>Counts one call; true when it is to fail.</summary>
    internal bool Strikes(FaultPoint point)
    {
        if (point != Point || !IsArmed) return false;
        var call = Interlocked.Increment(ref calls);
        return call == Nth || (Forever && call > Nth);
    }
}
