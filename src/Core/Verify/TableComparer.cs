using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>
/// Compares a table with its copy, reading both as they are now. At level count by numbers of rows; at level digest by the canonical form
/// of every row (docs/digest-v1.md), range by range where the two sides put their keys in one order, and narrowed to small ranges where
/// they differ. Whether the table is equal rests on sums over all rows, never on ranges. Thread-safe.
/// </summary>
public static class TableComparer
{
    /// <param name="rejected">Rows of the table in the reject store: the source has them, the target rightly lacks them.</param>
    /// <param name="level">Count or digest.</param>
    /// <param name="appended">Rows that the ledger says were written; looked at where the plan adds to rows of others, which no comparison
    /// can tell apart: there the books have to agree with the source, and the target has to hold at least that many.</param>
    /// <param name="options">Null = the defaults.</param>
    /// <param name="nulled">Cells of the table that were written as null: the source has values there.</param>
    /// <exception cref="PawlException"><see cref="Codes.TableMissing"/> or <see cref="Codes.TargetColumnMissing"/> when there is no copy to
    /// compare with; whatever the two systems throw.</exception>
    public static async Task<TableVerdict> CompareAsync(ISource source, ISource target, TablePlan plan, long rejected, VerifyLevel level,
        CancellationToken ct, CompareOptions? options = null, long appended = 0, long nulled = 0)
    {
        if (level is not (VerifyLevel.Count or VerifyLevel.Digest)) throw new ArgumentOutOfRangeException(nameof(level), level, null);
        options ??= new CompareOptions();
        await using var there = ComparedSide.Source(source, plan, options.Budget);
        var isAppended = plan.Write == WriteMode.Append;
        if (level == VerifyLevel.Digest && !isAppended)
        {
            await using var here = await TargetAsync(ct);
            return await new DigestComparison(plan, there, here, rejected, nulled, options).RunAsync(ct);
        }
        var (sourceRows, targetRows) = await BothSides.ReadAsync(token => RowsAsync(there, token), CopiedAsync, ct);
        return new TableVerdict
        {
            Source = plan.Source.ToString(),
            Target = plan.Target.ToString(),
            Level = VerifyLevel.Count,
            Equal = isAppended ? sourceRows == appended + rejected && targetRows >= appended : sourceRows == targetRows + rejected,
            Conclusive = !isAppended || level == VerifyLevel.Count,
            SourceRows = sourceRows,
            TargetRows = targetRows,
            Rejected = rejected,
        };

        async Task<ComparedSide> TargetAsync(CancellationToken token) =>
            ComparedSide.Target(target, await FindCopyAsync(target, plan.Target, token), plan, options.Budget);

        async Task<long> CopiedAsync(CancellationToken token)
        {
            await using var here = await TargetAsync(token);
            return await RowsAsync(here, token);
        }
    }

    private static async Task<long> RowsAsync(ComparedSide side, CancellationToken ct) =>
        await side.CountAsync(ct) ?? await side.CountByReadingAsync(ct);

    private static async ValueTask<TableSchema> FindCopyAsync(ISource target, TableName name, CancellationToken ct)
    {
        var found = await target.DescribeAsync(TablePattern.Literal(name.ToString()), ct);
        return found.FirstOrDefault(t => t.Name == name)
            // A system that does not tell cases apart answers with the name as it keeps it.
            ?? (found.Count == 1 ? found[0] : throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", name)));
    }
}
