using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>One comparison at level digest: totals, then the places that differ. Used once.</summary>
internal sealed class DigestComparison(TablePlan plan, ComparedSide source, ComparedSide target, long rejected, long nulled,
    CompareOptions options)
{
    private readonly RangeDigest sourceTotal = new();
    private readonly RangeDigest targetTotal = new();
    private readonly List<Split> differing = [];
    private readonly List<RangeDifference> differences = [];
    private long excluded;
    private long extra;
    /// <summary>Cells that the target holds as null and the source does not: each may make a row differ.</summary>
    private long nulledThere;
    private bool more;

    public async Task<TableVerdict> RunAsync(CancellationToken ct)
    {
        IReadOnlyList<Split> splits = plan.Splits;
        // Bounds of a snapshot that is gone mean nothing: the source cuts the table again.
        var gone = plan.Read.Snapshot is null && splits.Any(s => s.Lifetime != SplitLifetime.Durable);
        if (splits.Count == 0 || gone) splits = await source.PlanAsync(ct);
        var byRange = await SharesRangesAsync(splits, ct);
        if (byRange) await SumByRangeAsync(splits, ct);
        else await SumWholeAsync(splits, ct);

        nulledThere = Math.Max(0, nulled - source.Nulled);

        // A second opinion: a reader that skips rows would skip them in the copy and here alike.
        var (sourceCount, targetCount) = await BothSides.ReadAsync(source.CountAsync, target.CountAsync, ct);
        var sourceRead = sourceTotal.Rows + excluded;
        var readAll = (sourceCount ?? sourceRead) == sourceRead && (targetCount ?? targetTotal.Rows) == targetTotal.Rows;
        var same = sourceTotal.Equals(targetTotal);
        var matched = !same && byRange && await NarrowAsync(ct);

        var countsAgree = sourceRead == targetTotal.Rows + rejected;
        var refused = rejected - excluded;
        // Refused rows are missing at the target. Matched row by row they account for the difference, for as the counts agree, no row
        // too many means as many missing as were refused; by numbers alone they may account for it. A row with a cell that was written as
        // null is one missing and one too many.
        var accounted = refused + nulledThere > 0 && !same && (!matched || extra <= nulledThere);
        var equal = readAll && countsAgree && (same || accounted);
        return new TableVerdict
        {
            Source = plan.Source.ToString(),
            Target = plan.Target.ToString(),
            Level = VerifyLevel.Digest,
            Equal = equal,
            Conclusive = readAll && (same || !equal || (matched && extra == 0)),
            SourceRows = sourceCount ?? sourceRead,
            TargetRows = targetCount ?? targetTotal.Rows,
            Rejected = rejected,
            Excluded = excluded,
            SourceDigest = sourceTotal.Hex,
            TargetDigest = targetTotal.Hex,
            Differences = equal ? [] : differences,
            MoreDifferences = !equal && more,
        };
    }

    /// <summary>
    /// True when a range of source positions holds the same rows at the target: the same key after renaming, of the same types and
    /// collations, positions of the same codec, and splits that leave no gap and rise in the target's own order (a key that falls there
    /// would give some rows twice).
    /// </summary>
    private async ValueTask<bool> SharesRangesAsync(IReadOnlyList<Split> splits, CancellationToken ct)
    {
        // The target's key begins with where a row comes from, the source's does not.
        if (plan.Slice is not null) return false;
        var key = plan.TargetSchema.Key;
        if (key.Kind is not (KeyKind.Primary or KeyKind.Unique) || key.Columns.Count != target.Table.Key.Columns.Count) return false;
        if (target.Table.Key.Kind is not (KeyKind.Primary or KeyKind.Unique)) return false;
        for (var i = 0; i < key.Columns.Count; i++)
        {
            var name = plan.TargetSchema.Columns[key.Columns[i]].Name;
            var before = plan.SourceSchema.Columns[plan.SourceSchema.Key.Columns[i]];
            var copy = target.Table.Columns[target.Table.Key.Columns[i]];
            if (ComparedSide.Find(target.Table, name) != copy || copy.Type.Kind != before.Type.Kind || copy.Collation != before.Collation)
            {
                return false;
            }
        }
        if (splits.Any(s => s.Lifetime != SplitLifetime.Durable)) return false;
        if (splits[0].After is not null || splits[^1].Through is not null) return false;
        for (var i = 1; i < splits.Count; i++)
        {
            if (splits[i].After is null || splits[i].After != splits[i - 1].Through) return false;
        }
        if (await source.CodecAsync(ct) is not { } codec || codec != await target.CodecAsync(ct)) return false;
        for (var i = 1; i < splits.Count - 1; i++)
        {
            if (await target.OrderAsync(splits[i], ct) != PositionOrder.Before) return false;
        }
        return true;
    }

    private async ValueTask SumByRangeAsync(IReadOnlyList<Split> splits, CancellationToken ct)
    {
        foreach (var split in splits)
        {
            var (there, here) = await BothSides.ReadAsync(token => source.DigestAsync(split, token),
                token => target.DigestAsync(split, token), ct);
            sourceTotal.Add(there.Digest);
            targetTotal.Add(here.Digest);
            excluded += there.Excluded;
            if (!there.Digest.Equals(here.Digest)) differing.Add(split);
        }
    }

    private async ValueTask SumWholeAsync(IReadOnlyList<Split> splits, CancellationToken ct)
    {
        var copies = await target.PlanAsync(ct);
        var (there, here) = await BothSides.ReadAsync(token => TotalAsync(source, splits, token),
            token => TotalAsync(target, copies, token), ct);
        sourceTotal.Add(there.Digest);
        targetTotal.Add(here.Digest);
        excluded = there.Excluded;
    }

    private static async Task<(RangeDigest Digest, long Excluded)> TotalAsync(ComparedSide side, IReadOnlyList<Split> splits,
        CancellationToken ct)
    {
        var total = new RangeDigest();
        long excluded = 0;
        foreach (var split in splits)
        {
            var part = await side.DigestAsync(split, ct);
            total.Add(part.Digest);
            excluded += part.Excluded;
        }
        return (total, excluded);
    }

    /// <summary>
    /// Reads the splits that differ again, a piece at a time, and matches the rows of each piece by their hashes. False when the pieces do
    /// not rise in the target's own order: then they say nothing.
    /// </summary>
    private async ValueTask<bool> NarrowAsync(CancellationToken ct)
    {
        foreach (var split in differing)
        {
            var after = split.After;
            await foreach (var (hashes, through) in source.PiecesAsync(split, options.PieceRows, ct))
            {
                if (differences.Count == options.Differences && rejected == excluded && nulledThere == 0)
                {
                    more = true;
                    return true;
                }
                var piece = split with { After = after, Through = through };
                var order = await target.OrderAsync(piece, ct);
                // Nothing lies behind the last row of a split that ends with it.
                if (order == PositionOrder.Same && hashes.Count == 0) continue;
                if (order != PositionOrder.Before)
                {
                    differences.Clear();
                    return false;
                }
                await MatchAsync(hashes, piece, ct);
                after = through;
            }
        }
        return true;
    }

    private async ValueTask MatchAsync(List<UInt128> hashes, Split range, CancellationToken ct)
    {
        // What the target holds streams past the piece of the source, so that any number of rows too many takes no memory.
        var open = new Dictionary<UInt128, int>(hashes.Count);
        foreach (var hash in hashes) CollectionsMarshal.GetValueRefOrAddDefault(open, hash, out _)++;
        long rows = 0, added = 0;
        await target.EachHashAsync(range, hash =>
        {
            rows++;
            ref var left = ref CollectionsMarshal.GetValueRefOrNullRef(open, hash);
            if (Unsafe.IsNullRef(ref left) || left == 0) added++;
            else left--;
        }, ct);
        var lost = hashes.Count - (rows - added);
        if (lost == 0 && added == 0) return;
        extra += added;
        if (differences.Count == options.Differences) more = true;
        else
        {
            differences.Add(new RangeDifference(range.After?.Text, range.Through?.Text, hashes.Count, rows)
            {
                Missing = lost,
                Extra = added,
            });
        }
    }
}
