using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>One lane that is to go back to an earlier entry of its ledger.</summary>
/// <param name="Lane">A lane of the plan's generation.</param>
/// <param name="Keep">Sequence of the last entry that stays; 0 = none does, and the lane begins at its start.</param>
public sealed record LaneRewind(LaneId Lane, long Keep);

/// <summary>What is to be done with one table's books. One of the three. Immutable.</summary>
/// <param name="Plan">The plan that stands, or, where it is <paramref name="IsAmended"/>, as it is to stand.</param>
/// <param name="Lanes">Lanes that lose their latest entries, with what was set aside in them.</param>
/// <param name="IsAmended">Write the plan anew; its lanes stay.</param>
/// <param name="Restarts">Begin the table anew with the next run.</param>
public sealed record TableRewind(TablePlan Plan, IReadOnlyList<LaneRewind> Lanes, bool IsAmended = false, bool Restarts = false);
