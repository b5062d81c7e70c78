using System.Runtime.CompilerServices;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Tables of a PostgreSQL database. Looks share one session, each read and each count has its own; a read is one batch ahead of its
/// consumer. Thread-safe.
/// </summary>
internal sealed class PgSource(PgOptions at, string? snapshot, NpgsqlConnection looks, SourceIdentity identity)
    : ISource, IGivesWire, ICountsRows, IHoldsMoments, IKnowsItsPast, IKnowsPlace, IConnectsAhead,
    IReadsWindows, ITellsTheTime, IReadsSlices, IAltersTables
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly PgReadSessions sessions = new(at);
    private PgAddresses? addresses;

    public SourceIdentity Identity { get; } = identity;

    /// <param name="snapshot">A snapshot to read every table in, held by somebody else; null = each read has one of its own.</param>
    /// <exception cref="PawlException">The server cannot be reached, or refuses.</exception>
    public static async ValueTask<PgSource> OpenAsync(PgOptions at, string? snapshot, CancellationToken ct)
    {
        var looks = await PgConnections.OpenAsync(at, PgRole.Look, ct).ConfigureAwait(false);
        try
        {
            return new PgSource(at, snapshot, looks, await PgIdentity.ReadAsync(looks, at, ct).ConfigureAwait(false));
        }
        catch
        {
            await looks.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public string Condition(Slice slice) => PgSlices.Where(slice);

    /// <inheritdoc/>
    public void ConnectAhead(int sessions) => this.sessions.ConnectAhead(sessions);

    public ValueTask<string?> PlaceAsync(CancellationToken ct) => LookAsync<string?>(async connection =>
    {
        await using var look = new NpgsqlCommand(PgIdentity.Place, connection);
        return (string?)await look.ExecuteScalarAsync(ct).ConfigureAwait(false);
    }, "place", null, ct);

    public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
        LookAsync(connection => PgCatalog.DescribeAsync(connection, at, pattern, ct), "describe", null, ct);

    public async ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        var shape = PgShape.Required(table);
        await CheckWhereAsync(table.Name, shape, read, ct).ConfigureAwait(false);
        var splits = await LookAsync<IReadOnlyList<Split>>(async connection =>
        {
            var names = new PgSelection(table, shape, read.Columns, false).Names;
            await PgTableCheck.RunAsync(connection, at, Identity.Text, table, shape, names, ct).ConfigureAwait(false);
            if (shape.Key.Count > 0)
            {
                await LockAsync(table, shape, read, ct).ConfigureAwait(false);
                return await PgPlanner.ByKeyAsync(connection, table, shape, read.Splits, ct).ConfigureAwait(false);
            }
            await LockAsync(table, shape, read, ct).ConfigureAwait(false);
            if (shape.Kind != "r") return [PgPlanner.Whole(table)];
            if (addresses is not { IsOpen: true }) await ExportAsync(ct).ConfigureAwait(false);
            return await addresses!.BlocksAsync(table.Name, shape.Oid, ct).ConfigureAwait(false) is { } blocks
                ? PgPlanner.ByAddress(table, addresses.Token, blocks, read.Splits) : [PgPlanner.Whole(table)];
        }, "plan", table.Name, ct).ConfigureAwait(false);
        if (shape is { KeyIndex: null, Key.Count: > 0 })
        {
            await PgViews.CheckAsync(async sql => await AskAsync(table, read, sql, "look at keys", ct).ConfigureAwait(false) is true, at,
                table, shape, read, null, null).ConfigureAwait(false);
        }
        return splits;
    }

    public ValueTask<string> HoldAsync(CancellationToken ct) => LookAsync(async _ =>
    {
        if (addresses is null || !await addresses.StandsAsync(ct).ConfigureAwait(false)) await ExportAsync(ct).ConfigureAwait(false);
        return addresses!.Token.Name;
    }, "snapshot", null, ct);

    public async ValueTask<bool> StandsAsync(TablePlan plan, CancellationToken ct)
    {
        var bound = plan.Splits.SelectMany(s => new[] { s.After, s.Through }).Where(p => p?.Codec == PgSnapshotToken.Codec)
            .Select(p => PgSnapshotToken.Read(p!).Token).ToHashSet();
        if (plan.Read.Snapshot is { } name) bound.Add(PgSnapshotToken.Named(name));
        foreach (var token in bound)
        {
            if (!await LookAsync(c => token.LivesAsync(c, ct), "snapshot", plan.Source, ct).ConfigureAwait(false)) return false;
        }
        return true;
    }

    public ValueTask<string> MarkAsync(CancellationToken ct) => LookAsync(async connection =>
        (await PgPast.ReadAsync(connection, ct).ConfigureAwait(false)).Past.ToString(), "log position", null, ct);

    /// <remarks>A mark of another version's form says nothing.</remarks>
    public async ValueTask<PastState> CompareAsync(string mark, CancellationToken ct) => PgPast.Parse(mark) is { } past
        ? await LookAsync(connection => past.CompareAsync(connection, ct), "log position", null, ct).ConfigureAwait(false)
        : PastState.Kept;

    public ValueTask<CursorBound> BoundAsync(TableSchema table, CursorOptions cursor, bool wait, CancellationToken ct) =>
        LookAsync(c => new PgWindows(at, table, cursor).BoundAsync(c, wait, ct), "bound", table.Name, ct);

    public ValueTask<string> BeforeAsync(TableSchema table, CursorOptions cursor, string value, CancellationToken ct) =>
        LookAsync(c => new PgWindows(at, table, cursor).BeforeAsync(c, value, ct), "overlap", table.Name, ct);

    public ValueTask<string?> SinceAsync(TableSchema table, CursorOptions cursor, string clock, CancellationToken ct) =>
        LookAsync(c => new PgWindows(at, table, cursor).SinceAsync(c, clock, ct), "bound", table.Name, ct);

    public ValueTask<int> CompareAsync(TableSchema table, string column, string a, string b, CancellationToken ct) =>
        LookAsync(c => new PgWindows(at, table, new CursorOptions { Column = column }).CompareAsync(c, a, b, ct), "compare", table.Name,
            ct);

    public bool Widens(ColumnSchema was, ColumnSchema now) => PgWidening.Holds(was, now);

    public async ValueTask<bool> HoldsAnyAsync(TableSchema table, ReadOptions read, IReadOnlyList<string> columns, CancellationToken ct)
    {
        var shape = PgShape.Required(table);
        await CheckWhereAsync(table.Name, shape, read, ct).ConfigureAwait(false);
        return (bool)await AskAsync(table, read, new PgQuery(table.Name, shape, read.Where, read.Window).AnyOf(columns), "look for values",
            ct).ConfigureAwait(false);
    }

    public ValueTask<string?> ClockAsync(CancellationToken ct) => LookAsync(c => PgWindows.ClockAsync(c, ct), "clock", null, ct);

    private async ValueTask ExportAsync(CancellationToken ct)
    {
        var ended = addresses;
        addresses = null;
        if (ended is not null) await ended.DisposeAsync().ConfigureAwait(false);
        addresses = await PgAddresses.ExportAsync(at, snapshot, ct).ConfigureAwait(false);
    }

    /// <summary>A table that is going to be read in the held snapshot must not be emptied or rewritten before that.</summary>
    private async ValueTask LockAsync(TableSchema table, PgShape shape, ReadOptions read, CancellationToken ct)
    {
        if (read.Snapshot is null || shape.Kind is not ("r" or "p")) return;
        if (addresses?.Token.Name == read.Snapshot) await addresses.LockAsync(table.Name, shape.Oid, ct).ConfigureAwait(false);
    }

    public IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions read, Split split, Position? after, Position? through,
        BatchBudget budget, CancellationToken ct) => ReadAsync(table, read, null, split, after, through, budget, ct);

    public IAsyncEnumerable<SourceEvent> ReadWireAsync(TableSchema table, ReadOptions read, string format, Split split, Position? after,
        Position? through, BatchBudget budget, CancellationToken ct) =>
        ReadAsync(table, read, at.PassesWire ? format : null, split, after, through, budget, ct);

    private async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions read, string? wire, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        await CheckWhereAsync(table.Name, PgShape.Required(table), read, ct).ConfigureAwait(false);
        await using var reader = await PgReader.OpenAsync(at, sessions, Identity.Text, table, read, after ?? split.After,
            through ?? split.Through, budget, snapshot, wire, ct).ConfigureAwait(false);
        Task<PgRead?>? ahead = null;
        try
        {
            ahead = Task.Run(() => reader.NextAsync(ct), CancellationToken.None);
            while (await ahead.ConfigureAwait(false) is { } rows)
            {
                ahead = Task.Run(() => reader.NextAsync(ct), CancellationToken.None);
                yield return new RowsEvent(table.Name, 0, rows.Batch, rows.Last);
            }
            ahead = null;
        }
        finally
        {
            if (ahead is not null) await DropAsync(reader, ahead).ConfigureAwait(false);
        }
    }

    public async ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct)
    {
        var shape = PgShape.Required(table);
        if (a.Codec == PgSnapshotToken.Codec && b.Codec == PgSnapshotToken.Codec) return CompareAddresses(a, b);
        if (shape.Key.Count == 0) return PositionOrder.Unordered;
        var (left, right) = (PgKeyCodec.Read(a, shape.Key.Count), PgKeyCodec.Read(b, shape.Key.Count));
        var order = await LookAsync(async connection =>
        {
            await using var compare = new NpgsqlCommand(new PgQuery(table.Name, shape, null).Comparison(left, right), connection);
            return (int)(await compare.ExecuteScalarAsync(ct).ConfigureAwait(false))!;
        }, "compare", table.Name, ct).ConfigureAwait(false);
        // A beginning of a key stands for the last row that begins so.
        if (order == 0) order = right.Length - left.Length;
        return Order(order);
    }

    public async ValueTask<long> CountAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        var shape = PgShape.Required(table);
        await CheckWhereAsync(table.Name, shape, read, ct).ConfigureAwait(false);
        return (long)await AskAsync(table, read, new PgQuery(table.Name, shape, read.Where, read.Window).Count(), "count", ct)
            .ConfigureAwait(false);
    }

    private async ValueTask<object> AskAsync(TableSchema table, ReadOptions read, string sql, string doing, CancellationToken ct)
    {
        // A session of its own: a long count holds up nobody.
        var connection = await sessions.BeginAsync(ct).ConfigureAwait(false);
        var isDone = false;
        try
        {
            if (read.Snapshot is { } moment)
            {
                await PgReader.EnterAsync(connection, table.Name, PgSnapshotToken.Named(moment), null, ct).ConfigureAwait(false);
            }
            // What is set in the transaction ends with it.
            if (read.Where is not null) await RunAsync(connection, "reset search_path", ct).ConfigureAwait(false);
            await using var ask = new NpgsqlCommand(sql, connection);
            var answer = (await ask.ExecuteScalarAsync(ct).ConfigureAwait(false))!;
            isDone = true;
            return answer;
        }
        catch (NpgsqlException e)
        {
            throw PgFaults.Classify(e, at, doing, table.Name, PgTableCheck.Grant(at, table.Name));
        }
        finally
        {
            if (isDone) await sessions.ReturnAsync(connection).ConfigureAwait(false);
            else await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        if (addresses is not null) await addresses.DisposeAsync().ConfigureAwait(false);
        await sessions.DisposeAsync().ConfigureAwait(false);
        await looks.DisposeAsync().ConfigureAwait(false);
        gate.Dispose();
    }

    /// <summary>A batch nobody will take any more: its reader is ended, it is waited for and given back.</summary>
    private static async ValueTask DropAsync(PgReader reader, Task<PgRead?> ahead)
    {
        await reader.StopAsync().ConfigureAwait(false);
        await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ahead.IsCompletedSuccessfully) (await ahead.ConfigureAwait(false))?.Batch.Dispose();
    }

    private static PositionOrder CompareAddresses(Position a, Position b)
    {
        var ((leftToken, left), (rightToken, right)) = (PgSnapshotToken.Read(a), PgSnapshotToken.Read(b));
        if (leftToken != rightToken) return PositionOrder.Unordered;
        static (long, int) Numbers(string address)
        {
            var comma = address.IndexOf(',');
            return (long.Parse(address.AsSpan(1, comma - 1), System.Globalization.CultureInfo.InvariantCulture),
                int.Parse(address.AsSpan(comma + 1, address.Length - comma - 2), System.Globalization.CultureInfo.InvariantCulture));
        }
        return Order(Numbers(left).CompareTo(Numbers(right)));
    }

    private static PositionOrder Order(int sign) =>
        sign switch { < 0 => PositionOrder.Before, > 0 => PositionOrder.After, _ => PositionOrder.Same };

    /// <summary>The condition is code of the user's: an error in it is told as such, before anything is read.</summary>
    private async ValueTask CheckWhereAsync(TableName table, PgShape shape, ReadOptions read, CancellationToken ct)
    {
        if (read.Where is null) return;
        if (PgCondition.Problem(read.Where) is { } problem) throw Invalid(table, read.Where, problem, null);
        await LookAsync(async connection =>
        {
            await RunAsync(connection, "reset search_path", ct).ConfigureAwait(false);
            try
            {
                await ParseAsync(connection, new PgQuery(table, shape, null).Probe(), ct).ConfigureAwait(false);
                try
                {
                    await ParseAsync(connection, new PgQuery(table, shape, read.Where).Probe(), ct).ConfigureAwait(false);
                }
                catch (PostgresException e) when (PgFaults.IsStatement(e))
                {
                    throw Invalid(table, read.Where, e.MessageText, e);
                }
            }
            finally
            {
                if (connection.State == System.Data.ConnectionState.Open)
                {
                    await RunAsync(connection, "set search_path = pg_catalog, pg_temp", CancellationToken.None).ConfigureAwait(false);
                }
            }
            return true;
        }, "check where", table, ct).ConfigureAwait(false);
    }

    private static PawlException Invalid(TableName table, string where, string cause, Exception? inner) =>
        new(Fault.Configuration, Codes.ExpressionInvalid, inner, ("table", table), ("expression", where), ("cause", cause));

    /// <summary>The server reads the statement and names its types; nothing runs.</summary>
    private static async ValueTask ParseAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.PrepareAsync(ct).ConfigureAwait(false);
        await command.UnprepareAsync(ct).ConfigureAwait(false);
    }

    private static async ValueTask RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Runs on the shared session, which is opened again when it was lost.</summary>
    private async ValueTask<T> LookAsync<T>(Func<NpgsqlConnection, ValueTask<T>> look, string doing, TableName? table, CancellationToken ct)
    {
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (looks.State != System.Data.ConnectionState.Open)
            {
                await looks.DisposeAsync().ConfigureAwait(false);
                looks = await PgConnections.OpenAsync(at, PgRole.Look, ct).ConfigureAwait(false);
            }
            return await look(looks).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The answer to what was cut off may still be on its way, and the next look would take it for its own.
            await looks.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is not PawlException)
        {
            throw PgFaults.Classify(e, at, doing, table, table is null ? null : PgTableCheck.Grant(at, table));
        }
        finally
        {
            gate.Release();
        }
    }
}
