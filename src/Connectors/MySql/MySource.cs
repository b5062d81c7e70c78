using System.Runtime.CompilerServices;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Tables of a MySQL or MariaDB database. Looks share one session, each read and each count has its own; a read is one batch ahead of its
/// consumer. Thread-safe.
/// </summary>
internal sealed class MySource(MyAddress at, MyConnection looks, MySessions sessions, SourceIdentity identity)
    : ISource, ICountsRows, IHoldsMoments, IKnowsItsPast, IKnowsPlace, IReadsWindows, ITellsTheTime, IReadsSlices, ILosesIdentity,
        IAltersTables
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly MyNow now = new();
    private MyMoment? moment;

    public SourceIdentity Identity { get; } = identity;

    /// <exception cref="PawlException">The server cannot be reached, or refuses.</exception>
    public static async ValueTask<MySource> OpenAsync(MyAddress at, CancellationToken ct)
    {
        var looks = await MySessions.OpenAsync(at, ct).ConfigureAwait(false);
        try
        {
            var known = at.At(looks.Server);
            var sessions = new MySessions(known, await MyIdentity.HomeAsync(looks, ct).ConfigureAwait(false));
            return new MySource(known, looks, sessions, await MyIdentity.ReadAsync(looks, known, ct).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            await looks.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw MyFaults.Classify(e, at.Server, "identity");
        }
    }

    public string Condition(Slice slice) => MySlices.Where(slice);

    public ValueTask<string?> PlaceAsync(CancellationToken ct) => LookAsync<string?>(
        c => ValueTask.FromResult(MyIdentity.Place(c)), "place", null, ct);

    public string? Schema => at.Database;

    public bool IgnoresCase => looks.Server.LowerCaseTableNames != 0;

    public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
        LookAsync(c => MyCatalog.DescribeAsync(c, at, pattern, ct), "describe", null, ct);

    public async ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        var shape = MyShape.Required(table);
        if (read.Snapshot is not null && !shape.IsTransactional)
        {
            throw new PawlException(Fault.Configuration, Codes.JobValueInvalid, ("field", "consistency"), ("value", "one-snapshot"),
                ("expected", "mixed"), ("table", table.Name), ("cause", "its engine shows no moment of the past"));
        }
        await CheckWhereAsync(table.Name, shape, read, ct).ConfigureAwait(false);
        var splits = await LookAsync<IReadOnlyList<Split>>(async connection =>
        {
            var names = new MySelection(table, shape, at, read.Columns).Names;
            await SettleAsync(connection, table, ct).ConfigureAwait(false);
            await MyTableCheck.RunAsync(connection, at, table, shape, names, ct).ConfigureAwait(false);
            return await MyPlanner.PlanAsync(connection, table, shape, read.Splits, ct).ConfigureAwait(false);
        }, "plan", table.Name, ct).ConfigureAwait(false);
        if (shape is { IsView: true, Key.Count: > 0 })
        {
            await OnLeaseAsync(table, read, "look at keys", async connection =>
            {
                await MyViews.CheckAsync(connection, at, table, shape, read, null, null, ct).ConfigureAwait(false);
                return true;
            }, ct).ConfigureAwait(false);
        }
        return splits;
    }

    public ValueTask<string> HoldAsync(CancellationToken ct) => LookAsync(async _ =>
    {
        if (moment is { IsAlive: true }) return moment.Name;
        if (moment is not null) await moment.DisposeAsync().ConfigureAwait(false);
        moment = null;
        moment = await MyMoment.HoldAsync(at, sessions, ct).ConfigureAwait(false);
        return moment.Name;
    }, "snapshot", null, ct);

    /// <remarks>No session can enter a moment that another process holds.</remarks>
    public ValueTask<bool> StandsAsync(TablePlan plan, CancellationToken ct) =>
        ValueTask.FromResult(plan.Read.Snapshot is not { } name || (moment is { IsAlive: true } held && held.Name == name));

    public ValueTask<string> MarkAsync(CancellationToken ct) => LookAsync(c => MyPast.MarkAsync(c, ct), "log position", null, ct);

    public ValueTask<PastState> CompareAsync(string mark, CancellationToken ct) =>
        LookAsync(c => MyPast.CompareAsync(c, mark, ct), "log position", null, ct);

    public ValueTask<CursorBound> BoundAsync(TableSchema table, CursorOptions cursor, bool wait, CancellationToken ct) =>
        LookAsync(c => new MyWindows(at, table, cursor, now).BoundAsync(c, wait, ct), "bound", table.Name, ct);

    public ValueTask<string> BeforeAsync(TableSchema table, CursorOptions cursor, string value, CancellationToken ct) =>
        LookAsync(c => new MyWindows(at, table, cursor, now).BeforeAsync(c, value, ct), "overlap", table.Name, ct);

    public ValueTask<string?> SinceAsync(TableSchema table, CursorOptions cursor, string clock, CancellationToken ct) =>
        LookAsync(c => new MyWindows(at, table, cursor, now).SinceAsync(c, clock, ct), "bound", table.Name, ct);

    public ValueTask<int> CompareAsync(TableSchema table, string column, string a, string b, CancellationToken ct) =>
        LookAsync(c => new MyWindows(at, table, new CursorOptions { Column = column }, now).CompareAsync(c, a, b, ct), "compare",
            table.Name, ct);

    public ValueTask<string?> ClockAsync(CancellationToken ct) => LookAsync(c => MyWindows.ClockAsync(c, at, now, ct), "clock", null, ct);

    /// <remarks>ALTER makes a table anew, with another time of creation; the server keeps nothing that would tell the two apart.</remarks>
    public bool MayBeAltered(TableSchema was, TableSchema now) => was.Name == now.Name;

    /// <remarks>Of a view, which is altered in place, and of a table that is read from its beginning again.</remarks>
    public bool Widens(ColumnSchema was, ColumnSchema now) => MyWidening.Holds(was, now);

    public async ValueTask<bool> HoldsAnyAsync(TableSchema table, ReadOptions read, IReadOnlyList<string> columns, CancellationToken ct)
    {
        var shape = MyShape.Required(table);
        await CheckWhereAsync(table.Name, shape, read, ct).ConfigureAwait(false);
        return await AskAsync(table, read, new MyQuery(table.Name, shape, read.Where, read.Window).AnyOf(columns), "look for values", ct)
            .ConfigureAwait(false) != 0;
    }

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions read, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        await CheckWhereAsync(table.Name, MyShape.Required(table), read, ct).ConfigureAwait(false);
        var lease = await LeaseAsync(table, read, ct).ConfigureAwait(false);
        await using var reader = await MyReader.OpenAsync(lease, at, table, read, after ?? split.After, through ?? split.Through,
            budget, ct)
            .ConfigureAwait(false);
        Task<MyRead?>? ahead = null;
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
        var shape = MyShape.Required(table);
        if (shape.Key.Count == 0) return PositionOrder.Unordered;
        var (left, right) = (MyKeyCodec.Read(a, shape.Key), MyKeyCodec.Read(b, shape.Key));
        var order = await LookAsync(async c => MySessions.Number(
            await c.RowsAsync(new MyQuery(table.Name, shape, null).Comparison(left, right), ct).ConfigureAwait(false)), "compare",
                table.Name,
            ct).ConfigureAwait(false);
        // A beginning of a key stands for the last row that begins so.
        if (order == 0) order = right.Length - left.Length;
        return order switch { < 0 => PositionOrder.Before, > 0 => PositionOrder.After, _ => PositionOrder.Same };
    }

    public async ValueTask<long> CountAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        var shape = MyShape.Required(table);
        await CheckWhereAsync(table.Name, shape, read, ct).ConfigureAwait(false);
        return await AskAsync(table, read, new MyQuery(table.Name, shape, read.Where, read.Window).Count(), "count", ct)
            .ConfigureAwait(false);
    }

    private ValueTask<long> AskAsync(TableSchema table, ReadOptions read, string sql, string doing, CancellationToken ct) =>
        OnLeaseAsync(table, read, doing, async c => MySessions.Number(await c.RowsAsync(sql, ct).ConfigureAwait(false)), ct);

    /// <summary>On a session of its own: what looks at every row holds up nobody.</summary>
    private async ValueTask<T> OnLeaseAsync<T>(TableSchema table, ReadOptions read, string doing, Func<MyConnection, ValueTask<T>> ask,
        CancellationToken ct)
    {
        await using var lease = await LeaseAsync(table, read, ct).ConfigureAwait(false);
        try
        {
            return await ask(lease.Connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            throw MyReader.Classify(e, at, doing, table.Name, lease.IsHeld);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        if (moment is not null) await moment.DisposeAsync().ConfigureAwait(false);
        await sessions.DisposeAsync().ConfigureAwait(false);
        await looks.DisposeAsync().ConfigureAwait(false);
        gate.Dispose();
    }

    /// <summary>A batch nobody will take any more: its reader is ended, it is waited for and given back.</summary>
    private static async ValueTask DropAsync(MyReader reader, Task<MyRead?> ahead)
    {
        await reader.StopAsync().ConfigureAwait(false);
        await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ahead.IsCompletedSuccessfully) (await ahead.ConfigureAwait(false))?.Batch.Dispose();
    }

    private async ValueTask<MyLease> LeaseAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        if (read.Snapshot is { } name)
        {
            if (moment is not { } held || held.Name != name) throw MyMoment.Lost(table.Name, null);
            return await held.TakeAsync(table.Name, ct).ConfigureAwait(false);
        }
        return new MyLease(await sessions.BeginAsync(ct).ConfigureAwait(false), false, sessions.ReturnAsync);
    }

    /// <summary>
    /// Times of creation have whole seconds: a plan is made once the table's second is over, so that one made anew later is known for it.
    /// </summary>
    private static async ValueTask SettleAsync(MyConnection connection, TableSchema table, CancellationToken ct)
    {
        if (table.Identity.Split(' ') is not ["created", var created] || !long.TryParse(created, out var second)) return;
        while (MySessions.Number(await connection.RowsAsync("select floor(unix_timestamp(now(6)))", ct).ConfigureAwait(false)) is var now
            && now == second)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), ct).ConfigureAwait(false);
        }
    }

    /// <summary>The condition is code of the user's: an error in it is told as such, before anything is read.</summary>
    private async ValueTask CheckWhereAsync(TableName table, MyShape shape, ReadOptions read, CancellationToken ct)
    {
        if (read.Where is null) return;
        if (MyCondition.Problem(read.Where) is { } problem) throw Invalid(table, read.Where, problem, null);
        await LookAsync(async connection =>
        {
            await connection.ExecuteAsync(new MyQuery(table, shape, null).Probe(), ct).ConfigureAwait(false);
            try
            {
                await connection.ExecuteAsync(new MyQuery(table, shape, read.Where).Probe(), ct).ConfigureAwait(false);
            }
            catch (MyServerException e)
            {
                // The same without it had been fine a moment ago.
                throw Invalid(table, read.Where, e.Message, e);
            }
            return true;
        }, "check where", table, ct).ConfigureAwait(false);
    }

    private static PawlException Invalid(TableName table, string where, string cause, Exception? inner) =>
        new(Fault.Configuration, Codes.ExpressionInvalid, inner, ("table", table), ("expression", where), ("cause", cause));

    /// <summary>Runs on the shared session, which is opened again when it was lost.</summary>
    private async ValueTask<T> LookAsync<T>(Func<MyConnection, ValueTask<T>> look, string doing, TableName? table, CancellationToken ct)
    {
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (looks.IsBroken)
            {
                await looks.DisposeAsync().ConfigureAwait(false);
                looks = await sessions.OpenAsync(ct).ConfigureAwait(false);
            }
            return await look(looks).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is not PawlException)
        {
            throw MyFaults.Classify(e, at.Server, doing, table, table is null ? null : MyTableCheck.Grant(at, table));
        }
        finally
        {
            gate.Release();
        }
    }
}
