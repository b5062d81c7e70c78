namespace Pawl.Core.Tests.Conformance;

/// <summary>One line each that a connector's author could get wrong. Compiled into tests only.</summary>
public enum MemoryBug
{
    None,
    // the spec
    EmptyDescription, UndocumentedOption, OptionInOneLanguage, PrintsPassword, ProbeThrows, NoWriters,
    // reading
    GreaterOrEqual, DropsLastBatch, SplitsOverlap, SplitsLeaveGap, CompareReversed, ForgetsThrough, SameIdentityEverywhere,
    NameIsIdentity, IgnoresWhere, IgnoresBudget, ShowsPawlTables, IgnoresCancel, FirstKeyColumnOnly, IgnoresColumnOrder, CutsNames,
    // writing
    IgnoresEpoch, IgnoresHolder, IgnoresGuard, CommitsOnRollback, CommitDoesNothing, RowsBesideTheTransaction, SwallowsRejects, Miscounts,
    EmptyDoesNothing, NeverLocked, KeepsLock, PreparesUnfenced, CreatesTwice, SwallowsRefusal, RetriesWrite, UpsertInserts,
    // values
    RoundsFloats, TrimsText, EmptyIsNull, StraysBecomeText, AcceptsNaN,
}
