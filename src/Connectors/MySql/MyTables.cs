using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Looks at and makes tables of a target. DDL commits by itself here, so it runs on a session of its own, under a lock of the table's name,
/// while a second session holds the fence in an open transaction: whoever takes the job over waits for that, and ends both sessions if
/// their runner stands still. Every step looks first whether it was done before.
/// </summary>
internal sealed class MyTables(MyDatabase database) : ITargetTables, IForeseesColumns, IMergesTables, IKnowsReferences, IStagesTables,
    IEvolvesTables
{
    private MyStages Stages => new(this, database.Options);

    /// <remarks>Nothing is asked: the server is taken for one of the source's kind.</remarks>
    public IReadOnlyList<ColumnSchema> Foresee(TablePlan plan) => new MyCreation(plan, new Protocol.MyServerFacts
    {
        VersionText = "", Version = new Version(10, 11), IsMariaDb = MyShape.From(plan.SourceSchema)?.MariaDb ?? true,
    }).Foresee();

    public ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) => Stages.ForeseeAsync(plan, ct);

    public ValueTask StageAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        Stages.MakeAsync(plan, fence, ct);

    public ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) => Stages.PublishAsync(plan, rules, fence, ct);

    public ValueTask<IReadOnlyList<TableName>> StagesAsync(CancellationToken ct) => Stages.AllAsync(ct);

    public ValueTask DropStagesAsync(TablePlan plan, string prefix, TableName? keep,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) => Stages.DropAsync(plan, prefix, keep, fence, ct);

    public ValueTask CreateControlTablesAsync(CancellationToken ct) => LockedAsync(["control tables"], async session =>
    {
        await EnsureDatabaseAsync(session, database.Options.Control, ct).ConfigureAwait(false);
        var there = await ControlTablesAsync(session, ct).ConfigureAwait(false);
        foreach (var table in ControlTables.All)
        {
            if (there.Contains(table.Name)) continue;
            var at = new TableName(database.Options.Control, table.Name);
            await session.ExecuteAsync(MyControl.CreateTable(table, database.Options.Control, session.Server), ct, at,
                MyGrants.OfDatabase("create, select, insert, update, delete", database.Options.Control, session.Options))
                    .ConfigureAwait(false);
        }
    }, ct);

    public ValueTask<bool> HasControlTablesAsync(CancellationToken ct) => LookAsync(async session =>
    {
        var there = await ControlTablesAsync(session, ct).ConfigureAwait(false);
        return ControlTables.First.All(table => there.Contains(table.Name));
    }, ct);

    public ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct) => LookAsync(async session =>
    {
        if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target)
        {
            return await MyStaging.InspectAsync(session, plan.Target, ct).ConfigureAwait(false);
        }
        var (rights, where) = (MyTargetWatch.Rights(plan), MyTargetSlices.Where(target, plan.Slice));
        var rows = await MySurroundings.HasRowsAsync(session, target, ct, rights, where).ConfigureAwait(false);
        return new TargetState(true, rows, target.Schema()) { CoarseKey = MyTargetColumns.CoarseKey(target, plan) };
    }, ct);

    public ValueTask<bool> HoldsOthersAsync(TablePlan plan, IReadOnlyCollection<string> known, CancellationToken ct) =>
        LookAsync(async session =>
        {
            if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target) return false;
            return await MySurroundings.HasRowsAsync(session, target, ct, where: MyTargetSlices.Beside(target, plan.Slice!, known))
                .ConfigureAwait(false);
        }, ct);

    public async ValueTask<IReadOnlyList<TableReference>> ReferencesAsync(CancellationToken ct) => database.Options.ForeignKeys
        ? await LookAsync(session => MySurroundings.ReferencesAsync(session, ct), ct).ConfigureAwait(false) : [];

    public async ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (MyQuote.IsReserved(plan.Target.Name)) throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        await ChangeAsync(plan.Target, fence, async session =>
        {
            await MySurroundings.CheckSightAsync(session, plan.Target, ct).ConfigureAwait(false);
            var target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false)
                ?? await CreateAsync(session, plan, ct).ConfigureAwait(false);
            MySurroundings.CheckTarget(session.Options, plan.Target, target);
            var columns = MyTargetColumns.Match(target, plan, session.Server);
            if (plan.Write == WriteMode.Upsert) columns.RequireKey(plan);
            await MySurroundings.CheckAsync(session, plan.Target, target, plan.Filled, ct).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
    }

    public async ValueTask EvolveAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        await ChangeAsync(plan.Target, fence,
            session => new MyEvolution(plan, new MyCreation(plan, session.Server)).RunAsync(session, ct), ct).ConfigureAwait(false);

    public async ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        await ChangeAsync(plan.Target, fence, async session =>
        {
            if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target)
            {
                throw plan.TargetGone();
            }
            await CompleteAsync(session, plan, target, ct).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);

    /// <summary>Indexes and numbering of a table that Pawl made; nothing to do for any other.</summary>
    internal static async ValueTask CompleteAsync(MyTargetSession session, TablePlan plan, MyTargetTable target, CancellationToken ct)
    {
        if (target.Comment != MyCreation.Unfinished) return;
        var grant = MyGrants.Of("alter, index, create, insert", target.Name, session.Options);
        var creation = new MyCreation(plan, session.Server);
        foreach (var (unique, name, sql) in creation.AfterRows())
        {
            if (unique is not null && target.UniqueOver(unique) is not null || name is not null && target.Indexes.Contains(name)) continue;
            await session.ExecuteAsync($"alter table {target.Quoted} {sql}", ct, plan.Target, grant).ConfigureAwait(false);
        }
        var next = creation.AutoIncrement is { } number ? string.Create(CultureInfo.InvariantCulture, $", auto_increment={number}") : "";
        await session.ExecuteAsync($"alter table {target.Quoted} comment={MyNames.Literal(creation.Comment)}{next}", ct, plan.Target, grant)
            .ConfigureAwait(false);
    }

    internal async ValueTask<MyTargetTable> CreateAsync(MyTargetSession session, TablePlan plan, CancellationToken ct)
    {
        if (!plan.Create) throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target));
        var at = plan.Target with { Schema = plan.Target.Schema ?? database.Options.Database };
        await EnsureDatabaseAsync(session, at.Schema!, ct).ConfigureAwait(false);
        await session.ExecuteAsync(new MyCreation(plan with { Target = at }, session.Server).CreateTable(), ct, plan.Target,
            MyGrants.OfDatabase("create, select, insert", at.Schema!, session.Options)).ConfigureAwait(false);
        return await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) ?? throw plan.TargetGone();
    }

    /// <summary>As other systems make a schema that a table is to lie in.</summary>
    private async ValueTask EnsureDatabaseAsync(MyTargetSession session, string name, CancellationToken ct)
    {
        var there = await session.RowsAsync($"select 1 from information_schema.schemata where schema_name = {MyQuote.Text(name)}", ct)
            .ConfigureAwait(false);
        if (there.Count > 0) return;
        await session.ExecuteAsync($"create database if not exists {MyQuote.Name(name)} character set utf8mb4", ct, null,
            MyGrants.OfDatabase("create", name, session.Options)).ConfigureAwait(false);
    }

    /// <summary>Those of Pawl's own tables that are there.</summary>
    /// <exception cref="PawlException">One would not be rolled back with the rows: <see cref="Codes.TargetDependent"/>.</exception>
    private async ValueTask<IReadOnlySet<string>> ControlTablesAsync(MyTargetSession session, CancellationToken ct)
    {
        var rows = await session.RowsAsync($"""
            select table_name, coalesce(engine, table_type) from information_schema.tables
            where table_schema = {MyQuote.Text(database.Options.Control)}
                and table_name in ({string.Join(", ", ControlTables.All.Select(t => MyQuote.Text(t.Name)))}) order by 1
            """, ct).ConfigureAwait(false);
        // The catalogue compares without regard to case.
        var compare = session.Server.LowerCaseTableNames == 0 ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        var there = rows.Where(r => ControlTables.All.Any(t => compare.Equals(t.Name, r[0]))).ToArray();
        foreach (var row in there) MySurroundings.CheckEngine(new TableName(database.Options.Control, row[0]!), row[1]!);
        return there.Select(r => r[0]!).ToHashSet(compare);
    }

    private ValueTask ChangeAsync(TableName table, Func<ITargetSession, CancellationToken, ValueTask> fence,
        Func<MyTargetSession, ValueTask> change, CancellationToken ct) => ChangeAsync(LockOf(table), fence, change, ct);

    /// <param name="what">The lock's name, as others who do the same take it.</param>
    internal async ValueTask ChangeAsync(string what, Func<ITargetSession, CancellationToken, ValueTask> fence,
        Func<MyTargetSession, ValueTask> change, CancellationToken ct) => await LockedAsync([what], async session =>
    {
        await using var fencing = await database.OpenAsync(ct).ConfigureAwait(false);
        await fencing.BeginAsync(ct).ConfigureAwait(false);
        var ended = false;
        try
        {
            await fence(fencing, ct).ConfigureAwait(false);
            await change(session).ConfigureAwait(false);
            ended = true;
            // Its ticks commit; if they do not, somebody else has the job, and what was done here he may do again.
            await fencing.EndAsync(commit: true).ConfigureAwait(false);
        }
        finally
        {
            if (!ended) await fencing.EndAsync(commit: false).ConfigureAwait(false);
        }
    }, ct).ConfigureAwait(false);

    internal string LockOf(TableName table) => $"table {table.Schema ?? database.Options.Database}.{table.Name}";

    /// <param name="whats">Names of locks, which the session holds as long as it lives.</param>
    internal async ValueTask LockedAsync(IReadOnlyList<string> whats, Func<MyTargetSession, ValueTask> work, CancellationToken ct)
    {
        await using var session = await database.OpenAsync(ct).ConfigureAwait(false);
        foreach (var what in whats)
        {
            if (await MyDatabase.TakeAsync(session, MyDatabase.LockName(what), database.Options.Server.LockTimeout, ct)
                .ConfigureAwait(false)) continue;
            throw new PawlException(Fault.Transient, Codes.Busy, ("endpoint", database.Options.Server.Display),
                ("cause", "somebody else makes or changes the same table just now"));
        }
        await work(session).ConfigureAwait(false);
    }

    internal ValueTask<MyTargetSession> OpenAsync(CancellationToken ct) => database.OpenAsync(ct);

    internal Guid NextId() => database.NextId();

    internal async ValueTask<T> LookAsync<T>(Func<MyTargetSession, ValueTask<T>> look, CancellationToken ct)
    {
        await using var session = await database.OpenAsync(ct).ConfigureAwait(false);
        return await look(session).ConfigureAwait(false);
    }
}
