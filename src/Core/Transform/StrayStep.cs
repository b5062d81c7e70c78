using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Transform;

/// <summary>
/// Judges rows that hold a cell of another type than its column declares: makes the cell null, takes the row out (reject) or stops. Cells
/// of untyped columns are never mistyped, and a cell that a constant replaces later is not judged, for it reaches nothing.
/// </summary>
/// <param name="table">The source's table, for the rejects.</param>
/// <param name="replaced">Source columns whose cells do not reach the target.</param>
/// <param name="nulls">A cell becomes null where its column takes nulls and is not of the key; the policy is for all others.</param>
internal sealed class StrayStep(StrayPolicy policy, TableName table, IReadOnlySet<string> replaced, bool nulls = false) : ITransform
{
    public bool Deterministic => true;

    public TableSchema Output(TableSchema input) => input;

    public ValueTask<TransformResult> ApplyAsync(RowBatch batch, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var faulty = Faulty(batch);
        if (faulty is null) return ValueTask.FromResult(new TransformResult([batch]) { Nulled = Null(batch) });
        if (policy == StrayPolicy.Stop) throw Refusal(batch, faulty);
        var rejected = faulty.Select(f => Reject(batch, f.Key, f.Value)).ToArray();
        if (rejected.Length == batch.Rows)
        {
            batch.Dispose();
            return ValueTask.FromResult(new TransformResult([]) { Rejected = rejected });
        }
        var kept = Without(batch, faulty.Keys);
        batch.Dispose();
        return ValueTask.FromResult(new TransformResult([kept]) { Rejected = rejected, Nulled = Null(kept) });
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes the cells null that may be; called when the other faulty rows are out.</summary>
    private List<RejectedRow> Null(RowBatch batch)
    {
        var cells = new List<RejectedRow>();
        if (!nulls || !batch.HasStrays) return cells;
        var columns = Enumerable.Range(0, batch.Columns.Length).Where(c => IsJudged(batch.Columns[c]) && MayBeNull(batch, c)).ToArray();
        foreach (var c in columns)
        {
            foreach (var row in batch.Columns[c].Strays!.Rows) cells.Add(Reject(batch, row, c) with { IsNulled = true });
        }
        foreach (var c in columns) batch.Columns[c].NullStrays();
        return cells;
    }

    private bool MayBeNull(RowBatch batch, int c) => nulls && batch.Schema.Columns[c].Nullable && !batch.Schema.Key.Columns.Contains(c);

    private bool IsJudged(Column column) =>
        column.Strays is not null && column.Schema.Type.Kind != TypeKind.Any && !replaced.Contains(column.Schema.Name);

    /// <summary>Faulty rows in row order, each with its first faulty column; null when there are none.</summary>
    private SortedDictionary<int, int>? Faulty(RowBatch batch)
    {
        if (!batch.HasStrays) return null;
        SortedDictionary<int, int>? rows = null;
        for (var c = 0; c < batch.Columns.Length; c++)
        {
            var column = batch.Columns[c];
            if (!IsJudged(column) || MayBeNull(batch, c)) continue;
            rows ??= [];
            foreach (var row in column.Strays!.Rows) rows.TryAdd(row, c);
        }
        return rows is { Count: > 0 } ? rows : null;
    }

    private PawlException Refusal(RowBatch batch, SortedDictionary<int, int> faulty)
    {
        var (row, c) = faulty.First();
        return new PawlException(Fault.Data, Codes.TypeMismatch, ("table", table), ("column", batch.Columns[c].Schema.Name),
            ("declared", batch.Columns[c].Schema.Type), ("found", Found(batch.Columns[c], row)), ("row", Key(batch, row)));
    }

    private RejectedRow Reject(RowBatch batch, int row, int c) => new()
    {
        Lane = default,
        Table = table,
        Row = RowJson.Write(batch, row),
        Column = batch.Columns[c].Schema.Name,
        Code = Codes.TypeMismatch,
        Cause = $"{Found(batch.Columns[c], row)} in {batch.Columns[c].Schema.Type}",
        Where = Key(batch, row),
    };

    private static string Found(Column column, int row) => column.Stray(row)!.Value.Kind.ToString().ToLowerInvariant();

    private static string? Key(RowBatch batch, int row) =>
        batch.Place?.Invoke(row) ?? (batch.Schema.Key.Columns.Count == 0 ? null : RowJson.Write(batch, row, batch.Schema.Key.Columns));

    private static RowBatch Without(RowBatch batch, ICollection<int> rows)
    {
        var keep = Enumerable.Range(0, batch.Rows).Where(row => !rows.Contains(row)).ToArray();
        var kept = new RowBatch(batch.Schema)
        {
            Rows = keep.Length,
            Ops = batch.Ops is null ? null : [.. keep.Select(row => batch.Ops[row])],
            Absent = batch.Absent?.Select(cells => cells is null ? null : keep.Select(row => cells[row]).ToArray()).ToArray(),
            Before = batch.Before is null ? null : Without(batch.Before, rows),
            Place = batch.Place is { } place ? row => place(keep[row]) : null,
        };
        for (var c = 0; c < kept.Columns.Length; c++)
        {
            foreach (var row in keep) kept.Columns[c].AppendFrom(batch.Columns[c], row);
        }
        return kept;
    }
}
