using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Rows and the position of the last of them.</summary>
internal sealed record PgRead(RowBatch Batch, Position? Last);

/// <summary>
/// One read of one split: a session of its own, one repeatable-read transaction, one COPY. The stream is read ahead by a
/// <see cref="PgCopyPump"/>; <see cref="NextAsync"/> decodes. One caller at a time.
/// </summary>
internal sealed class PgReader : IAsyncDisposable
{
    private readonly PgOptions at;
    private readonly TableName table;
    private readonly PgReadSessions sessions;
    private readonly NpgsqlConnection connection;
    private readonly int pid;
    private readonly PgCopyPump pump;
    private readonly PgTuples tuples;
    private readonly PgSelection selection;
    private readonly BatchBudget budget;
    private readonly PgSnapshotToken? snapshot;
    private bool ended;
    private bool stopped;

    private PgReader(PgOptions at, TableName table, PgReadSessions sessions, NpgsqlConnection connection, PgCopyOut copy,
        PgSelection selection, BatchBudget budget, PgSnapshotToken? snapshot)
    {
        (this.at, this.table, this.sessions, this.connection) = (at, table, sessions, connection);
        pid = connection.ProcessID;
        (this.selection, this.budget, this.snapshot) = (selection, budget, snapshot);
        pump = new PgCopyPump(copy, budget.Bytes);
        tuples = new PgTuples(pump, selection.Cells, selection.Expressions.Count);
    }

    /// <param name="source">Identity of the source the plan was made for.</param>
    /// <param name="foreign">A snapshot to read in that somebody else holds; null = none.</param>
    /// <param name="wire">The format in which rows are wanted undecoded; null = none.</param>
    /// <exception cref="PawlException">Also when it is not the database or table of the plan any more, or may not be read.</exception>
    public static async ValueTask<PgReader> OpenAsync(PgOptions at, PgReadSessions sessions, string source, TableSchema table,
        ReadOptions read, Position? after, Position? through, BatchBudget budget, string? foreign, string? wire, CancellationToken ct)
    {
        var shape = PgShape.Required(table);
        var addressed = (after ?? through)?.Codec == PgSnapshotToken.Codec;
        var token = addressed ? PgSnapshotToken.Read((after ?? through)!).Token : null;
        var moment = token ?? (read.Snapshot is null ? null : PgSnapshotToken.Named(read.Snapshot));
        var connection = await sessions.BeginAsync(ct).ConfigureAwait(false);
        var select = "copy";
        try
        {
            var selection = new PgSelection(table, shape, read.Columns, addressed, wire, connection.PostgreSqlVersion.Major);
            var query = new PgQuery(table.Name, shape, read.Where, read.Window);
            string[]? Tuple(Position? p) => p is null ? null : PgKeyCodec.Read(p, shape.Key.Count);
            string? Address(Position? p) => p is null ? null : PgSnapshotToken.Read(p).Address;
            select = addressed ? query.SelectAddresses(selection.Expressions, Address(after), Address(through))
                : query.Select(selection.Expressions, Tuple(after), Tuple(through));
            await EnterAsync(connection, table.Name, moment, foreign, ct).ConfigureAwait(false);
            await SetUpAsync(connection, shape, addressed, ct).ConfigureAwait(false);
            await LockAsync(connection, at, source, table, shape, selection.Names, ct).ConfigureAwait(false);
            await PgTableCheck.RunAsync(connection, at, source, table, shape, selection.Names, ct).ConfigureAwait(false);
            // A condition of the user's means what it means in a session of theirs.
            if (read.Where is not null) await RunAsync(connection, "reset search_path", ct).ConfigureAwait(false);
            if (shape is { KeyIndex: null, Key.Count: > 0 } && !addressed && Tuple(after) is { } from)
            {
                await PgViews.CheckAsync(sql => HoldsAsync(connection, sql, ct), at, table, shape, read, from, Tuple(through))
                    .ConfigureAwait(false);
            }
            var copy = await PgCopyOut.BeginAsync(connection, $"copy ({select}) to stdout (format binary)", ct).ConfigureAwait(false);
            var reader = new PgReader(at, table.Name, sessions, connection, copy, selection, budget, token);
            reader.pump.Start();
            return reader;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw await PgHindsight.AddAsync(PgFaults.Classify(e, at, select, table.Name), at, table.Name, ct).ConfigureAwait(false);
        }
    }

