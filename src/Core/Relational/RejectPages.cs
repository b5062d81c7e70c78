using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// Reads the reject store of a lane page by page, in the order in which the rows were rejected. One session, one caller at a time.
/// </summary>
/// <param name="hasRetries">See <see cref="ControlFormat.HasRetriesAsync"/>.</param>
/// <param name="newestFirst">The other way round.</param>
internal sealed class RejectPages(ITargetSession session, bool hasRetries, bool newestFirst = false)
{
    /// <summary>Rejects read, and tried again, at a time.</summary>
    public const int Rows = 100;

    /// <summary>All lanes that ever wrote rows of the table's newest generation.</summary>
    public static async ValueTask<IReadOnlyList<LaneId>> LanesAsync(ITargetSession session, Guid job, TableName table, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Lane,
            Where = [new("job", JobRows.Id(job)), new("source_table", JobRows.Owner(table))],
            OrderBy = "lane",
        }, ct);
        return [.. rows.Select(r => new LaneId(job, r.Text("lane")))];
    }

    /// <summary>The next rejects strictly behind one; all of one ledger entry, empty at the end.</summary>
    /// <param name="last">Of the page before; null = the start.</param>
    public async ValueTask<IReadOnlyList<StoredReject>> NextAsync(LaneId lane, TableName table, StoredReject? last, CancellationToken ct)
    {
        Condition[] of = [new("job", JobRows.Id(lane.Job)), new("lane", lane.Name)];
        var rows = last is null ? []
            : await PageAsync([.. of, new("seq", last.Sequence), Behind("number", last.Number)], "number", Rows, ct);
        if (rows.Count == 0)
        {
            var next = await PageAsync(last is null ? of : [.. of, Behind("seq", last.Sequence)], "seq", 1, ct);
            if (next.Count == 0) return [];
            rows = await PageAsync([.. of, new("seq", next[0].Number("seq"))], "number", Rows, ct);
        }
        var tries = await TriesAsync(of, rows, ct);
        return [.. rows.Select(r => JobRows.Reject(r, lane, table, tries.GetValueOrDefault(r.Number("number"))))];
    }

    private Condition Behind(string column, long value) =>
        newestFirst ? new(column, value, Comparison.Less) : new(column, value + 1, Comparison.GreaterOrEqual);

    private ValueTask<IReadOnlyList<ControlRow>> PageAsync(Condition[] where, string order, int limit, CancellationToken ct) =>
        session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Reject, Where = where, OrderBy = order, Descending = newestFirst, Limit = limit,
        }, ct);

    private async ValueTask<Dictionary<long, ControlRow>> TriesAsync(Condition[] of, IReadOnlyList<ControlRow> rows, CancellationToken ct)
    {
        if (!hasRetries || rows.Count == 0) return [];
        var (from, to) = (rows.Min(r => r.Number("number")), rows.Max(r => r.Number("number")));
        var tries = await session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Retry,
            Where =
            [
                .. of, new("seq", rows[0].Number("seq")), new("number", from, Comparison.GreaterOrEqual),
                new("number", to + 1, Comparison.Less),
            ],
        }, ct);
        return tries.ToDictionary(t => t.Number("number"));
    }
}
