using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Sqlite;

/// <summary>Looks at and makes tables of a target file. DDL is transactional in SQLite: the fence and the DDL commit together.</summary>
internal sealed class SqliteTables(SqliteDatabase database) : ITargetTables, IForeseesColumns, IStagesTables, IMergesTables, IEvolvesTables
{
    public IReadOnlyList<ColumnSchema> Foresee(TablePlan plan) => new SqliteTarget(plan).Foresee();

    public async ValueTask CreateControlTablesAsync(CancellationToken ct) => await ChangeAsync(null, file =>
    {
        foreach (var table in ControlTables.All) file.Execute(SqlSteps.CreateTable(table, SqliteDatabase.Dialect));
    }, ct).ConfigureAwait(false);

    public async ValueTask<bool> HasControlTablesAsync(CancellationToken ct) => await LookAsync(false, file =>
    {
        var names = string.Join(", ", ControlTables.First.Select(t => SqliteNames.Literal(t.Name)));
        return file.Number($"select count(*) from sqlite_schema where type = 'table' and name in ({names})") == ControlTables.First.Count;
    }, ct).ConfigureAwait(false);

    public async ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct) =>
        await LookAsync(new TargetState(false, false, null), file =>
        {
            if (SqliteCatalog.Find(file, plan.Target.ToString()) is not { } name) return new TargetState(false, false, null);
            var there = SqliteCatalog.Describe(file, name);
            var where = SqliteSlices.Has(there, plan.Slice) ? " where " + SqliteSlices.Where(plan.Slice!) : "";
            return new TargetState(true, file.Any($"select 1 from {SqliteNames.Quote(name)}{where} limit 1"), there);
        }, ct).ConfigureAwait(false);

    public async ValueTask<bool> HoldsOthersAsync(TablePlan plan, IReadOnlyCollection<string> known, CancellationToken ct) =>
        await LookAsync(false, file =>
        {
            if (SqliteCatalog.Find(file, plan.Target.ToString()) is not { } name) return false;
            var beside = SqliteSlices.Has(SqliteCatalog.Describe(file, name), plan.Slice) && known.Count > 0
                ? " where " + SqliteSlices.Beside(plan.Slice!, known) : "";
            return file.Any($"select 1 from {SqliteNames.Quote(name)}{beside} limit 1");
        }, ct).ConfigureAwait(false);

    public async ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (SqliteNames.IsReserved(plan.Target.ToString()))
        {
            throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        }
        await ChangeAsync(fence, file => Prepare(file, plan), ct).ConfigureAwait(false);
    }

    public async ValueTask EvolveAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        await ChangeAsync(fence, file => Evolve(file, plan), ct).ConfigureAwait(false);

    public async ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        // One transaction per index: a large one holds the file's write lock for as long as it takes to build.
        SqliteIndex[] indexes = plan.Write == WriteMode.Append ? [] : [.. new SqliteTarget(plan).Indexes()];
        foreach (var index in indexes) await ChangeAsync(fence, file => CreateIndex(file, plan, index), ct).ConfigureAwait(false);
        // Who is fenced hears it even where there is nothing to do.
        if (indexes.Length == 0) await ChangeAsync(fence, file => Find(file, plan), ct).ConfigureAwait(false);
    }

    public async ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) =>
        await LookAsync(new Publication(PublicationWay.Create), file => SqliteStages.Foresee(file, plan), ct).ConfigureAwait(false);

    public async ValueTask StageAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (SqliteNames.IsReserved(plan.Target.ToString()))
        {
            throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        }
        await ChangeAsync(fence, file => SqliteStages.Make(file, plan), ct).ConfigureAwait(false);
    }

    public async ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        await using var session = await database.OpenAsync(ct).ConfigureAwait(false);
        return await new SqlitePublication(session, plan, rules).RunAsync(ct).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<TableName>> StagesAsync(CancellationToken ct) =>
        await LookAsync([], SqliteStages.All, ct).ConfigureAwait(false);

    public async ValueTask DropStagesAsync(TablePlan plan, string prefix, TableName? keep,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (await LookAsync(true, file => SqliteStages.Find(file, prefix, keep).Count == 0, ct).ConfigureAwait(false)) return;
        await ChangeAsync(fence, file =>
        {
            foreach (var name in SqliteStages.Find(file, prefix, keep)) file.Execute($"drop table {SqliteNames.Quote(name)}");
        }, ct).ConfigureAwait(false);
    }

    /// <summary>New columns alone: a type holds what it is given, or the look that follows says that it does not.</summary>
    private static void Evolve(SqliteFile file, TablePlan plan)
    {
        var target = new SqliteTarget(plan);
        if (SqliteCatalog.Find(file, target.Name) is not { } table) return;
        var there = SqliteCatalog.Describe(file, table);
        foreach (var drift in plan.Drift)
        {
            var found = there.Columns.FirstOrDefault(c => SqliteNames.Same(c.Name, drift.Column));
            if (drift.Kind == DriftKind.MayBeNull && found is { Nullable: false })
            {
                throw plan.NotEvolved(drift.Column, "a column of a SQLite file keeps its NOT NULL");
            }
            var at = plan.TargetSchema.IndexOf(drift.Column);
            if (drift.Kind != DriftKind.Added || found is not null || at < 0) continue;
            var type = target.Declared[at] is { Length: > 0 } declared ? " " + SqliteNames.Type(declared) : target.IsStrict ? " ANY" : "";
            file.Execute($"alter table {SqliteNames.Quote(table)} add column {SqliteNames.Quote(drift.Column)}{type}");
        }
    }

    private static void Prepare(SqliteFile file, TablePlan plan)
    {
        var target = new SqliteTarget(plan);
        if (SqliteCatalog.Find(file, target.Name) is null)
        {
            CreateTable(file, plan, target);
        }
        var columns = SqliteColumns.Match(file, plan);
        if (plan.Write == WriteMode.Upsert) columns.RequireKey(plan);
    }

    private static void CreateTable(SqliteFile file, TablePlan plan, SqliteTarget target)
    {
        CheckFree(file, plan);
        file.Execute(target.CreateTable());
        // Afterwards nobody can tell whether an appended table is ours: its indexes come with it.
        foreach (var index in plan.Write == WriteMode.Append ? target.Indexes() : []) CreateIndex(file, plan, index);
    }

    /// <summary>A table of that name is to be made, and nothing else has it.</summary>
    /// <exception cref="PawlException"><see cref="Codes.TargetTableMissing"/>.</exception>
    public static void CheckFree(SqliteFile file, TablePlan plan)
    {
        if (!plan.Create)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target), ("file", file.Path));
        }
        var other = file.Text("select type from pragma_table_list where schema = 'main' and name = ? collate nocase",
            plan.Target.ToString());
        if (other is not null)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target), ("file", file.Path),
                ("there", other));
        }
    }

    private static string Find(SqliteFile file, TablePlan plan) =>
        SqliteCatalog.Find(file, plan.Target.ToString()) ?? throw plan.TargetGone();

    public static void CreateIndex(SqliteFile file, TablePlan plan, SqliteIndex index)
    {
        var table = Find(file, plan);
        var there = SqliteShape.Required(SqliteCatalog.Describe(file, table));
        bool Alike(IReadOnlyList<SqliteKeyPart> parts) => parts.Count == index.Parts.Count && parts.Zip(index.Parts).All(p =>
            SqliteNames.Same(p.First.Column, p.Second.Column) && p.First.Collation == p.Second.Collation);
        if (there.Indexes.Any(i => Alike(i.Parts) && (i.Unique || !index.Unique)) || Alike(there.Primary)) return;
        // A constraint's index has a name only SQLite may give; names are shared by all tables of the file.
        var name = index.Origin == "c" ? index.Name : $"{plan.Target}_{string.Join('_', index.Parts.Select(p => p.Column))}_key";
        if (file.Any("select 1 from sqlite_schema where name = ? collate nocase", name)) name = $"{name}_{plan.Target}";
        file.Execute($"create {(index.Unique ? "unique " : "")}index {SqliteNames.Quote(name)} on {SqliteNames.Quote(table)} "
            + $"({SqliteTarget.Parts(index.Parts)})");
    }

    private async ValueTask ChangeAsync(Func<ITargetSession, CancellationToken, ValueTask>? fence, Action<SqliteFile> change,
        CancellationToken ct)
    {
        await using var session = await database.OpenAsync(ct).ConfigureAwait(false);
        await session.BeginAsync(ct).ConfigureAwait(false);
        var ended = false;
        try
        {
            if (fence is not null) await fence(session, ct).ConfigureAwait(false);
            await session.RunAsync(file => { change(file); return 0; }, ct).ConfigureAwait(false);
            ended = true;
            await session.EndAsync(commit: true).ConfigureAwait(false);
        }
        finally
        {
            if (!ended) await session.EndAsync(commit: false).ConfigureAwait(false);
        }
    }

    /// <summary>Opens the file for reading alone; a target that is not there yet is an answer, not an error, and is not created.</summary>
    private async ValueTask<T> LookAsync<T>(T absent, Func<SqliteFile, T> look, CancellationToken ct) => await Task.Run(() =>
    {
        if (!File.Exists(database.Path) && !Directory.Exists(database.Path)) return absent;
        using var file = SqliteFile.Open(database.Path, SqliteAccess.Read, database.Options.Busy);
        return look(file);
    }, ct).ConfigureAwait(false);
}
