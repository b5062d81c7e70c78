using System.Text;
using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Core.Tests.Conformance;

/// <summary>One connection to a <see cref="MemoryStore"/>; holds its write lock from begin to end.</summary>
internal sealed class MemorySession(MemoryStore store, MemoryBug bug) : ITargetSession
{
    private MemoryState? draft;
    private readonly List<(string Table, object?[] Row)> kept = [];
    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>What this session sees: its own changes, or what was committed last.</summary>
    public MemoryState State => draft ?? store.State;

    public string Backend => "memory";

    public async ValueTask BeginAsync(CancellationToken ct)
    {
        if (!await store.Writer.WaitAsync(TimeSpan.FromSeconds(2), ct))
            throw new PawlException(Fault.Transient, Codes.Busy, ("what", "memory"));
        draft = store.State.Copy();
    }

    public async ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct)
    {
        if (draft is not null) return Change(change);
        await BeginAsync(ct);
        try
        {
            return Change(change);
        }
        finally
        {
            await EndAsync(true);
        }
    }

    private long Change(ControlChange change)
    {
        var rows = State.Control[change.Table.Name];
        if (change.Kind == ChangeKind.Insert)
        {
            var row = change.Table.Columns.ToDictionary(c => c.Name, c => (object?)null);
            foreach (var (column, value) in change.Set) row[column] = Compute(value, null);
            foreach (var set in new[] { change.Table.Key, change.Table.Unique ?? change.Table.Key })
            {
                if (rows.Any(r => set.All(c => Equals(r[c], row[c]))))
                    throw new PawlException(Fault.Data, Codes.RowRefused, ("table", change.Table.Name));
            }
            rows.Add(row);
            return 1;
        }
        if (bug != MemoryBug.IgnoresGuard && change.While is { } guard
            && !State.Control[guard.Table.Name].Any(r => guard.Where.All(w => Holds(r, w)))) return 0;
        var hit = rows.Where(r => change.Where.All(w => Holds(change, r, w))).ToList();
        foreach (var row in hit)
        {
            if (change.Kind == ChangeKind.Delete) rows.Remove(row);
            else foreach (var (column, value) in change.Set) row[column] = Compute(value, row[column]);
        }
        return hit.Count;
    }

    private bool Holds(ControlChange change, Dictionary<string, object?> row, Condition where)
    {
        if (bug == MemoryBug.IgnoresEpoch && change.Table == ControlTables.Lane && where.Column is "epoch" or "holder" or "tick")
        {
            return true;
        }
        if (bug == MemoryBug.IgnoresHolder && where.Column == "holder") return true;
        return Holds(row, where);
    }

    private static bool Holds(Dictionary<string, object?> row, Condition where) => where.Comparison switch
    {
        Comparison.Equal => Equals(row[where.Column], where.Value),
        Comparison.NotEqual => !Equals(row[where.Column], where.Value),
        Comparison.Less => (long)row[where.Column]! < (long)where.Value!,
        Comparison.GreaterOrEqual => (long)row[where.Column]! >= (long)where.Value!,
        _ => row[where.Column] is null,
    };

    private static object? Compute(object? value, object? old) =>
        value == Computed.Now ? Now : value == Computed.PlusOne ? (long)old! + 1 : value is int small ? (long)small : value;

    public ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct)
    {
        IEnumerable<Dictionary<string, object?>> rows = State.Control[select.Table.Name].Where(r => select.Where.All(w => Holds(r, w)));
        if (select.OrderBy is { } by) rows = select.Descending ? rows.OrderByDescending(r => r[by]) : rows.OrderBy(r => r[by]);
        if (select.Limit > 0) rows = rows.Take(select.Limit);
        return ValueTask.FromResult<IReadOnlyList<ControlRow>>([.. rows.Select(r =>
            new ControlRow(new Dictionary<string, object?>(r), Now))]);
    }

    public ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches, CancellationToken ct)
    {
        var table = State.Tables[plan.Target.Name];
        var counts = new WriteCounts();
        var rejected = new List<RejectedRow>();
        foreach (var batch in batches)
        {
            for (var i = 0; i < batch.Rows; i++)
            {
                object?[] row = [.. batch.Columns.Select(c => Mangle(Cells.Read(c, i), c.Schema.Type))];
                counts += Store(plan, lane, table, row, rejected);
                if (bug == MemoryBug.RetriesWrite && i == 0) table.Rows.Add(row);
            }
        }
        if (bug == MemoryBug.Miscounts) counts = counts with { Inserted = counts.Inserted + 1 };
        return ValueTask.FromResult(new RowsWritten(counts, bug == MemoryBug.SwallowsRejects ? [] : rejected));
    }

    private WriteCounts Store(TablePlan plan, LaneId lane, MemoryTable table, object?[] row, List<RejectedRow> rejected)
    {
        if (bug != MemoryBug.AcceptsNaN && row.Any(c => c is double.NaN))
            throw new PawlException(Fault.Data, Codes.RowRefused, ("cause", "NaN"));
        var places = table.KeyPlaces;
        var there = places.Length == 0 ? -1 : table.Rows.FindIndex(r => places.All(p => Cells.Text(r[p]) == Cells.Text(row[p])));
        if (there < 0 || (bug == MemoryBug.UpsertInserts && plan.Write == WriteMode.Upsert))
        {
            table.Rows.Add(row);
            kept.Add((table.Name, row));
            return new WriteCounts { Inserted = 1 };
        }
        if (plan.Write == WriteMode.Upsert)
        {
            var same = Cells.Row(table.Rows[there]) == Cells.Row(row);
            table.Rows[there] = row;
            return same ? new WriteCounts { Unchanged = 1 } : new WriteCounts { Updated = 1 };
        }
        if (bug == MemoryBug.SwallowsRefusal) return new WriteCounts { Inserted = 1 };
        if (plan.RejectLimit == 0) throw new PawlException(Fault.Data, Codes.RowRefused, ("table", table.Name));
        rejected.Add(new RejectedRow { Lane = lane, Table = plan.Source, Row = Cells.Row(row), Code = Codes.DuplicateRefused,
            Cause = "key is there", Where = Cells.Row([.. places.Select(p => row[p])]), Column = table.Columns[places[0]].Name });
        return new WriteCounts { Rejected = 1 };
    }

    private object? Mangle(object? cell, LogicalType type) => (bug, cell) switch
    {
        (MemoryBug.RoundsFloats, double real) => (double)(float)real,
        (MemoryBug.TrimsText, string text) => text.TrimEnd(),
        (MemoryBug.EmptyIsNull, "") => null,
        (MemoryBug.StraysBecomeText, not null) when type.Kind == TypeKind.Integer && cell is not long =>
            cell is byte[] bytes ? Encoding.UTF8.GetString(bytes) : $"{cell}",
        _ => cell,
    };

    public ValueTask EmptyAsync(TablePlan plan, CancellationToken ct)
    {
        if (bug != MemoryBug.EmptyDoesNothing && State.Tables.TryGetValue(plan.Target.Name, out var table)) table.Rows.Clear();
        return ValueTask.CompletedTask;
    }

    public ValueTask EndAsync(bool commit)
    {
        if (draft is not { } mine) return ValueTask.CompletedTask;
        if (bug == MemoryBug.CommitDoesNothing && kept.Count > 0) commit = false;
        if (commit || bug == MemoryBug.CommitsOnRollback) store.Publish(mine);
        if (!commit && bug == MemoryBug.RowsBesideTheTransaction)
        {
            foreach (var (table, row) in kept) store.Tables[table].Rows.Add(row);
        }
        kept.Clear();
        draft = null;
        store.Writer.Release();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => EndAsync(false);
}
