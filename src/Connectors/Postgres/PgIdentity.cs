using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Which database this is: the server's system identifier, made by initdb and kept by standbys, promotions and file-level copies, and the
/// database's oid. The timeline is no part of it: a promoted standby continues the same tables. A dump restored elsewhere has another
/// identity.
/// </summary>
internal static class PgIdentity
{
    /// <summary>
    /// Which running server and database this is, for any role. Unlike the identity it tells a promoted copy from what it was copied from.
    /// </summary>
    public const string Place = """
        select extract(epoch from pg_postmaster_start_time())::text || ' ' || current_setting('port') || ' ' || d.oid::text
        from pg_database d where d.datname = current_database()
        """;

    /// <param name="numbers">System identifier and database oid, a space between.</param>
    public static string Text(string numbers) => $"postgres {numbers}";

    /// <exception cref="PawlException">Also <see cref="Codes.GrantMissing"/> where the function was taken from the public.</exception>
    public static async ValueTask<SourceIdentity> ReadAsync(NpgsqlConnection connection, PgOptions at, CancellationToken ct)
    {
        try
        {
            await using var look = new NpgsqlCommand(PgCatalogSql.Identity, connection);
            await using var row = await look.ExecuteReaderAsync(ct).ConfigureAwait(false);
            await row.ReadAsync(ct).ConfigureAwait(false);
            return new SourceIdentity(Text($"{row.GetString(0)} {row.GetString(1)}"), at.Display);
        }
        catch (NpgsqlException e)
        {
            throw PgFaults.Classify(e, at, "identity", grant: "GRANT EXECUTE ON FUNCTION "
                + $"pg_catalog.pg_control_system(), pg_catalog.pg_control_checkpoint() TO {PgNames.Quote(at.User)}");
        }
    }
}
