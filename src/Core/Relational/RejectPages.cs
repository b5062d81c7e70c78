using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>Reads the reject store of one lane page by page, in the order of its key. One session, one caller at a time.</summary>
/// <param name="hasRetries">See <see cref="ControlFormat.HasRetriesAsync"/>.</param>
internal sealed class RejectPages(ITargetSession session, bool hasRetries)
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

    /// <summary>The next rejects strictly after a place (0, 0 = the start), all of one ledger entry; empty at the end.</summary>
    public async ValueTask<IReadOnlyList<StoredReject>> NextAsync(LaneId lane, TableName table, long sequence, long number,
        CancellationToken ct)
    {
        Condition[] of = [new("job", JobRows.Id(lane.Job)), new("lane", lane.Name)];
        var rows = number == 0 ? [] : await PageAsync(of, sequence, number + 1, ct);
        if (rows.Count == 0)
        {
            var next = await session.SelectAsync(new ControlSelect
            {
                Table = ControlTables.Reject, Where = [.. of, new("seq", sequence + 1, Comparison.GreaterOrEqual)], OrderBy = "seq", Limit = 1,
            }, ct);
            if (next.Count == 0) return [];
            rows = await PageAsync(of, next[0].Number("seq"), 1, ct);
        }
        var tries = await TriesAsync(of, rows, ct);
        return [.. rows.Select(r => JobRows.Reject(r, lane, table, tries.GetValueOrDefault(r.Number("number"))))];
    }

    private ValueTask<IReadOnlyList<ControlRow>> PageAsync(Condition[] of, long sequence, long from, CancellationToken ct) =>
        session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Reject,
            Where = [.. of, new("seq", sequence), new("number", from, Comparison.GreaterOrEqual)],
            OrderBy = "number",
            Limit = Rows,
        }, ct);

    private async ValueTask<Dictionary<long, ControlRow>> TriesAsync(Condition[] of, IReadOnlyList<ControlRow> rows, CancellationToken ct)
    {
        if (!hasRetries || rows.Count == 0) return [];
        var tries = await session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Retry,
            Where =
            [
                .. of, new("seq", rows[0].Number("seq")), new("number", rows[0].Number("number"), Comparison.GreaterOrEqual),
                new("number", rows[^1].Number("number") + 1, Comparison.Less),
            ],
        }, ct);
        return tries.ToDictionary(t => t.Number("number"));
    }
}
