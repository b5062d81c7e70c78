using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Transform;

namespace Pawl.Verify;

/// <summary>
/// One side of a comparison, read as canonical rows: the source after the plan's transforms, the target as it stands. Ranges are read one
/// after another. Not thread-safe.
/// </summary>
internal sealed class ComparedSide : IAsyncDisposable
{
    private readonly ISource system;
    private readonly BatchBudget budget;
    private readonly TransformChain? chain;
    private readonly IReadOnlyList<ColumnSchema>? meant;

    /// <summary>What the side holds in all: the plan's splits where they fix its end, else whatever is there now.</summary>
    private readonly IReadOnlyList<Split> whole;
    private readonly bool isBounded;

    private ComparedSide(ISource system, TableSchema table, ReadOptions read, BatchBudget budget, TransformChain? chain,
        IReadOnlyList<ColumnSchema>? meant, IReadOnlyList<Split>? whole = null)
    {
        this.whole = whole ?? [new Split { Index = 0 }];
        isBounded = whole is not null;
        this.system = system;
        this.budget = budget;
        this.chain = chain;
        this.meant = meant;
        Table = table;
        Read = read;
    }

    public TableSchema Table { get; }

    public ReadOptions Read { get; }

    /// <summary>Cells that the plan's transforms have made null in all that was read so far.</summary>
    public long Nulled { get; private set; }

    /// <summary>The source. Mistyped rows that the plan rejects are left out again by the same rule.</summary>
    public static ComparedSide Source(ISource system, TablePlan plan, BatchBudget budget)
    {
        var strays = plan.Strays == StrayPolicy.Reject ? StrayPolicy.Reject : StrayPolicy.Keep;
        var chain = TransformChain.For(plan with { Strays = strays }, sinkAcceptsStrays: true);
        // The target holds the rows of all windows.
        return new ComparedSide(system, plan.SourceSchema, plan.Read with { Window = plan.Read.Window?.FromStart }, budget, chain, null,
            plan.Splits is [.., { Through: not null, Lifetime: SplitLifetime.Durable }] ? plan.Splits : null);
    }

    /// <summary>The target: the planned columns by name, in the planned order, whatever order and company they have there.</summary>
    /// <exception cref="PawlException"><see cref="Codes.TargetColumnMissing"/>.</exception>
    public static ComparedSide Target(ISource system, TableSchema table, TablePlan plan, BatchBudget budget)
    {
        var columns = plan.TargetSchema.Columns.Select(planned => Find(table, planned.Name).Name).ToArray();
        var read = new ReadOptions { Columns = columns, Where = plan.Slice is { } slice ? Condition(system, table, slice) : null };
        return new ComparedSide(system, table, read, budget, null, plan.TargetSchema.Columns);
    }

    private static string Condition(ISource system, TableSchema table, Slice slice) => system is IReadsSlices slices
        ? slices.Condition(slice with { Column = Find(table, slice.Column).Name })
        : throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", table.Name), ("missing", "slices"));

