using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// One connection to a target. The control steps are prepared once a session. Outside <see cref="BeginAsync"/> every statement commits by
/// itself. One caller at a time. One with a home is given back to it when it is disposed of, if nothing went wrong on it.
/// </summary>
internal sealed class PgSession : ITargetSession, IStreamsRows, IFindsKeys
{
    /// <summary>The control steps have some twenty shapes; more would mean that values got into the text.</summary>
    private const int MaxKept = 64;

    private const string Mark = "select set_config('pawl.open', $1, true)";

    private static readonly SqlStatement Begin = new("begin isolation level read committed", []);

    private static readonly SqlStatement[] Commit =
    [
        new("select set_config('pawl.group', current_setting('pawl.open', true), false)", []), new("commit", []),
        new("select current_setting('pawl.group', true)", []),
    ];

    private readonly NpgsqlConnection connection;
    private readonly PgOptions options;
    private readonly SqlDialect dialect;
    private readonly string runner;
    private readonly PgIdleSessions? home;
    private readonly Dictionary<string, NpgsqlCommand> kept = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NpgsqlBatch> batches = new(StringComparer.Ordinal);
    private NpgsqlBatch? commit;
    private PgRowWriter? writer;
    private RowsWritten written;
    /// <summary>The transaction in which the writer's table was looked at last, and what it was like.</summary>
    private (long Group, string As) watched = (-1, "");
    private long groups;
    private bool isOpen;
    private bool isSpoiled;

    private PgSession(NpgsqlConnection connection, PgOptions options, SqlDialect dialect, PgBackend backend, int version,
        PgIdleSessions? home)
    {
        this.connection = connection;
        this.home = home;
        this.options = options;
        this.dialect = dialect;
        runner = backend.Runner;
        Backend = backend.ToString();
        Version = version;
    }

    public string Backend { get; }

    /// <summary>The server's major version.</summary>
    public int Version { get; }

    public PgOptions Options => options;

    public NpgsqlConnection Connection => connection;

    /// <summary>The connection is gone.</summary>
    public bool IsLost => connection.State != System.Data.ConnectionState.Open;

    /// <param name="home">Where it goes when it is disposed of sound; null = it is closed.</param>
    /// <exception cref="PawlException">The server cannot be reached, or takes no writes.</exception>
    public static async ValueTask<PgSession> OpenAsync(PgOptions options, PgRole role, string runner, SqlDialect dialect,
        CancellationToken ct, PgIdleSessions? home = null)
    {
        var connection = await PgConnections.OpenAsync(options, role, ct, runner).ConfigureAwait(false);
        try
        {
            await using var look = new NpgsqlCommand("""
                select a.pid::bigint, (extract(epoch from a.backend_start) * 1000000)::bigint, pg_is_in_recovery(),
                    current_setting('synchronous_commit'), current_setting('server_version_num')::bigint
                from pg_stat_activity a where a.pid = pg_backend_pid()
                """, connection);
            await using var row = await look.ExecuteReaderAsync(ct).ConfigureAwait(false);
            await row.ReadAsync(ct).ConfigureAwait(false);
            if (row.GetBoolean(2))
            {
                throw new PawlException(Fault.Configuration, Codes.ServerReadOnly, ("endpoint", options.Display),
                    ("cause", "the server is a standby: it follows another one and takes no writes"));
            }
            // Losing power must not take back a commit that was reported.
            if (role is PgRole.Write or PgRole.Control && row.GetString(3) is not "on" and var setting)
            {
                throw new PawlException(Fault.Configuration, Codes.OptionInvalid, ("endpoint", options.Display),
                    ("option", "synchronous_commit"), ("setting", "synchronous_commit"), ("value", setting), ("expected", "on"));
            }
            var backend = new PgBackend(row.GetInt64(0), row.GetInt64(1), runner);
            return new PgSession(connection, options, dialect, backend, (int)(row.GetInt64(4) / 10_000), home);
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw PgFaults.Classify(e, options, "connect");
        }
    }