    /// <summary>The next rows; null when there are no more.</summary>
    public async Task<PgRead?> NextAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (ended) return null;
        try
        {
            return selection.Format is { } format ? await WireAsync(format, ct).ConfigureAwait(false)
                : await ColumnsAsync(ct).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw PgFaults.Classify(e, at, "copy", table);
        }
    }

    private async ValueTask<PgRead?> ColumnsAsync(CancellationToken ct)
    {
        var batch = new RowBatch(selection.Output);
        try
        {
            for (var i = 0; i < selection.Cells.Length; i++) selection.Cells[i].Target = batch.Columns[i];
            var rows = 0;
            long bytes = 0;
            PgPause pause;
            while ((pause = tuples.Decode(budget, ref rows, ref bytes)) == PgPause.Hungry)
            {
                await tuples.MoreAsync(ct).ConfigureAwait(false);
            }
            ended = pause == PgPause.End;
            if (rows == 0)
            {
                batch.Dispose();
                return null;
            }
            batch.Rows = rows;
            return new PgRead(batch, PositionOf(tuples.Last));
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>What has arrived, at most a budget's worth: nothing is copied to fill a batch.</summary>
    private async ValueTask<PgRead?> WireAsync(string format, CancellationToken ct)
    {
        while (true)
        {
            var rows = tuples.Take(format, budget, out var count, out var pause);
            ended = pause == PgPause.End;
            if (rows is not null) return new PgRead(new RowBatch(selection.Output, rows, count), PositionOf(tuples.Last));
            if (ended) return null;
            await tuples.MoreAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends the read wherever it is; a <see cref="NextAsync"/> under way fails. A statement that still runs is cancelled at the server,
    /// which would else notice only when it next sends something.
    /// </summary>
    public async ValueTask StopAsync()
    {
        if (stopped) return;
        stopped = true;
        if (!pump.IsAtEnd) await CancelAsync().ConfigureAwait(false);
        await pump.StopAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        tuples.Dispose();
        if (pump.IsAtEnd) await sessions.ReturnAsync(connection).ConfigureAwait(false);
        else await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask CancelAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await using var other = await PgConnections.OpenAsync(at, PgRole.Terminate, limit.Token).ConfigureAwait(false);
            await using var cancel = new NpgsqlCommand("select pg_cancel_backend($1)", other);
            cancel.Parameters.AddWithValue(pid);
            await cancel.ExecuteNonQueryAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is PawlException or NpgsqlException or OperationCanceledException)
        {
            // Out of reach: the socket is closed next, and the server looks every two seconds whether its client is still there.
        }
    }

    /// <summary>Makes the open transaction see the database as a snapshot does.</summary>
    /// <param name="moment">One of ours; its name is given again after a restart of the server, its session is not.</param>
    /// <param name="foreign">One that somebody else holds, where <paramref name="moment"/> is null; null = the present.</param>
    /// <exception cref="PawlException"><see cref="Codes.SnapshotLost"/>.</exception>
    public static async ValueTask EnterAsync(NpgsqlConnection connection, TableName table, PgSnapshotToken? moment, string? foreign,
        CancellationToken ct)
    {
        if ((moment?.Snapshot ?? foreign) is not { } name) return;
        try
        {
            await RunAsync(connection, $"set transaction snapshot {PgNames.Literal(name)}", ct).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is "22023" or "42704" or "55000" or "0A000")
        {
            throw Lost(table, null, e);
        }
        if (moment is not null && !await moment.LivesAsync(connection, ct).ConfigureAwait(false)) throw Lost(table, moment, null);
    }

    private static async ValueTask<bool> HoldsAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var question = new NpgsqlCommand(sql, connection);
        return await question.ExecuteScalarAsync(ct).ConfigureAwait(false) is true;
    }

    private static async ValueTask SetUpAsync(NpgsqlConnection connection, PgShape shape, bool addressed, CancellationToken ct)
    {
        var settings = "set local jit = off";
        // Physical order, from the first block: no workers that deal out blocks, no start where another scan is.
        if (addressed) settings += "; set local max_parallel_workers_per_gather = 0; set local synchronize_seqscans = off";
        // The index gives the first row at once; a sort would read the whole range before it, again at every restart.
        else if (shape.KeyIndex is not null) settings += "; set local enable_sort = off; set local enable_bitmapscan = off";
        await RunAsync(connection, settings, ct).ConfigureAwait(false);
    }

    /// <summary>From here on nobody drops or alters the table; waits at most the lock timeout.</summary>
    private static async ValueTask LockAsync(NpgsqlConnection connection, PgOptions at, string source, TableSchema table, PgShape shape,
        IReadOnlyList<string> columns, CancellationToken ct)
    {
        if (shape.Kind is not ("r" or "p")) return;
        try
        {
            // A role that may read some columns only may not lock the table, so that stays undone for it.
            await RunAsync(connection, $"savepoint unlocked; lock table {(shape.Kind == "r" ? "only " : "")}{PgNames.Quote(table.Name)} "
                + "in access share mode", ct).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is "42501" or "42P01" or "3F000" or "42809")
        {
            await RunAsync(connection, "rollback to savepoint unlocked", ct).ConfigureAwait(false);
            await PgTableCheck.RunAsync(connection, at, source, table, shape, columns, ct).ConfigureAwait(false);
        }
    }

    private static async ValueTask RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }

    private static PawlException Lost(TableName table, PgSnapshotToken? token, Exception? inner) => new(Fault.PositionLost,
        Codes.SnapshotLost, inner, ("table", table), ("cause", token is null ? inner?.Message
            : string.Create(CultureInfo.InvariantCulture, $"the session {token.Pid} that held {token.Snapshot} has ended")));

    private Position? PositionOf(ReadOnlySpan<byte> row)
    {
        if (snapshot is not null)
        {
            PgTuples.TryField(row, selection.Expressions.Count - 1, out var address);
            return snapshot.At(BinaryPrimitives.ReadUInt32BigEndian(address), BinaryPrimitives.ReadUInt16BigEndian(address[4..]));
        }
        if (selection.Key.Count == 0) return null;
        var values = new string[selection.Key.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var key = selection.Key[i];
            if (!PgTuples.TryField(row, key.Field, out var value))
            {
                throw new PawlException(Fault.Schema, Codes.KeyNull, ("column", key.Column), ("table", table));
            }
            values[i] = Text(key, value);
        }
        return PgKeyCodec.Write(values);
    }

    private string Text(PgKeyField key, ReadOnlySpan<byte> value)
    {
        try
        {
            return key.Wire switch
            {
                PgWire.Bool => value[0] == 0 ? "f" : "t",
                PgWire.Int2 => BinaryPrimitives.ReadInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
                PgWire.Int4 => BinaryPrimitives.ReadInt32BigEndian(value).ToString(CultureInfo.InvariantCulture),
                PgWire.Int8 => BinaryPrimitives.ReadInt64BigEndian(value).ToString(CultureInfo.InvariantCulture),
                PgWire.Oid => BinaryPrimitives.ReadUInt32BigEndian(value).ToString(CultureInfo.InvariantCulture),
                PgWire.Numeric => PgNumeric.Text(value),
                PgWire.Uuid => new Guid(value, bigEndian: true).ToString(),
                PgWire.Bytea => "\\x" + Convert.ToHexStringLower(value),
                _ => PgSelection.Strict.GetString(value),
            };
        }
        catch (DecoderFallbackException e)
        {
            throw new PawlException(Fault.Data, Codes.TextUnfit, e, ("table", table), ("column", key.Column),
                ("cause", "a key that is not UTF-8"));
        }
    }
}
