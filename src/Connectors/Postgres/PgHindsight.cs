using System.Globalization;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What a second look, on a session of its own, adds to an error about a table: who is in the way of a lock, and that the schema may not be
/// entered either. As far as this role may see it; without it the error stands as it is.
/// </summary>
internal static class PgHindsight
{
    /// <summary>Other sessions first, the strongest lock first, then the oldest transaction.</summary>
    private const string Holder = """
        select l.pid, coalesce(nullif(a.application_name, ''), 'no name'), coalesce(a.usename::text, '?'), coalesce(a.state, ''),
            coalesce(extract(epoch from clock_timestamp() - a.xact_start)::int8, -1)
        from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
            left join pg_stat_activity a on a.pid = l.pid
        where l.granted and l.pid <> pg_backend_pid() and n.nspname = $1 and c.relname = $2
            and l.database = (select oid from pg_database where datname = current_database())
        order by starts_with(coalesce(a.application_name, ''), $3), l.mode <> 'AccessExclusiveLock', a.xact_start nulls last limit 1
        """;

    private const string Entry = "select has_schema_privilege(n.oid, 'usage') from pg_namespace n where n.nspname = $1";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <param name="runner">Whose sessions are the last to suspect; null = this process's.</param>
    public static async ValueTask<PawlException> AddAsync(PawlException error, PgOptions at, TableName? table, CancellationToken ct,
        string? runner = null)
    {
        if (table is null || error.Code is not (Codes.Busy or Codes.GrantMissing)) return error;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            await using var connection = await PgConnections.OpenAsync(at, PgRole.Look, limit.Token, runner).ConfigureAwait(false);
            var schema = table.Schema ?? PgNames.DefaultSchema;
            return error.Code == Codes.Busy
                ? await HolderAsync(error, connection, schema, table.Name, runner ?? PgConnections.ProcessRunner, limit.Token)
                    .ConfigureAwait(false)
                : await EntryAsync(error, connection, at, schema, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is PawlException or NpgsqlException or OperationCanceledException)
        {
            return error;
        }
    }

    private static async ValueTask<PawlException> HolderAsync(PawlException error, NpgsqlConnection connection, string schema, string table,
        string runner, CancellationToken ct)
    {
        await using var look = new NpgsqlCommand(Holder, connection);
        look.Parameters.AddWithValue(schema);
        look.Parameters.AddWithValue(table);
        look.Parameters.AddWithValue(PgConnections.ApplicationPrefix(runner) + "/");
        await using var row = await look.ExecuteReaderAsync(ct).ConfigureAwait(false);
        if (!await row.ReadAsync(ct).ConfigureAwait(false)) return error;
        var (state, seconds) = (row.GetString(3), row.GetInt64(4));
        var doing = seconds < 0 ? state : string.Create(CultureInfo.InvariantCulture, $"{state} for {seconds} s");
        var holder = string.Create(CultureInfo.InvariantCulture,
            $"session {row.GetInt32(0)} ({row.GetString(1)}, user {row.GetString(2)}{(doing.Length > 0 ? ", " + doing : "")})");
        return With(error, ("holder", holder), ("holder_pid", row.GetInt32(0)));
    }

    private static async ValueTask<PawlException> EntryAsync(PawlException error, NpgsqlConnection connection, PgOptions at, string schema,
        CancellationToken ct)
    {
        await using var look = new NpgsqlCommand(Entry, connection);
        look.Parameters.AddWithValue(schema);
        if (await look.ExecuteScalarAsync(ct).ConfigureAwait(false) is not false) return error;
        var entry = $"grant usage on schema {PgNames.Quote(schema)} to {PgNames.Quote(at.User)}";
        var known = error.Details.GetValueOrDefault("grant");
        if (known?.Contains(" on schema ", StringComparison.OrdinalIgnoreCase) == true) return error;
        return With(error, ("grant", known is null || known.StartsWith("--", StringComparison.Ordinal) ? entry : $"{entry}; {known}"));
    }

    private static PawlException With(PawlException error, params (string Name, object? Value)[] more)
    {
        var known = error.Details.Where(d => more.All(m => m.Name != d.Key)).Select(d => (d.Key, (object?)d.Value));
        return new PawlException(error.Fault, error.Code, error.InnerException, [.. known, .. more]);
    }
}