    /// <summary>Asked before an idle session is used again. One that does not answer is closed here.</summary>
    public async ValueTask<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            await QueryAsync("select $1::bigint", ct, 1L).ConfigureAwait(false);
            return true;
        }
        catch (PawlException)
        {
            await CloseAsync().ConfigureAwait(false);
            return false;
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask BeginAsync(CancellationToken ct)
    {
        isOpen = true;
        var mark = (++groups).ToString(CultureInfo.InvariantCulture);
        await GuardAsync(async () =>
        {
            // Known to the server before the transaction it ends.
            commit ??= await KeptAsync(Commit, ct).ConfigureAwait(false);
            var begin = await KeptAsync([Begin, new(Mark, [mark])], ct).ConfigureAwait(false);
            return await begin.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
        }, Begin.Text, ct).ConfigureAwait(false);
    }

    public async ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct)
    {
        var step = SqlSteps.Change(change, dialect);
        return await GuardAsync(async () =>
        {
            var command = await KeptAsync(step, ct).ConfigureAwait(false);
            var rows = await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            if (rows >= 0) return (long)rows;
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "the server counted no rows"), ("sql", step.Text));
        }, step.Text, ct, new TableName(dialect.Schema, change.Table.Name), Grant(change.Table)).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<long>> ChangeAllAsync(IReadOnlyList<ControlChange> changes, CancellationToken ct)
    {
        SqlStatement[] steps = [.. changes.Select(c => SqlSteps.Change(c, dialect))];
        return await GuardAsync<IReadOnlyList<long>>(async () =>
        {
            var batch = await KeptAsync(steps, ct).ConfigureAwait(false);
            await batch.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            return [.. steps.Select((_, i) => (long)batch.BatchCommands[i].RecordsAffected)];
        }, steps[0].Text, ct, new TableName(dialect.Schema, changes[0].Table.Name), Grant(changes[0].Table)).ConfigureAwait(false);
    }

    private string Grant(ControlTable table) =>
        $"grant select, insert, update, delete on table {dialect.Schema}.{table.Name} to {PgNames.Quote(options.User)}";

    public async ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct)
    {
        var step = SqlSteps.Select(select, dialect);
        return await GuardAsync(async () =>
        {
            var command = await KeptAsync(step, ct).ConfigureAwait(false);
            await using var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
            var rows = new List<ControlRow>();
            while (await reader.ReadAsync(ct).ConfigureAwait(false))
            {
                var values = new Dictionary<string, object?>(StringComparer.Ordinal);
                for (var i = 0; i < select.Table.Columns.Count; i++)
                {
                    values[select.Table.Columns[i].Name] = reader.IsDBNull(i + 1) ? null : reader.GetValue(i + 1);
                }
                rows.Add(new ControlRow(values, reader.GetInt64(0)));
            }
            return (IReadOnlyList<ControlRow>)rows;
        }, step.Text, ct, new TableName(dialect.Schema, select.Table.Name), Grant(select.Table)).ConfigureAwait(false);
    }

    public async ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches,
        CancellationToken ct)
    {
        var to = await WriterAsync(plan, ct).ConfigureAwait(false);
        return await to.WriteAsync(lane, batches, ct).ConfigureAwait(false);
    }

    public async ValueTask<bool> HoldsKeyAsync(TablePlan plan, RowBatch row, CancellationToken ct) =>
        await (await WriterAsync(plan, ct).ConfigureAwait(false)).HoldsKeyAsync(row, ct).ConfigureAwait(false);

    public async ValueTask<string?> WireFormatAsync(TablePlan plan, CancellationToken ct) =>
        (await OpenWriterAsync(plan, ct).ConfigureAwait(false)).WireFormat;

    public async ValueTask SendRowsAsync(TablePlan plan, LaneId lane, RowBatch batch, CancellationToken ct)
    {
        PgRowWriter to;
        try
        {
            to = await WriterAsync(plan, ct).ConfigureAwait(false);
            if (!to.Streams)
            {
                var now = await to.WriteAsync(lane, [batch], ct).ConfigureAwait(false);
                written = new RowsWritten(written.Counts + now.Counts, [.. written.Rejected ?? [], .. now.Rejected]);
            }
        }
        catch
        {
            batch.Dispose();
            throw;
        }
        if (to.Streams) await to.SendAsync(lane, batch, ct).ConfigureAwait(false);
        else batch.Dispose();
    }

    public async ValueTask<RowsWritten> EndRowsAsync(CancellationToken ct)
    {
        if (writer is { Streams: true }) return await writer.EndAsync(ct).ConfigureAwait(false);
        var result = written;
        written = default;
        return result with { Rejected = result.Rejected ?? [] };
    }

    /// <summary>In the open transaction, whose first use of a table locks it and looks whether it still is what the writer knows.</summary>
    private async ValueTask<PgRowWriter> WriterAsync(TablePlan plan, CancellationToken ct)
    {
        if (ReferenceEquals(writer?.Plan, plan) && watched.Group == groups) return writer;
        await PgTargetWatch.LockAsync(this, plan, ct).ConfigureAwait(false);
        if (ReferenceEquals(writer?.Plan, plan)) await PgTargetWatch.CheckAsync(this, plan, watched.As, ct).ConfigureAwait(false);
        var made = await OpenWriterAsync(plan, ct).ConfigureAwait(false);
        watched = (groups, watched.As);
        return made;
    }

    private async ValueTask<PgRowWriter> OpenWriterAsync(TablePlan plan, CancellationToken ct)
    {
        if (ReferenceEquals(writer?.Plan, plan)) return writer;
        // Its temporary tables stay behind.
        isSpoiled |= plan.Write == WriteMode.Upsert;
        writer?.Dispose();
        writer = null;
        // Looked at first: what is altered behind the look is found by the next one.
        watched = (-1, await PgTargetWatch.LookAsync(this, plan, ct).ConfigureAwait(false));
        return writer = await PgRowWriter.OpenAsync(this, plan, ct).ConfigureAwait(false);
    }

    public ValueTask EmptyAsync(TablePlan plan, CancellationToken ct) => PgEmptying.RunAsync(this, plan, ct);

    public ValueTask EndAsync(bool commit) => commit ? CommitAsync() : RollBackAsync();

    /// <summary>
    /// COMMIT of a failed transaction is answered by ROLLBACK, and the driver takes that for success. So the mark of the transaction, which
    /// only that transaction knows, becomes a setting of the session before COMMIT in the same message: it stays only if that very
    /// transaction was committed, and is read back behind it.
    /// </summary>
    private async ValueTask CommitAsync()
    {
        var mark = groups.ToString(CultureInfo.InvariantCulture);
        if (IsLost)
        {
            throw new PawlException(Fault.Transient, Codes.Unreachable, ("endpoint", options.Display),
                ("cause", "the connection was lost before COMMIT was sent"));
        }
        var batch = commit!;
        string? left = null;
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
            // The commit itself has no rows, so the driver's next result is the mark.
            await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
            await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (!reader.IsDBNull(0)) left = reader.GetString(0);
        }
        catch (PostgresException e) when (e.InvariantSeverity == "ERROR" && e.SqlState != "40003"
            && !ReferenceEquals(e.BatchCommand, batch.BatchCommands[2]))
        {
            // An error, not the end of the session: the server has decided against the transaction.
            if (ReferenceEquals(e.BatchCommand, batch.BatchCommands[0]) || e.SqlState == "25P02") throw Refused(e);
            throw PgFaults.Classify(e, options, "commit");
        }
        catch (Exception e)
        {
            throw new CommitUnknownException(e, ("endpoint", options.Display), ("cause", e.GetBaseException().Message));
        }
        if (left != mark) throw Refused(null);
        isOpen = false;
    }

    private PawlException Refused(Exception? inner) => new(Fault.Transient, Codes.CommitRefused, inner, ("endpoint", options.Display),
        ("cause", inner?.Message ?? "the server answered COMMIT with ROLLBACK"));

    private async ValueTask RollBackAsync()
    {
        written = default;
        isSpoiled = true;
        try
        {
            if (writer is not null) await writer.AbandonAsync().ConfigureAwait(false);
            if (IsLost) return;
            await using var command = new NpgsqlCommand("rollback", connection) { CommandTimeout = 10 };
            await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // A rollback that fails leaves a transaction that closing the connection undoes; nothing more can be said here.
            await connection.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A statement without parameters.</summary>
    /// <returns>Rows as the server counted them; -1 for a statement that touches none.</returns>
    internal ValueTask<long> ExecuteAsync(string sql, CancellationToken ct, TableName? table = null, string? grant = null) =>
        GuardAsync(async () =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return (long)await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
        }, sql, ct, table, grant);

    /// <summary>
    /// All rows of a query. One with parameters, long or string, is of a fixed text and prepared once a session.
    /// </summary>
    internal ValueTask<List<object?[]>> QueryAsync(string sql, CancellationToken ct, params object[] values) =>
        GuardAsync(async () =>
        {
            if (values.Length > 0)
            {
                return await RowsAsync(await KeptAsync(new SqlStatement(sql, values), ct).ConfigureAwait(false), ct).ConfigureAwait(false);
            }
            await using var command = new NpgsqlCommand(sql, connection);
            return await RowsAsync(command, ct).ConfigureAwait(false);
        }, sql, ct);

    /// <summary>
    /// All rows of several queries that go to the server together: of fixed texts, each with the same values. One after another, each sees
    /// what is there when it runs.
    /// </summary>
    internal ValueTask<List<List<object?[]>>> QueriesAsync(string[] statements, CancellationToken ct, params string[] values) =>
        GuardAsync(async () =>
        {
            var batch = await KeptAsync([.. statements.Select(s => new SqlStatement(s, values))], ct).ConfigureAwait(false);
            await using var reader = await batch.ExecuteReaderAsync(ct).ConfigureAwait(false);
            var results = new List<List<object?[]>>();
            do results.Add(await RowsAsync(reader, ct).ConfigureAwait(false));
            while (await reader.NextResultAsync(ct).ConfigureAwait(false));
            return results;
        }, statements[0], ct);

    private static async Task<List<object?[]>> RowsAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
        return await RowsAsync(reader, ct).ConfigureAwait(false);
    }

    private static async Task<List<object?[]>> RowsAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(ct).ConfigureAwait(false))
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(row);
        }
        return rows;
    }

    internal async ValueTask<T> GuardAsync<T>(Func<Task<T>> step, string doing, CancellationToken ct, TableName? table = null,
        string? grant = null)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            isSpoiled = true;
            if (e is PawlException || (e is OperationCanceledException && ct.IsCancellationRequested)) throw;
            throw await PgHindsight.AddAsync(PgFaults.Classify(e, options, doing, table, grant), options, table, ct, runner)
                .ConfigureAwait(false);
        }
    }

    private async ValueTask<NpgsqlCommand> KeptAsync(SqlStatement step, CancellationToken ct)
    {
        var key = Shape(step);
        if (!kept.TryGetValue(key, out var command))
        {
            if (kept.Count >= MaxKept)
            {
                foreach (var old in kept.Values)
                {
                    await old.UnprepareAsync(ct).ConfigureAwait(false);
                    await old.DisposeAsync().ConfigureAwait(false);
                }
                kept.Clear();
            }
            command = new NpgsqlCommand(step.Text, connection);
            command.Parameters.AddRange(Parameters(step));
            await command.PrepareAsync(ct).ConfigureAwait(false);
            kept[key] = command;
        }
        for (var i = 0; i < step.Values.Count; i++) command.Parameters[i].Value = step.Values[i] ?? DBNull.Value;
        return command;
    }

    /// <summary>Statements that go to the server together, prepared once a session; there are a few such groups.</summary>
    private async ValueTask<NpgsqlBatch> KeptAsync(IReadOnlyList<SqlStatement> steps, CancellationToken ct)
    {
        var key = string.Join(';', steps.Select(Shape));
        if (!batches.TryGetValue(key, out var batch))
        {
            batch = new NpgsqlBatch(connection);
            foreach (var step in steps)
            {
                var one = new NpgsqlBatchCommand(step.Text);
                one.Parameters.AddRange(Parameters(step));
                batch.BatchCommands.Add(one);
            }
            await batch.PrepareAsync(ct).ConfigureAwait(false);
            batches[key] = batch;
        }
        for (var i = 0; i < steps.Count; i++)
        {
            var parameters = batch.BatchCommands[i].Parameters;
            for (var n = 0; n < parameters.Count; n++) parameters[n].Value = steps[i].Values[n] ?? DBNull.Value;
        }
        return batch;
    }

    /// <summary>
    /// The server infers a null's type from its place, so that a shape is prepared once for nulls and once for values.
    /// </summary>
    private static string Shape(SqlStatement step) =>
        string.Concat(step.Values.Select(v => v is null ? 'n' : v is long ? 'l' : 's')) + step.Text;

    private static NpgsqlParameter[] Parameters(SqlStatement step) =>
    [
        .. step.Values.Select(value => new NpgsqlParameter
        {
            NpgsqlDbType = value is null ? NpgsqlDbType.Unknown : value is long ? NpgsqlDbType.Bigint : NpgsqlDbType.Text,
            Value = value ?? DBNull.Value,
        }),
    ];

    /// <summary>Gives the session back where it came from, or closes it.</summary>
    public async ValueTask DisposeAsync()
    {
        writer?.Dispose();
        writer = null;
        written = default;
        if (!isOpen && !isSpoiled && !IsLost && home?.Keep(this) == true) return;
        await CloseAsync().ConfigureAwait(false);
    }

    public async ValueTask CloseAsync()
    {
        isSpoiled = true;
        writer?.Dispose();
        writer = null;
        foreach (var command in kept.Values) await command.DisposeAsync().ConfigureAwait(false);
        foreach (var batch in batches.Values) await batch.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>A session as its successor knows it: a process id alone could belong to a stranger by then.</summary>
/// <param name="Pid">Process id of the backend.</param>
/// <param name="Started">Its start in microseconds since 1970 by the server's clock.</param>
/// <param name="Runner">Whose it is; part of the application name of all its sessions.</param>
internal sealed record PgBackend(long Pid, long Started, string Runner)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pid {Pid} started {Started} runner {Runner}");

    /// <summary>Null when this is no such text.</summary>
    public static PgBackend? Parse(string text) =>
        text.Split(' ') is ["pid", var pid, "started", var started, "runner", var runner]
        && long.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            ? new PgBackend(number, time, runner) : null;
}
