using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>Compares a table with its copy.</summary>
public static class TableComparer
{
    public static async Task<TableVerdict> CompareAsync(ISource source, ISource target, TablePlan plan, long rejected, VerifyLevel level,
        CancellationToken ct)
    {
        var copies = await target.DescribeAsync(TablePattern.Literal(plan.Target.ToString()), ct);
        if (copies.Count == 0) throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", plan.Target));
        var there = await CountAsync(source, plan.SourceSchema, plan.Read, ct);
        var here = await CountAsync(target, copies[0], new ReadOptions(), ct);
        return new TableVerdict
        {
            Source = plan.Source.ToString(),
            Target = plan.Target.ToString(),
            Level = level,
            Equal = there - rejected == here,
            SourceRows = there,
            TargetRows = here,
            Rejected = rejected,
        };
    }

    private static async ValueTask<long> CountAsync(ISource source, TableSchema table, ReadOptions read, CancellationToken ct)
    {
        if (source is ICountsRows counts) return await counts.CountAsync(table, read, ct);
        long rows = 0;
        await foreach (var e in source.ReadAsync(table, read, new Split { Index = 0 }, null, null, new BatchBudget(4096, 4 << 20), ct))
        {
            if (e is not RowsEvent r) continue;
            rows += r.Batch.Rows;
            r.Batch.Dispose();
        }
        return rows;
    }
}
