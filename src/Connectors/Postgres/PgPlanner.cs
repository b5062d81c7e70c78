using System.Globalization;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Cuts tables into splits from what the server knows anyway: statistics, index ends, file sizes. No scan.</summary>
internal static class PgPlanner
{
    private const int MostSplits = 4096;

    /// <summary>Splits of a keyed table, cut along its leading key column.</summary>
    public static async ValueTask<IReadOnlyList<Split>> ByKeyAsync(NpgsqlConnection connection, TableSchema table, PgShape shape,
        int wanted, CancellationToken ct)
    {
        wanted = Math.Clamp(wanted, 1, MostSplits);
        if (wanted == 1 || shape.KeyIndex is null) return [Whole(table)];
        var whole = shape.Columns.First(c => c.Name == shape.Key[0].Column).Wire is PgWire.Int2 or PgWire.Int4 or PgWire.Int8 or PgWire.Oid;
        var fresh = await IsFreshAsync(connection, shape, ct).ConfigureAwait(false);
        var bounds = fresh || !whole ? await FromStatisticsAsync(connection, table, shape, wanted, ct).ConfigureAwait(false) : [];
        if (bounds.Count == 0 && whole) bounds = await FromEndsAsync(connection, table, shape, wanted, ct).ConfigureAwait(false);
        return Cut(table, [.. bounds.Select(b => PgKeyCodec.Write([b]))]);
    }

    /// <summary>Splits of a table without a key: ranges of blocks inside one snapshot, the last one open.</summary>
    public static IReadOnlyList<Split> ByAddress(TableSchema table, PgSnapshotToken token, long blocks, int wanted)
    {
        var splits = (int)Math.Clamp(Math.Min(Math.Clamp(wanted, 1, MostSplits), blocks), 1, MostSplits);
        var starts = Enumerable.Range(0, splits).Select(i => (long)((Int128)blocks * i / splits)).ToArray();
        return [.. starts.Select((start, i) => new Split
        {
            Index = i,
            // No row has item 0, so a block's first address stands before all of its rows.
            After = token.At(start, 0),
            Through = i + 1 < splits ? token.At(starts[i + 1], 0) : null,
            Lifetime = SplitLifetime.Snapshot,
            EstimatedRows = table.EstimatedRows < 0 ? -1 : table.EstimatedRows / splits,
        })];
    }

    public static Split Whole(TableSchema table) => new() { Index = 0, EstimatedRows = table.EstimatedRows };

    private static IReadOnlyList<Split> Cut(TableSchema table, IReadOnlyList<Position> bounds)
    {
        var rows = table.EstimatedRows < 0 ? -1 : table.EstimatedRows / (bounds.Count + 1);
        return [.. Enumerable.Range(0, bounds.Count + 1).Select(i => new Split
        {
            Index = i,
            After = i == 0 ? null : bounds[i - 1],
            Through = i == bounds.Count ? null : bounds[i],
            EstimatedRows = rows,
        })];
    }

    /// <summary>At most a fifth of the rows has changed since the statistics were taken.</summary>
    private static async ValueTask<bool> IsFreshAsync(NpgsqlConnection connection, PgShape shape, CancellationToken ct)
    {
        await using var look = new NpgsqlCommand("""
            select coalesce(sum(pg_stat_get_mod_since_analyze(l.oid)), 0) * 5
                <= coalesce(sum(l.reltuples) filter (where l.reltuples > 0), 0)
            from pg_class l where l.relkind = 'r' and (l.oid = $1::int8::oid
                or l.oid in (select relid from pg_partition_tree($1::int8::oid::regclass))) -- no row for a plain table
            """, connection);
        look.Parameters.AddWithValue((long)shape.Oid);
        return await look.ExecuteScalarAsync(ct).ConfigureAwait(false) is true;
    }

    /// <summary>
    /// The histogram's bounds and the most common values, in key order with the share of rows up to each: the bounds nearest to equal
    /// shares. The server sorts them, under the key's collation.
    /// </summary>
    private static async ValueTask<IReadOnlyList<string>> FromStatisticsAsync(NpgsqlConnection connection, TableSchema table, PgShape shape,
        int wanted, CancellationToken ct)
    {
        var part = shape.Key[0];
        var column = shape.Columns.First(c => c.Name == part.Column);
        var collation = (part.Collation ?? column.Collation) is { } named ? $" collate {named}" : "";
        var down = part.Descending && shape.Key.Any(p => !p.Descending) ? " desc" : "";
        await using var look = new NpgsqlCommand($"""
            with known as materialized (
                select most_common_vals::text::{part.Type}[] as common, most_common_freqs as shares,
                    histogram_bounds::text::{part.Type}[] as bounds
                from pg_stats where schemaname = $1 and tablename = $2 and attname = $3 and inherited = $4),
            points (value, share) as (
                select c.value, c.share::float8 from known, unnest(common, shares) c (value, share)
                union all
                select b.value, case b.place when 1 then 0 else greatest(0,
                    1 - coalesce((select sum(s) from unnest(shares) s), 0)) / greatest(1, cardinality(bounds) - 1) end
                from known, unnest(bounds) with ordinality b (value, place))
            select p.value::text, sum(p.share) over (order by p.value{collation}{down}) from points p order by p.value{collation}{down}
            """, connection);
        look.Parameters.AddWithValue(table.Name.Schema ?? PgNames.DefaultSchema);
        look.Parameters.AddWithValue(table.Name.Name);
        look.Parameters.AddWithValue(part.Column);
        look.Parameters.AddWithValue(shape.Kind == "p");
        var points = new List<(string Value, double Share)>();
        await using (var rows = await look.ExecuteReaderAsync(ct).ConfigureAwait(false))
        {
            while (await rows.ReadAsync(ct).ConfigureAwait(false)) points.Add((rows.GetString(0), rows.GetDouble(1)));
        }
        var bounds = new List<string>();
        for (int i = 0, next = 1; i < points.Count && next < wanted; i++)
        {
            // Behind the last point there is nothing worth a split of its own.
            if (points[i].Value == points[^1].Value) break;
            if (points[i].Share * wanted < next - 1e-9) continue;
            if (bounds.Count == 0 || bounds[^1] != points[i].Value) bounds.Add(points[i].Value);
            next = (int)Math.Floor(points[i].Share * wanted + 1e-9) + 1;
        }
        return bounds;
    }

    /// <summary>Equal ranges between the ends of the index.</summary>
    private static async ValueTask<IReadOnlyList<string>> FromEndsAsync(NpgsqlConnection connection, TableSchema table, PgShape shape,
        int wanted, CancellationToken ct)
    {
        var column = PgNames.Quote(shape.Key[0].Column);
        var from = (shape.Kind == "r" ? "only " : "") + PgNames.Quote(table.Name);
        await using var look = new NpgsqlCommand($"select min({column})::text, max({column})::text from {from}", connection);
        await using var ends = await look.ExecuteReaderAsync(ct).ConfigureAwait(false);
        if (!await ends.ReadAsync(ct).ConfigureAwait(false) || ends.IsDBNull(0)) return [];
        var (least, most) = (Int128.Parse(ends.GetString(0), CultureInfo.InvariantCulture),
            Int128.Parse(ends.GetString(1), CultureInfo.InvariantCulture));
        var splits = (int)Int128.Min(wanted, most - least + 1);
        var bounds = Enumerable.Range(1, splits - 1)
            .Select(i => (least + (most - least + 1) * i / splits - 1).ToString(CultureInfo.InvariantCulture)).ToList();
        if (shape.Key[0].Descending && shape.Key.Any(p => !p.Descending)) bounds.Reverse();
        return bounds;
    }
}
