using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What stands around a target table. Triggers do things that nobody planned, and a foreign key to a table without rows refuses every row:
/// said before the first one.
/// </summary>
internal static class PgSurroundings
{
    /// <summary>What a target may not be, whenever that is found out.</summary>
    /// <exception cref="PawlException"><see cref="Codes.TargetDependent"/>.</exception>
    public static void CheckTarget(PgOptions options, TableName name, PgTarget target)
    {
        if (target.IsUnlogged)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", name), ("what", "storage"),
                ("name", "unlogged"), ("cause", "a crash of the server empties the table, and the ledger would not know"));
        }
        if (options.Triggers == PgTriggers.Refuse && target.Triggers.Count > 0)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", name), ("what", "trigger"),
                ("name", target.Triggers[0]), ("cause", "it would fire for every row"));
        }
    }

    /// <param name="filled">Tables that are filled before this one: they may be empty, as they are at the source.</param>
    /// <exception cref="PawlException"><see cref="Codes.TargetDependent"/>.</exception>
    public static async ValueTask CheckAsync(PgSession session, TableName name, PgTarget target, IReadOnlyCollection<TableName> filled,
        CancellationToken ct)
    {
        CheckTarget(session.Options, name, target);
        if (session.Options.Triggers == PgTriggers.Skip) return;
        foreach (var key in target.ForeignKeys.Where(f => f.Outgoing && (f.ToItself || !filled.Contains(f.Other))))
        {
            var cause = "its rows refer to each other, and come in any order";
            if (!key.ToItself)
            {
                var other = await PgTarget.FindAsync(session, key.Other, ct).ConfigureAwait(false);
                if (other is not null && await HasRowsAsync(session, other, ct).ConfigureAwait(false)) continue;
                cause = "the table it refers to has no rows yet";
            }
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", name), ("what", "foreign key"),
                ("name", key.Name), ("other", key.Other), ("cause", cause));
        }
    }

    /// <summary>Foreign keys between tables of the database, but for those of a table to itself.</summary>
    public static async ValueTask<IReadOnlyList<TableReference>> ReferencesAsync(PgSession session, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select distinct n.nspname::text, c.relname::text, m.nspname::text, d.relname::text
            from pg_constraint f
            join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
            join pg_class d on d.oid = f.confrelid join pg_namespace m on m.oid = d.relnamespace
            where f.contype = 'f' and f.conparentid = 0 and f.conrelid <> f.confrelid
            order by 1, 2, 3, 4
            """, ct).ConfigureAwait(false);
        return [.. rows.Select(r => new TableReference(new TableName((string)r[0]!, (string)r[1]!),
            new TableName((string)r[2]!, (string)r[3]!)))];
    }

    /// <param name="rights">What the error asks for when the table may not be read.</param>
    /// <param name="where">Null = any row.</param>
    public static async ValueTask<bool> HasRowsAsync(PgSession session, PgTarget target, CancellationToken ct, string rights = "select",
        string? where = null)
    {
        var sql = $"select exists (select 1 from {target.Alone}{(where is null ? "" : " where " + where)})";
        return await session.GuardAsync(async () =>
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, session.Connection);
            return await command.ExecuteScalarAsync(ct).ConfigureAwait(false) is true;
        }, sql, ct, target.Name, $"grant {rights} on table {target.Quoted} to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
    }
}
