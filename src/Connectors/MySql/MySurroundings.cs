using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// What stands around a target table. An engine without transactions keeps rows that a rollback should have taken away, triggers do things
/// that nobody planned, and a foreign key to a table without rows refuses every row: said before the first one.
/// </summary>
internal static class MySurroundings
{
    /// <summary>What a target may not be, whenever that is found out.</summary>
    /// <exception cref="PawlException"><see cref="Codes.TargetDependent"/>.</exception>
    public static void CheckTarget(MyTargetOptions options, TableName name, MyTargetTable target)
    {
        if (!target.IsTable)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", name), ("there", target.Kind));
        }
        CheckEngine(name, target.Engine);
        if (options.Triggers == MyTriggers.Refuse && target.Triggers.Count > 0)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", name), ("what", "trigger"),
                ("name", target.Triggers[0]), ("cause", "it would fire for every row"));
        }
    }

    /// <exception cref="PawlException"><see cref="Codes.TargetDependent"/>.</exception>
    public static void CheckEngine(TableName name, string engine)
    {
        if (engine.Equals("InnoDB", StringComparison.OrdinalIgnoreCase)) return;
        throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", name), ("what", "storage"), ("name", engine),
            ("cause", "its engine is not InnoDB: rows and ledger could not commit together"));
    }

    /// <summary>A server hides triggers from whoever may not make any: none seen is then no promise.</summary>
    /// <exception cref="PawlException"><see cref="Codes.GrantMissing"/>.</exception>
    public static async ValueTask CheckSightAsync(MyTargetSession session, TableName name, CancellationToken ct)
    {
        if (session.Options.Triggers == MyTriggers.Fire) return;
        var at = name with { Schema = name.Schema ?? session.Options.Database };
        var grants = await MyGrantList.ReadAsync(sql => session.RowsAsync(sql, ct), session.Server).ConfigureAwait(false);
        if (grants.OnTable("TRIGGER", at)) return;
        var isThere = await MyTargetTable.FindAsync(session, at, ct).ConfigureAwait(false) is not null;
        throw new PawlException(Fault.Permission, Codes.GrantMissing, ("table", at), ("endpoint", session.Options.Server.Display),
            ("cause", "the server shows triggers to those alone who may make them, and triggers=refuse looks for them"),
            ("grant", isThere ? MyGrants.Of("trigger", at, session.Options)
                : MyGrants.OfDatabase("trigger", at.Schema!, session.Options)));
    }

    /// <param name="filled">Tables that are filled before this one: they may be empty, as they are at the source.</param>
    /// <exception cref="PawlException"><see cref="Codes.TargetDependent"/>.</exception>
    public static async ValueTask CheckAsync(MyTargetSession session, TableName name, MyTargetTable target,
        IReadOnlyCollection<TableName> filled, CancellationToken ct)
    {
        CheckTarget(session.Options, name, target);
        if (!session.Options.ForeignKeys) return;
        foreach (var key in target.ForeignKeys.Where(f => f.Outgoing && (f.ToItself || !filled.Any(t => IsSame(session, t, f.Other)))))
        {
            var cause = "its rows refer to each other, and come in any order";
            if (!key.ToItself)
            {
                var other = await MyTargetTable.FindAsync(session, key.Other, ct).ConfigureAwait(false);
                if (other is not null && await HasRowsAsync(session, other, ct).ConfigureAwait(false)) continue;
                cause = "the table it refers to has no rows yet";
            }
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", name), ("what", "foreign key"),
                ("name", key.Name), ("other", key.Other), ("cause", cause));
        }
    }

    /// <summary>Foreign keys between tables of the database, but for those of a table to itself.</summary>
    public static async ValueTask<IReadOnlyList<TableReference>> ReferencesAsync(MyTargetSession session, CancellationToken ct)
    {
        var rows = await session.RowsAsync($"""
            select distinct table_schema, table_name, referenced_table_schema, referenced_table_name
            from information_schema.key_column_usage
            where referenced_table_name is not null and table_schema = {MyQuote.Text(session.Options.Database)}
                and not (table_schema = referenced_table_schema and table_name = referenced_table_name)
            order by 1, 2, 3, 4
            """, ct).ConfigureAwait(false);
        return [.. rows.Select(r => new TableReference(new TableName(r[0], r[1]!), new TableName(r[2], r[3]!)))];
    }

    /// <param name="where">Null = any row.</param>
    public static async ValueTask<bool> HasRowsAsync(MyTargetSession session, MyTargetTable target, CancellationToken ct,
        string rights = "select", string? where = null)
    {
        var rows = await session.RowsAsync($"select 1 from {target.Quoted}{(where is null ? "" : " where " + where)} limit 1", ct,
            target.Name, MyGrants.Of(rights, target.Name, session.Options)).ConfigureAwait(false);
        return rows.Count > 0;
    }

    private static bool IsSame(MyTargetSession session, TableName one, TableName other) =>
        MyTargetTable.Same(one with { Schema = one.Schema ?? session.Options.Database }, other);
}

/// <summary>Removes a plan's rows from its target in the open transaction, and nobody else's.</summary>
internal static class MyEmptying
{
    /// <summary>TRUNCATE would be at once, and would commit what is open.</summary>
    public static async ValueTask RunAsync(MyTargetSession session, TablePlan plan, CancellationToken ct)
    {
        if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { } target) return;
        MySurroundings.CheckTarget(session.Options, plan.Target, target);
        var referring = target.ForeignKeys.Where(f => !f.Outgoing && !f.ToItself);
        if (session.Options.ForeignKeys && referring.FirstOrDefault(f => f.OnDelete is not ("RESTRICT" or "NO ACTION")) is { } spreading)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", plan.Target), ("what", "foreign key"),
                ("name", spreading.Name), ("other", spreading.Other),
                ("cause", "emptying the table would change the rows that refer to it"));
        }
        var where = "";
        if (plan.Slice is { } slice)
        {
            where = MyTargetSlices.Where(target, slice) is { } condition ? $" where {condition}" : throw new PawlException(Fault.Schema,
                Codes.TargetColumnMissing, ("target", plan.Target), ("column", slice.Column));
        }
        await session.ExecuteAsync($"delete from {target.Quoted}{where}", ct, plan.Target,
            MyGrants.Of("delete", target.Name, session.Options)).ConfigureAwait(false);
    }
}

/// <summary>Conditions on the rows that one of several source tables brought. Compared by bytes. Pure.</summary>
internal static class MyTargetSlices
{
    /// <summary>Null where there is no slice, or the table has no such column of text: then every row counts.</summary>
    public static string? Where(MyTargetTable target, Slice? slice) =>
        slice is not null && Has(target, slice) ? $"{Column(slice)} = {Bytes(slice.Value)}" : null;

    /// <summary>Rows of none of these slices.</summary>
    public static string? Beside(MyTargetTable target, Slice slice, IReadOnlyCollection<string> known) =>
        known.Count == 0 || !Has(target, slice) ? null
            : $"{MyQuote.Name(slice.Column)} is null or {Column(slice)} not in ({string.Join(", ", known.Select(Bytes))})";

    private static string Column(Slice slice) => $"cast(convert({MyQuote.Name(slice.Column)} using utf8mb4) as binary)";

    private static string Bytes(string value) => $"cast({MyQuote.Text(value)} as binary)";

    private static bool Has(MyTargetTable target, Slice slice) => target.Column(slice.Column) is { Charset.Length: > 0 };
}
