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

    /// <summary>For <see cref="ReadOptions.Snapshot"/>: <c>00000003-0000001B-1@PID@STARTED</c>.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Snapshot}@{Pid}@{Started}");

    /// <exception cref="PawlException"><see cref="Codes.PositionUnreadable"/>.</exception>
    public static PgSnapshotToken Named(string name) => Read(new Position(Codec, name + " (0,0)")).Token;

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
/// Holds one exported snapshot, for all tables without a key and for all tables of a job that wants one moment. Rows stay at their
/// addresses while it does, because nothing that is visible in it is cleaned up; a share lock on each table keeps it from being rewritten
/// or emptied, which would show in an older snapshot too. Thread-safe.
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

    /// <summary>Asks the server whether the session and its transaction are still there.</summary>
    public async ValueTask<bool> StandsAsync(CancellationToken ct)
    {
        if (!IsOpen) return false;
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await RunAsync("select 1", ct).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return false;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Locks a table that is going to be read in the snapshot.</summary>
    /// <exception cref="PawlException"><see cref="Codes.SnapshotLost"/>: it was emptied or rewritten after the snapshot was taken.
    /// </exception>
    public async ValueTask LockAsync(TableName table, uint oid, CancellationToken ct)
    {
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            try
            {
                await LockAsync(PgNames.Quote(table), ct).ConfigureAwait(false);
            }
            catch (PostgresException e) when (e.SqlState == "42501")
            {
                // A role that may read some columns only may not lock the table.
                return;
            }
            // The catalogue as the snapshot sees it against the files as they are now.
            await using var rewritten = new NpgsqlCommand("""
                select coalesce(bool_or(c.relfilenode <> coalesce(pg_relation_filenode(c.oid), 0)), false)
                from pg_class c where c.relkind = 'r' and (c.oid = $1::int8::oid
                    or c.oid in (select relid from pg_partition_tree($1::int8::oid::regclass)))
                """, connection);
            rewritten.Parameters.AddWithValue((long)oid);
            if (await rewritten.ExecuteScalarAsync(ct).ConfigureAwait(false) is true)
            {
                throw new PawlException(Fault.PositionLost, Codes.SnapshotLost, ("table", table),
                    ("cause", "the table was emptied or rewritten after the snapshot was taken"));
            }
        }
        finally
        {
            gate.Release();
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
            await LockAsync("only " + PgNames.Quote(table), ct).ConfigureAwait(false);
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

    /// <summary>A refused lock must not end the transaction that holds the snapshot.</summary>
    private async ValueTask LockAsync(string which, CancellationToken ct)
    {
        await RunAsync("savepoint lock_table", ct).ConfigureAwait(false);
        try
        {
            await RunAsync($"lock table {which} in access share mode", ct).ConfigureAwait(false);
        }
        catch (PostgresException)
        {
            await RunAsync("rollback to savepoint lock_table", ct).ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask RunAsync(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }
}
