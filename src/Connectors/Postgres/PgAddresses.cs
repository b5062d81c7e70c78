using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// A place in a table without a key: a row's address (ctid) inside one exported snapshot. It means something only while the session that
/// exported the snapshot lives, so the session is named in it: <c>00000003-0000001B-1@PID@STARTED (block,item)</c>, codec
/// <c>pg.ctid/1</c>.
/// </summary>
/// <param name="Snapshot">Name for SET TRANSACTION SNAPSHOT.</param>
/// <param name="Pid">Backend of the exporting session.</param>
/// <param name="Started">Its start, microseconds since 1970: process ids are given again.</param>
internal sealed partial record PgSnapshotToken(string Snapshot, int Pid, long Started)
{
    public const string Codec = "pg.ctid/1";

    public Position At(long block, int item) =>
        new(Codec, string.Create(CultureInfo.InvariantCulture, $"{Snapshot}@{Pid}@{Started} ({block},{item})"));

    /// <exception cref="PawlException"><see cref="Codes.PositionUnreadable"/>.</exception>
    public static (PgSnapshotToken Token, string Address) Read(Position position)
    {
        var match = position.Codec == Codec ? Form().Match(position.Text) : Match.Empty;
        if (!match.Success || !int.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            || !long.TryParse(match.Groups[3].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var started))
        {
            throw PgKeyCodec.Unreadable(position, null);
        }
        return (new PgSnapshotToken(match.Groups[1].Value, pid, started), match.Groups[4].Value);
    }

    /// <summary>Whether the exporting session still lives. Within the importing transaction, after the import.</summary>
    public async ValueTask<bool> LivesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var look = new NpgsqlCommand("""
            select exists (select 1 from pg_catalog.pg_stat_get_activity($1) a
                where (extract(epoch from a.backend_start) * 1000000)::pg_catalog.int8 = $2)
            """, connection);
        look.Parameters.AddWithValue(Pid);
        look.Parameters.AddWithValue(Started);
        return (bool)(await look.ExecuteScalarAsync(ct).ConfigureAwait(false))!;
    }

    [GeneratedRegex(@"^([0-9A-F-]{1,60})@([0-9]{1,10})@([0-9]{1,18}) (\([0-9]{1,10},[0-9]{1,5}\))$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>
/// Holds one exported snapshot for all tables without a key: rows stay at their addresses while it does, because nothing that is visible in
/// it is cleaned up, and a share lock on each table keeps it from being rewritten. Thread-safe.
/// </summary>
internal sealed class PgAddresses : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly SemaphoreSlim gate = new(1, 1);

    private PgAddresses(NpgsqlConnection connection, PgSnapshotToken token) => (this.connection, Token) = (connection, token);

    public PgSnapshotToken Token { get; }

    /// <summary>The session is still there, as far as its client knows.</summary>
    public bool IsOpen => connection.State == System.Data.ConnectionState.Open;

    /// <param name="within">A snapshot held by somebody else that this one is to be the same as; null = the present.</param>
    public static async ValueTask<PgAddresses> ExportAsync(PgOptions at, string? within, CancellationToken ct)
    {
        var connection = await PgConnections.OpenAsync(at, PgRole.Snapshot, ct).ConfigureAwait(false);
        try
        {
            var import = within is null ? "" : $"; set transaction snapshot {PgNames.Literal(within)}";
            await using var begin = new NpgsqlCommand("begin isolation level repeatable read, read only" + import, connection);
            await begin.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            await using var export = new NpgsqlCommand("""
                select pg_export_snapshot(), pg_backend_pid(), (extract(epoch from a.backend_start) * 1000000)::int8
                from pg_stat_get_activity(pg_backend_pid()) a
                """, connection);
            await using var row = await export.ExecuteReaderAsync(ct).ConfigureAwait(false);
            await row.ReadAsync(ct).ConfigureAwait(false);
            var token = new PgSnapshotToken(row.GetString(0), row.GetInt32(1), row.GetInt64(2));
            await row.DisposeAsync().ConfigureAwait(false);
            return new PgAddresses(connection, token);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Locks the table against being rewritten and says how many blocks it has; null when its rows have no addresses.</summary>
    public async ValueTask<long?> BlocksAsync(TableName table, uint oid, CancellationToken ct)
    {
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await using var heap = new NpgsqlCommand("""
                select am.amname = 'heap' from pg_class c join pg_am am on am.oid = c.relam where c.oid = $1::int8::oid
                """, connection);
            heap.Parameters.AddWithValue((long)oid);
            if (await heap.ExecuteScalarAsync(ct).ConfigureAwait(false) is not true) return null;
            // A refused lock must not end the transaction that holds the snapshot.
            await RunAsync("savepoint lock_table", ct).ConfigureAwait(false);
            try
            {
                await RunAsync($"lock table only {PgNames.Quote(table)} in access share mode", ct).ConfigureAwait(false);
            }
            catch (PostgresException)
            {
                await RunAsync("rollback to savepoint lock_table", ct).ConfigureAwait(false);
                throw;
            }
            await using var size = new NpgsqlCommand(
                "select pg_relation_size($1::int8::oid::regclass) / current_setting('block_size')::int8", connection);
            size.Parameters.AddWithValue((long)oid);
            return (long)(await size.ExecuteScalarAsync(ct).ConfigureAwait(false))!;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        gate.Dispose();
    }

    private async ValueTask RunAsync(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }
}
