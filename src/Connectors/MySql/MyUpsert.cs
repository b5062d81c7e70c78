using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// The second half of an upsert: from a temporary table into the target, in one statement that the server counts. Of several rows with one
/// key the last one of the group wins. ON DUPLICATE KEY UPDATE cannot be told which key it is about: a row that meets another unique key
/// would overwrite a stranger. It never changes the key of the row it meets, so a row whose key is not there afterwards has done that, and
/// all of it is taken back. One caller at a time.
/// </summary>
internal sealed class MyUpsert
{
    private readonly MyTargetSession session;
    private readonly MyTargetColumns columns;
    private readonly string create, merge, strays;
    private bool isMade;

    public MyUpsert(MyTargetSession session, TablePlan plan, MyTargetColumns columns)
    {
        (this.session, this.columns) = (session, columns);
        var target = columns.Target;
        var key = columns.RequireKey(plan).Columns;
        Stage = new TableName(target.Name.Schema, "pawl_upsert");
        var (stage, all) = (MyQuote.Name(Stage), columns.Written.Select(c => MyQuote.Name(c.Target.Name)).ToArray());
        // Its columns are the target's own: the same types, and the same collations, which decide what is one key.
        create = $"create temporary table {stage} (unique key ({MyQuote.Names(key)})) engine=InnoDB "
            + $"select {string.Join(", ", all)} from {target.Quoted} where false";
        var keys = key.Select(MyQuote.Name).ToArray();
        // Keys that are equal to the server may differ in case: then the row takes the new one.
        var changes = all.Select(c => keys.Contains(c, StringComparer.OrdinalIgnoreCase)
            ? $"{target.Quoted}.{c} = if({target.Quoted}.{c} = s.{c}, s.{c}, {target.Quoted}.{c})" : $"{target.Quoted}.{c} = s.{c}");
        merge = $"insert into {target.Quoted} ({string.Join(", ", all)}) select {string.Join(", ", all.Select(c => "s." + c))} "
            + $"from {stage} s "
            + $"on duplicate key update {string.Join(", ", changes)}";
        var same = string.Join(" and ", keys.Select(k => $"t.{k} = s.{k}"));
        strays = $"select count(*) from {stage} s where not exists (select 1 from {target.Quoted} t where {same})";
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
        var ok = await session.ExecuteAsync(merge, ct, columns.Target.Name, grant).ConfigureAwait(false);
        // A changed row counts twice, one that was as it should be not at all.
        var (distinct, updated) = (ok.Records ?? 0, ok.Duplicates ?? 0);
        var inserted = ok.AffectedRows - 2 * updated;
        var missing = (await session.RowsAsync(strays, ct, columns.Target.Name, grant).ConfigureAwait(false))[0][0];
        if (missing != "0")
        {
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", columns.Target.Name), ("native", "1062"),
                ("cause", "another unique key of the table has the value in a row with another key"));
        }
        if (ok.Warnings > 0 || inserted < 0 || distinct > sent || inserted + updated > distinct)
        {
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", columns.Target.Name),
                ("cause", $"of {distinct} rows the server took {inserted + updated}: a trigger or a rule left some out"));
        }
        return new WriteCounts
        {
            Inserted = inserted, Updated = updated, Unchanged = distinct - inserted - updated, Collapsed = sent - distinct,
        };
    }
}
