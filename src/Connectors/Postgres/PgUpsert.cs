using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// The second half of an upsert: from a temporary table into the target, in one statement that the server counts. Of several rows with one
/// key the last one of the group wins. One caller at a time.
/// </summary>
internal sealed class PgUpsert
{
    /// <summary>The row's number in its COPY; no column of a target is called so.</summary>
    public const string NumberColumn = "pawl row";

    private readonly PgSession session;
    private readonly PgColumns columns;
    private readonly string create;
    private readonly string merge;

    public PgUpsert(PgSession session, TablePlan plan, PgColumns columns)
    {
        (this.session, this.columns) = (session, columns);
        var target = columns.Target;
        var key = columns.RequireKey(plan).Columns;
        var names = columns.Written.Select(c => PgNames.Quote(c.Name)).ToArray();
        var changed = columns.Written.Where(c => !key.Contains(c.Name)).ToArray();
        if (changed.FirstOrDefault(c => target.Column(c.Name)!.Identity == "a") is { } fixedColumn)
        {
            throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target), ("column", fixedColumn.Name),
                ("cause", "generated always as identity: a row that is there cannot be given another value"));
        }
        if (columns.Written.Count >= PgNames.MostColumns)
        {
            throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target), ("column", columns.Written[^1].Name),
                ("cause", FormattableString.Invariant(
                    $"an upsert goes by a table with one column more, and {PgNames.MostColumns} are the most")));
        }
        Stage = $"pg_temp.{PgNames.Quote(FormattableString.Invariant($"pawl stage {target.Oid}"))}";
        create = $"create temporary table if not exists {Stage} ("
            + string.Concat(columns.Written.Select(c => $"{PgNames.Quote(c.Name)} {target.Column(c.Name)!.Type}, "))
            + $"{PgNames.Quote(NumberColumn)} bigint) on commit delete rows";
        var keys = string.Join(", ", key.Select(PgNames.Quote));
        var all = string.Join(", ", names);
        var change = changed.Length == 0 ? $"{PgNames.Quote(key[0])} = excluded.{PgNames.Quote(key[0])}"
            : string.Join(", ", changed.Select(c => $"{PgNames.Quote(c.Name)} = excluded.{PgNames.Quote(c.Name)}"));
        // xmax is 0 in a row that was just made and this transaction's id in one that was changed. Partitions do not show it: there the
        // rows that are known are counted in the same snapshot, so that a foreign writer's row of this moment counts as ours.
        var isPartitioned = target.Kind == "p";
        var known = $"select count(*) from last l join {target.Quoted} t using ({keys})";
        var fresh = isPartitioned ? "true" : "(t.xmax = 0)";
        var inserted = isPartitioned ? $"count(*) - ({known})" : "count(*) filter (where fresh)";
        merge = $"""
            with last as (
                select distinct on ({keys}) {all} from {Stage} order by {keys}, {PgNames.Quote(NumberColumn)} desc),
            done as (
                insert into {target.Quoted} as t ({all}) overriding system value select {all} from last
                on conflict ({keys}) do update set {change} returning {fresh} as fresh)
            select {inserted}, count(*), (select count(*) from last) from done
            """;
    }

    /// <summary>The temporary table, quoted.</summary>
    public string Stage { get; }

    /// <summary>An empty temporary table. It comes and goes with the transaction that made it, so it is asked for each time.</summary>
    public async ValueTask ClearAsync(CancellationToken ct)
    {
        await session.ExecuteAsync($"set local client_min_messages = warning; {create}; truncate {Stage}", ct, columns.Target.Name,
            $"grant temporary on database {PgNames.Quote(session.Options.Database)} to {PgNames.Quote(session.Options.User)}")
            .ConfigureAwait(false);
    }

    /// <param name="staged">Rows that COPY brought.</param>
    public async ValueTask<WriteCounts> MergeAsync(long staged, CancellationToken ct)
    {
        var row = (await session.QueryAsync(merge, ct).ConfigureAwait(false))[0];
        var (inserted, touched, distinct) = ((long)row[0]!, (long)row[1]!, (long)row[2]!);
        if (touched != distinct || distinct > staged)
        {
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", columns.Target.Name),
                ("cause", $"of {distinct} rows the server took {touched}: a trigger or a rule left some out"));
        }
        return new WriteCounts { Inserted = inserted, Updated = touched - inserted, Collapsed = staged - distinct };
    }
}
