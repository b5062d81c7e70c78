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

    /// <exception cref="PawlException"><see cref="Codes.TargetDependent"/>.</exception>
    public static async ValueTask CheckAsync(PgSession session, TableName name, PgTarget target, CancellationToken ct)
    {
        CheckTarget(session.Options, name, target);
        if (session.Options.Triggers == PgTriggers.Skip) return;
        foreach (var key in target.ForeignKeys.Where(f => f.Outgoing))
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

    /// <param name="rights">What the error asks for when the table may not be read.</param>
    public static async ValueTask<bool> HasRowsAsync(PgSession session, PgTarget target, CancellationToken ct, string rights = "select")
    {
        var sql = $"select exists (select 1 from {target.Alone})";
        return await session.GuardAsync(async () =>
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, session.Connection);
            return await command.ExecuteScalarAsync(ct).ConfigureAwait(false) is true;
        }, sql, ct, target.Name, $"grant {rights} on table {target.Quoted} to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
    }
}
