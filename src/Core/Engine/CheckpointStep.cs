using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>What became of a lane, or of a table, from one checkpoint to another.</summary>
public enum CheckpointChange
{
    /// <summary>The second knows the table and the first does not.</summary>
    TableAdded,
    TableGone,
    /// <summary>Copied anew, or, of an incremental table, another window.</summary>
    Generation,
    /// <summary>Further in its ledger.</summary>
    Forward,
    /// <summary>Earlier in its ledger: rewound, or restored.</summary>
    Back,
    /// <summary>The same place in the ledger says something else: one of the two is of another history.</summary>
    Other,
    Phase,
}

/// <summary>One difference between two checkpoints.</summary>
/// <param name="Table">The source table.</param>
/// <param name="Lane">Null where the whole table is meant.</param>
/// <param name="From">Of a lane: position before. Of a table: generation or phase.</param>
/// <param name="To">The same afterwards.</param>
/// <param name="Rows">Rows in between, read, or of another generation written; below 0 = fewer than before.</param>
public sealed record CheckpointStep(string Table, string? Lane, CheckpointChange Change, string? From, string? To, long Rows)
{
    /// <summary>All that is different, in the order of tables and lanes.</summary>
    public static IReadOnlyList<CheckpointStep> Between(Checkpoint a, Checkpoint b)
    {
        var steps = new List<CheckpointStep>();
        var (before, after) = (a.Tables.ToDictionary(t => t.Plan.Source), b.Tables.ToDictionary(t => t.Plan.Source));
        foreach (var name in before.Keys.Union(after.Keys).OrderBy(n => n.ToString(), StringComparer.Ordinal))
        {
            var (was, now) = (before.GetValueOrDefault(name), after.GetValueOrDefault(name));
            if (was is null) steps.Add(new(name.ToString(), null, CheckpointChange.TableAdded, null, null, now!.Total.Read));
            else if (now is null) steps.Add(new(name.ToString(), null, CheckpointChange.TableGone, null, null, -was.Total.Read));
            else steps.AddRange(Of(was, now));
        }
        return steps;
    }

    private static IEnumerable<CheckpointStep> Of(CheckpointTable was, CheckpointTable now)
    {
        var table = was.Plan.Source.ToString();
        static long Written(CheckpointTable t) => t.Plan.RowsBefore + t.Total.Inserted + t.Total.Updated + t.Total.Unchanged;
        string Number(long n) => n.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (was.Plan.Generation != now.Plan.Generation)
        {
            yield return new(table, null, CheckpointChange.Generation, Number(was.Plan.Generation), Number(now.Plan.Generation),
                Written(now) - Written(was));
            yield break;
        }
        if (was.Plan.Phase != now.Plan.Phase)
        {
            yield return new(table, null, CheckpointChange.Phase, was.Plan.Phase.ToString(), now.Plan.Phase.ToString(), 0);
        }
        var (before, after) = (was.Entries.ToDictionary(e => e.Lane.Name), now.Entries.ToDictionary(e => e.Lane.Name));
        foreach (var split in now.Plan.Splits)
        {
            var lane = now.Plan.Lane(Guid.Empty, split.Index).Name;
            var (a, b) = (before.GetValueOrDefault(lane), after.GetValueOrDefault(lane));
            if (a is null && b is null) continue;
            var change = (a?.Sequence ?? 0).CompareTo(b?.Sequence ?? 0) switch
            {
                < 0 => CheckpointChange.Forward,
                > 0 => CheckpointChange.Back,
                _ => CheckpointChange.Other,
            };
            if (change == CheckpointChange.Other && a!.Position == b!.Position && a.Total == b.Total && a.Final == b.Final) continue;
            yield return new(table, lane, change, a?.Position?.Text, b?.Position?.Text, (b?.Total.Read ?? 0) - (a?.Total.Read ?? 0));
        }
    }
}
