using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// Rows that were refused for one cell, where the plan says that it may be null: written again without it, in the same transaction. Works
/// on the images that the rows were refused with, which are lossless, so that no connector has to know of it.
/// </summary>
internal static class NulledCells
{
    /// <summary>What became of the rows: the figures and rejects after all of it, each cell that became null among the latter.</summary>
    /// <param name="first">As the target answered to the rows as they are.</param>
    public static async ValueTask<RowsWritten> WriteAsync(ITargetSession session, TablePlan plan, LaneId lane, RowsWritten first,
        CancellationToken ct)
    {
        var counts = first.Counts;
        var kept = new List<RejectedRow>();
        var open = new List<Attempt>();
        void Sort(Attempt attempt)
        {
            if (attempt.Again(plan) is { } again) open.Add(again);
            else kept.Add(attempt.Refusal);
        }
        foreach (var reject in first.Rejected) Sort(new Attempt(reject, reject, []));
        // A row has no more cells than columns: each round takes one more from every row that is left.
        while (open.Count > 0)
        {
            var tried = open.ToArray();
            open.Clear();
            using var rows = Rows(plan, tried);
            var refused = new Dictionary<string, Queue<Attempt>>(StringComparer.Ordinal);
            for (var i = 0; i < tried.Length; i++)
            {
                var image = RowJson.Write(rows, i);
                if (!refused.TryGetValue(image, out var alike)) refused.Add(image, alike = new Queue<Attempt>());
                alike.Enqueue(tried[i]);
            }
            var result = await session.WriteRowsAsync(plan, lane, [rows], ct);
            counts += result.Counts - new WriteCounts { Rejected = tried.Length };
            // Of rows that look alike it does not matter which were taken.
            foreach (var reject in result.Rejected) Sort(refused[reject.Row].Dequeue() with { Last = reject });
            foreach (var written in refused.Values.SelectMany(alike => alike))
            {
                kept.AddRange(written.Cells);
                counts += new WriteCounts { Nulled = written.Cells.Count };
            }
        }
        return new RowsWritten(counts, kept);
    }

    private static RowBatch Rows(TablePlan plan, IReadOnlyList<Attempt> tried)
    {
        var rows = new RowBatch(plan.TargetSchema) { Rows = tried.Count, Place = null };
        try
        {
            foreach (var attempt in tried)
            {
                using var image = RowJson.Read(attempt.First.Row, plan.TargetSchema);
                var nulls = attempt.Cells.Select(c => plan.TargetSchema.IndexOf(c.Column!)).ToHashSet();
                for (var c = 0; c < rows.Columns.Length; c++)
                {
                    if (nulls.Contains(c)) rows.Columns[c].AppendNull();
                    else rows.Columns[c].AppendFrom(image.Columns[c], 0);
                }
            }
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <param name="First">The row as it was refused at first: its image is whole.</param>
    /// <param name="Last">As it was refused last.</param>
    /// <param name="Cells">What is null by now.</param>
    private sealed record Attempt(RejectedRow First, RejectedRow Last, IReadOnlyList<RejectedRow> Cells)
    {
        /// <summary>Set aside whole, for what it was refused for last: not for a null that stands there by our own doing.</summary>
        public RejectedRow Refusal
        {
            get
            {
                var own = Last.Code == Codes.NullRefused ? Cells.FirstOrDefault(c => c.Column == Last.Column) : null;
                var said = own ?? Last;
                return First with { Column = said.Column, Code = said.Code, Cause = said.Cause };
            }
        }

        /// <summary>Without the cell at fault; null where that is not known, may not be null, or is already.</summary>
        public Attempt? Again(TablePlan plan)
        {
            if (Last.Column is not { } name || !plan.NullCauses.Contains(RejectCause.Of(Last.Code))) return null;
            var place = plan.TargetSchema.IndexOf(name);
            if (place < 0 || !plan.TargetSchema.Columns[place].Nullable || plan.TargetSchema.Key.Columns.Contains(place)) return null;
            return Cells.Any(c => c.Column == name) ? null : this with { Cells = [.. Cells, Refusal with { IsNulled = true }] };
        }
    }
}
