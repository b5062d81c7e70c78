using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Puts staged rows into a target that stays, in the open transaction that holds the fence and commits with the note. That transaction
/// locks the gaps between the rows too: whoever adds a row to either table meanwhile waits for its end. One caller.
/// </summary>
/// <param name="catalog">A session of its own: what a transaction sees of the catalogue may be older than the table it locked.</param>
internal sealed class MyExchange(MyTargetSession session, MyTargetSession catalog, TablePlan plan, PublicationRules rules)
{
    private readonly TableName name = plan.Target with { Schema = plan.Target.Schema ?? session.Options.Database };

    public async ValueTask<PublicationResult> RunAsync(MyTargetTable? stage, long expected, CancellationToken ct)
    {
        // Touched first: its definition stays as it is until the end.
        var hasRows = (await RowsAsync($"select 1 from {MyQuote.Name(name)} limit 1 for update", ct).ConfigureAwait(false)).Count > 0;
        var target = await MyTargetTable.FindAsync(catalog, name, ct).ConfigureAwait(false) ?? throw plan.TargetGone();
        long? staged = stage is null ? null : MySessions.Number(await RowsAsync($"select count(*) from {stage.Quoted} for update", ct)
            .ConfigureAwait(false));
        rules.CheckStaged(expected, staged, hasRows);
        var how = await MyStages.DecideAsync(catalog, plan, target, stage, ct).ConfigureAwait(false);
        try
        {
            var (published, removed) = how.Way == PublicationWay.Keys ? await MergeAsync(stage!, target, ct).ConfigureAwait(false)
                : await ReplaceAsync(stage!, target, ct).ConfigureAwait(false);
            rules.CheckPublished(staged!.Value, published);
            return new PublicationResult(how, published, removed);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && e.Code != Codes.PublicationDiffers)
        {
            throw new PawlException(Fault.Data, Codes.CannotPublish, e, ("table", plan.Source), ("target", plan.Target),
                ("cause", e.Details.GetValueOrDefault("cause")));
        }
    }

    private async ValueTask<(long Published, long Removed)> ReplaceAsync(MyTargetTable stage, MyTargetTable target, CancellationToken ct)
    {
        var removed = await ExecuteAsync($"delete from {target.Quoted}", ct).ConfigureAwait(false);
        var columns = MyQuote.Names(Columns(stage, target));
        var filled = await ExecuteAsync($"insert into {target.Quoted} ({columns}) select {columns} from {stage.Quoted}", ct)
            .ConfigureAwait(false);
        return (Taken(filled), removed.AffectedRows);
    }

    /// <summary>
    /// Rows whose key comes again are changed and not removed, so that those which refer to them stand. If one is gone that another table
    /// refers to, the server refuses, and all of it is taken back.
    /// </summary>
    private async ValueTask<(long Published, long Removed)> MergeAsync(MyTargetTable stage, MyTargetTable target, CancellationToken ct)
    {
        var key = MyStages.KeyOf(target)!;
        var columns = Columns(stage, target);
        var same = string.Join(" and ", key.Select(c => $"t.{MyQuote.Name(c)} = s.{MyQuote.Name(c)}"));
        // Every row and every gap, whichever of them the statements look at.
        await RowsAsync($"select count(*) from {target.Quoted} for update", ct).ConfigureAwait(false);
        var removed = await ExecuteAsync($"delete t from {target.Quoted} t left join {stage.Quoted} s on {same} "
            + $"where s.{MyQuote.Name(key[0])} is null", ct).ConfigureAwait(false);
        var set = string.Join(", ", columns.Select(c => $"t.{MyQuote.Name(c)} = s.{MyQuote.Name(c)}"));
        var changed = await ExecuteAsync($"update {target.Quoted} t join {stage.Quoted} s on {same} set {set}", ct).ConfigureAwait(false);
        var names = MyQuote.Names(columns);
        var added = await ExecuteAsync($"insert into {target.Quoted} ({names}) select {names} from {stage.Quoted} s "
            + $"where not exists (select 1 from {target.Quoted} t where {same})", ct).ConfigureAwait(false);
        return (changed.Warnings == 0 ? (changed.Matched ?? changed.AffectedRows) + Taken(added) : -1, removed.AffectedRows);
    }

    /// <summary>−1 when the server warned of anything: a row may not be what was staged.</summary>
    private static long Taken(Protocol.MyOk answer) => answer.Warnings == 0 ? answer.Records ?? answer.AffectedRows : -1;

    private static string[] Columns(MyTargetTable stage, MyTargetTable target) =>
        [.. target.Columns.Where(c => !c.IsGenerated && stage.Column(c.Name) is not null).Select(c => c.Name)];

    private ValueTask<Protocol.MyOk> ExecuteAsync(string sql, CancellationToken ct) => session.ExecuteAsync(sql, ct, name, Grant);

    private ValueTask<List<string?[]>> RowsAsync(string sql, CancellationToken ct) => session.RowsAsync(sql, ct, name, Grant);

    private string Grant => MyGrants.Of("select, insert, update, delete", name, session.Options);
}
