using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Sqlite;

/// <summary>One transaction that puts staged rows in the place of the target's, under the file's write lock. One caller.</summary>
internal sealed class SqlitePublication(SqliteSession session, TablePlan plan, PublicationRules rules)
{
    /// <returns>Null when it was published before.</returns>
    public async ValueTask<PublicationResult?> RunAsync(CancellationToken ct)
    {
        await session.BeginAsync(ct).ConfigureAwait(false);
        var ended = false;
        try
        {
            if (await rules.FenceAsync(session, ct).ConfigureAwait(false) is not { } expected) return null;
            var result = await session.RunAsync(file => Publish(file, expected), ct).ConfigureAwait(false);
            await rules.NoteAsync(session, ct).ConfigureAwait(false);
            ended = true;
            await session.EndAsync(commit: true).ConfigureAwait(false);
            return result;
        }
        finally
        {
            if (!ended) await session.EndAsync(commit: false).ConfigureAwait(false);
        }
    }

    private PublicationResult Publish(SqliteFile file, long expected)
    {
        var stage = SqliteCatalog.Find(file, plan.Stage!.ToString());
        long? staged = stage is null ? null : Count(file, stage);
        var target = SqliteCatalog.Find(file, plan.Target.ToString());
        rules.CheckStaged(expected, staged, target is not null && file.Any($"select 1 from {SqliteNames.Quote(target)} limit 1"));
        if (target is null) return Create(file, stage!, staged!.Value);
        var how = SqliteStages.Decide(file, plan, target, stage);
        return how.Way == PublicationWay.Rename ? Rename(file, stage!, target, how, staged!.Value)
            : Exchange(file, stage!, target, how, staged!.Value);
    }

    /// <summary>
    /// A view that waits for the table, or a broken one of its own, would keep SQLite from renaming: then the rows go into a new table.
    /// </summary>
    private PublicationResult Create(SqliteFile file, string stage, long staged)
    {
        SqliteTables.CheckFree(file, plan);
        var made = new SqliteTarget(plan);
        if (SqliteStages.Other(file) is null)
        {
            file.Execute($"alter table {SqliteNames.Quote(stage)} rename to {SqliteNames.Quote(plan.Target)}");
        }
        else
        {
            file.Execute(made.CreateTable());
            Fill(file, stage, plan.Target.ToString(), staged);
        }
        foreach (var index in made.Indexes()) SqliteTables.CreateIndex(file, plan, index);
        return new PublicationResult(new Publication(PublicationWay.Create), staged, 0);
    }

    /// <summary>The old table goes with its indexes, whose definitions then stand for the new one word for word.</summary>
    private static PublicationResult Rename(SqliteFile file, string stage, string target, Publication how, long staged)
    {
        var removed = Count(file, target);
        var indexes = SqliteStages.IndexesOf(file, target);
        // Numbers that an AUTOINCREMENT has given are not given again.
        var given = HasGiven(file) ? file.Number("select seq from sqlite_sequence where name = ?", target) : 0;
        file.Execute($"drop table {SqliteNames.Quote(target)}");
        foreach (var (name, _, _) in SqliteStages.IndexesOf(file, stage)) file.Execute($"drop index {SqliteNames.Quote(name)}");
        file.Execute($"alter table {SqliteNames.Quote(stage)} rename to {SqliteNames.Quote(target)}");
        foreach (var (_, sql, _) in indexes) file.Execute(sql);
        if (given > 0 && file.Execute("update sqlite_sequence set seq = max(seq, ?1) where name = ?2", given, target) == 0)
        {
            file.Execute("insert into sqlite_sequence(name, seq) values (?1, ?2)", target, given);
        }
        return new PublicationResult(how, staged, removed);
    }

    private static bool HasGiven(SqliteFile file) => file.Any("select 1 from sqlite_schema where name = 'sqlite_sequence'");

    /// <summary>
    /// Foreign keys are not enforced on this connection. So the rows that refer to none are counted before and after, and if there are more
    /// of them, all of it is taken back.
    /// </summary>
    private PublicationResult Exchange(SqliteFile file, string stage, string target, Publication how, long staged)
    {
        var children = SqliteStages.Children(file, target).Where(c => !SqliteNames.Same(c, target)).ToArray();
        var before = children.Select(c => Orphans(file, c, target)).ToArray();
        long removed;
        try
        {
            removed = file.Execute($"delete from {SqliteNames.Quote(target)}");
            Fill(file, stage, target, staged);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && e.Code != Codes.PublicationDiffers)
        {
            throw new PawlException(Fault.Data, Codes.CannotPublish, e, ("table", plan.Source), ("target", plan.Target),
                ("cause", e.Details.GetValueOrDefault("cause")));
        }
        for (var i = 0; i < children.Length; i++)
        {
            if (Orphans(file, children[i], target) is var after && after <= before[i]) continue;
            throw new PawlException(Fault.Data, Codes.CannotPublish, ("table", plan.Source), ("target", plan.Target),
                ("what", "foreign key"), ("name", children[i]), ("cause", "rows that refer to it would refer to none"));
        }
        return new PublicationResult(how, staged, removed);
    }

    private void Fill(SqliteFile file, string stage, string target, long staged)
    {
        var held = Columns(file, stage).ToHashSet();
        var list = string.Join(", ", Columns(file, target).Where(held.Contains).Select(SqliteNames.Quote));
        var published = file.Execute($"insert into {SqliteNames.Quote(target)} ({list}) select {list} from {SqliteNames.Quote(stage)}");
        rules.CheckPublished(staged, published);
        file.Execute($"drop table {SqliteNames.Quote(stage)}");
    }

    /// <summary>What the table does not compute by itself, in letters without regard to case.</summary>
    private static List<string> Columns(SqliteFile file, string table)
    {
        var names = new List<string>();
        using var rows = file.Prepare("select name from pragma_table_xinfo(?) where hidden = 0 order by cid");
        rows.Bind(1, table);
        while (rows.Step()) names.Add(SqliteNames.Fold(rows.Text(0)));
        return names;
    }

    private static long Orphans(SqliteFile file, string child, string target) =>
        file.Number("select count(*) from pragma_foreign_key_check(?1) where parent = ?2 collate nocase", child, target);

    private static long Count(SqliteFile file, string table) => file.Number($"select count(*) from {SqliteNames.Quote(table)}");
}