    /// <summary>The column of that name; where no name is the same letter by letter, the only one that differs in case alone.</summary>
    public static ColumnSchema Find(TableSchema table, string name)
    {
        var place = table.IndexOf(name);
        if (place >= 0) return table.Columns[place];
        var alike = table.Columns.Where(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase)).ToArray();
        return alike.Length == 1
            ? alike[0]
            : throw new PawlException(Fault.Schema, Codes.TargetColumnMissing, ("table", table.Name), ("column", name));
    }

    /// <summary>Rows as the system counts them; null when it does not, or would count what came behind the planned end.</summary>
    public async Task<long?> CountAsync(CancellationToken ct) =>
        system is ICountsRows counts && !isBounded ? await counts.CountAsync(Table, Read, ct) : null;

    /// <summary>Rows counted by reading one column of them.</summary>
    public async ValueTask<long> CountByReadingAsync(CancellationToken ct)
    {
        var narrow = Read with { Columns = [(Read.Columns ?? [.. Table.Columns.Select(c => c.Name)])[0]] };
        long rows = 0;
        foreach (var split in whole)
        {
            await foreach (var e in system.ReadAsync(Table, narrow, split, null, null, budget, ct))
            {
                rows += Broken(e);
                if (Rows(e) is not { } batch) continue;
                rows += batch.Rows;
                batch.Dispose();
            }
        }
        return rows;
    }

    public ValueTask<IReadOnlyList<Split>> PlanAsync(CancellationToken ct) => system.PlanAsync(Table, Read, ct);

    /// <summary>Codec of the positions this system gives for the table; null without a row, or without a position for it.</summary>
    public async ValueTask<string?> CodecAsync(CancellationToken ct)
    {
        var first = new BatchBudget(1, budget.Bytes);
        await foreach (var e in system.ReadAsync(Table, Read, new Split { Index = 0 }, null, null, first, ct))
        {
            Rows(e)?.Dispose();
            if (e is RowsEvent) return e.Commit?.Codec;
        }
        return null;
    }

    /// <summary>Where a range's start lies against its end by this system's own order; before it when a bound is missing.</summary>
    public async ValueTask<PositionOrder> OrderAsync(Split range, CancellationToken ct) =>
        range.After is null || range.Through is null
            ? PositionOrder.Before
            : await system.CompareAsync(Table, range.After, range.Through, ct);

    /// <summary>The digest of a range, and how many of its rows the plan keeps out.</summary>
    public async Task<(RangeDigest Digest, long Excluded)> DigestAsync(Split range, CancellationToken ct)
    {
        var digest = new RangeDigest();
        long excluded = 0;
        await foreach (var e in system.ReadAsync(Table, Read, range, null, null, budget, ct))
        {
            excluded += Broken(e);
            if (Rows(e) is { } batch) excluded += await EachAsync(batch, e.Commit, digest.Add, ct);
        }
        return (digest, excluded);
    }

    /// <summary>Hands over the hash of every row of a range.</summary>
    public async Task EachHashAsync(Split range, Action<UInt128> take, CancellationToken ct)
    {
        var hashes = new List<UInt128>();
        await foreach (var e in system.ReadAsync(Table, Read, range, null, null, budget, ct))
        {
            if (Rows(e) is not { } batch) continue;
            await EachAsync(batch, e.Commit, one => Append(hashes, one), ct);
            hashes.ForEach(take);
            hashes.Clear();
        }
    }

    /// <summary>Row hashes of a range in pieces of some rows, each with the position it ends at; the last ends with the range.</summary>
    public async IAsyncEnumerable<(List<UInt128> Hashes, Position? Through)> PiecesAsync(Split range, int rows,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var hashes = new List<UInt128>();
        var small = budget with { Rows = Math.Min(budget.Rows, rows) };
        await foreach (var e in system.ReadAsync(Table, Read, range, null, null, small, ct))
        {
            if (Rows(e) is { } batch) await EachAsync(batch, e.Commit, one => Append(hashes, one), ct);
            if (hashes.Count < rows || e.Commit is null) continue;
            yield return (hashes, e.Commit);
            hashes = [];
        }
        yield return (hashes, range.Through);
    }

    public ValueTask DisposeAsync() => chain?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<long> EachAsync(RowBatch batch, Position? where, Action<RowBatch> take, CancellationToken ct)
    {
        if (chain is null)
        {
            using (batch) take(Meant(batch));
            return 0;
        }
        var result = await chain.ApplyAsync(default, batch, where, ct);
        foreach (var one in result.Batches)
        {
            using (one) take(one);
        }
        Nulled += result.Nulled.Count;
        return result.Rejected.Count;
    }

    /// <summary>Records that are no rows: the plan keeps them out.</summary>
    private static int Broken(SourceEvent e) => (e as RejectsEvent)?.Rejected.Count ?? 0;

    private RowBatch? Rows(SourceEvent e) => e switch
    {
        RowsEvent rows => rows.Batch,
        ProgressEvent or RejectsEvent => null,
        _ => throw new PawlException(Fault.Schema, Codes.SchemaChanged, ("table", Table.Name)),
    };

    /// <summary>What the target holds as text because it has no type of its own for it, as what the plan says it means.</summary>
    private RowBatch Meant(RowBatch batch)
    {
        if (batch.Columns.Length != meant!.Count)
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", Table.Name), ("columns", batch.Columns.Length),
                ("planned", meant.Count));
        }
        for (var i = 0; i < meant.Count; i++)
        {
            batch.Columns[i] = MeantColumn.Of(batch.Columns[i], meant[i].Type);
        }
        return batch;
    }

    private static void Append(List<UInt128> hashes, RowBatch batch)
    {
        var from = hashes.Count;
        CollectionsMarshal.SetCount(hashes, from + batch.Rows);
        CanonicalRows.Hash(batch, CollectionsMarshal.AsSpan(hashes)[from..]);
    }
}
