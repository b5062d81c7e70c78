using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// The second half of an upsert: from a temporary table into the target, by statements that the server counts. Of several rows with one
/// key the last one of the group wins. ON DUPLICATE KEY UPDATE cannot be told which key it is about: it changes the row that it meets
/// first, which may be a stranger's by another unique index. So it is used where there is no other such index. Elsewhere the rows that are
/// there are changed by their key, then the missing ones are added, and what meets another row on its way is refused like any duplicate.
/// When a row's key is not there afterwards, all of it is taken back. One caller at a time.
/// </summary>
internal sealed class MyUpsert
{
    private readonly MyTargetSession session;
    private readonly MyTargetColumns columns;
    private readonly string create, insert, look;
    /// <summary>Null where <see cref="insert"/> changes rows as well.</summary>
    private readonly string? update;
    private bool isMade;

    public MyUpsert(MyTargetSession session, TablePlan plan, MyTargetColumns columns)
    {
        (this.session, this.columns) = (session, columns);
        var target = columns.Target;
        var key = columns.RequireKey(plan);
        Stage = new TableName(target.Name.Schema, "pawl_upsert");
        var (stage, all) = (MyQuote.Name(Stage), columns.Written.Select(c => MyQuote.Name(c.Target.Name)).ToArray());
        // Its columns are the target's own: the same types, and the same collations, which decide what is one key.
        // Only MariaDB has a key over a whole long text or blob, and none that is primary.
        var isLong = key.Columns.Any(c => target.Column(c)!.Base is var type && (type.EndsWith("text", StringComparison.Ordinal)
            || type.EndsWith("blob", StringComparison.Ordinal)));
        create = $"create temporary table {stage} ({(isLong ? "unique" : "primary")} key ({MyQuote.Names(key.Columns)})) engine=InnoDB "
            + $"select {string.Join(", ", all)} from {target.Quoted} where false";
        var keys = key.Columns.Select(MyQuote.Name).ToArray();
        var same = string.Join(" and ", keys.Select(k => $"t.{k} = s.{k}"));
        insert = $"insert into {target.Quoted} ({string.Join(", ", all)}) select {string.Join(", ", all.Select(c => "s." + c))} "
            + $"from {stage} s ";
        if (target.IsUniqueByAlone(key))
        {
            // Keys that are equal to the server may differ in case: then the row takes the new one.
            insert += "on duplicate key update " + string.Join(", ", all.Select(c => keys.Contains(c, StringComparer.OrdinalIgnoreCase)
                ? $"{target.Quoted}.{c} = if({target.Quoted}.{c} = s.{c}, s.{c}, {target.Quoted}.{c})" : $"{target.Quoted}.{c} = s.{c}"));
        }
        else
        {
            // The few staged rows look for theirs, whatever the optimiser believes of a temporary table.
            update = $"update {stage} s straight_join {target.Quoted} t on {same} set "
                + string.Join(", ", all.Select(c => $"t.{c} = s.{c}"));
            insert += $"left join {target.Quoted} t on {same} where t.{keys[0]} is null";
        }
        look = $"select count(*), count(t.{keys[0]}) from {stage} s left join {target.Quoted} t on {same}";
    }

    /// <summary>The temporary table, which nobody else sees.</summary>
    public TableName Stage { get; }

    /// <summary>An empty temporary table.</summary>
    public async ValueTask ClearAsync(CancellationToken ct)
    {
        if (isMade)
        {
            await session.ExecuteAsync($"delete from {MyQuote.Name(Stage)}", ct).ConfigureAwait(false);
            return;
        }
        await session.ExecuteAsync($"drop temporary table if exists {MyQuote.Name(Stage)}", ct).ConfigureAwait(false);
        await session.ExecuteAsync(create, ct, columns.Target.Name,
            MyGrants.OfDatabase("create temporary tables", columns.Target.Name.Schema!, session.Options)).ConfigureAwait(false);
        isMade = true;
    }

    /// <param name="sent">Rows that went to the temporary table.</param>
    public async ValueTask<WriteCounts> MergeAsync(long sent, CancellationToken ct)
    {
        var grant = MyGrants.Of("select, insert, update", columns.Target.Name, session.Options);
        long inserted, updated, known = 0, warnings = 0;
        if (update is null)
        {
            var ok = await session.ExecuteAsync(insert, ct, columns.Target.Name, grant).ConfigureAwait(false);
            // A changed row counts twice, one that was as it should be not at all.
            updated = ok.Duplicates ?? 0;
            (inserted, warnings) = (ok.AffectedRows - 2 * updated, ok.Warnings);
        }
        else
        {
            var changed = await session.ExecuteAsync(update, ct, columns.Target.Name, grant).ConfigureAwait(false);
            var added = await session.ExecuteAsync(insert, ct, columns.Target.Name, grant).ConfigureAwait(false);
            (updated, known, inserted) = (changed.AffectedRows, changed.Matched ?? changed.AffectedRows, added.AffectedRows);
            warnings = changed.Warnings + added.Warnings;
        }
        var row = (await session.RowsAsync(look, ct, columns.Target.Name, grant).ConfigureAwait(false))[0];
        var (distinct, there) = (Number(row[0]), Number(row[1]));
        if (warnings > 0 || inserted < 0 || distinct > sent || inserted + updated > distinct || there != distinct
            || update is not null && known + inserted != distinct)
        {
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", columns.Target.Name),
                ("cause", $"of {distinct} rows the server took {Math.Min(there, inserted + updated)}: a trigger or a rule left some out"));
        }
        return new WriteCounts
        {
            Inserted = inserted, Updated = updated, Unchanged = distinct - inserted - updated, Collapsed = sent - distinct,
        };
    }

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
