using System.Runtime.CompilerServices;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Tables of a SQLite file, read only. Every blocking call runs on the thread pool; a read is one batch ahead of its consumer. Thread-safe:
/// looks share one connection, each read has its own.
/// </summary>
internal sealed class SqliteSource : ISource, ICountsRows, IKnowsPlace, IReadsWindows, IReadsSlices, ILosesIdentity
{
    private readonly SqliteFile file;
    private readonly SqliteOptions options;
    private readonly SemaphoreSlim gate = new(1, 1);

    private SqliteSource(SqliteFile file, SqliteOptions options)
    {
        this.file = file;
        this.options = options;
        Identity = SqliteIdentity.Of(file.Path);
    }

    public SourceIdentity Identity { get; }

    public ValueTask<string?> PlaceAsync(CancellationToken ct) => ValueTask.FromResult<string?>(Identity.Text);

    /// <exception cref="PawlException">The file is missing, a directory, out of reach, or no database.</exception>
    public static Task<SqliteSource> OpenAsync(string path, SqliteOptions options, CancellationToken ct, bool lookOnly = false) =>
        Task.Run(() =>
    {
        var file = lookOnly ? SqliteFile.OpenToLook(path, options.Busy) : SqliteFile.Open(path, SqliteAccess.Read, options.Busy);
        try
        {
            // The first look at the catalogue is what finds out that a file is no database.
            file.Number("select count(*) from sqlite_schema");
            return new SqliteSource(file, options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }, ct);

    public async ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
        await LookAsync<IReadOnlyList<TableSchema>>(() =>
            [.. SqliteCatalog.Tables(file, pattern).Select(name => SqliteCatalog.Describe(file, name))], ct).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        var shape = SqliteShape.Required(table);
        Check(table, shape);
        return await LookAsync<IReadOnlyList<Split>>(() =>
        {
            CheckWhere(table, shape, read);
            var splits = Math.Clamp(read.Splits, 1, 4096);
            return shape.Order.Count == 0 && shape.RowId is { } rowId && splits > 1
                ? SqlitePlanner.Plan(file, table.Name.ToString(), rowId, splits)
                : [new Split { Index = 0, EstimatedRows = table.EstimatedRows }];
        }, ct).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions read, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        Check(table, SqliteShape.Required(table));
        using var reader = await Task.Run(() =>
            SqliteReader.Open(file.Path, options.Busy, table, read, after ?? split.After, through ?? split.Through, budget), ct)
            .ConfigureAwait(false);
        Task<SqliteRead?>? ahead = null;
        var interruption = ct.Register(reader.Interrupt);
        try
        {
            ahead = Task.Run(() => reader.Next(ct), CancellationToken.None);
            while (await ahead.ConfigureAwait(false) is { } rows)
            {
                ahead = Task.Run(() => reader.Next(ct), CancellationToken.None);
                yield return new RowsEvent(table.Name, 0, rows.Batch, rows.Last);
            }
            ahead = null;
        }
        finally
        {
            await interruption.DisposeAsync().ConfigureAwait(false);
            if (ahead is not null) await DropAsync(reader, ahead).ConfigureAwait(false);
        }
    }

    public async ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct)
    {
        var query = new SqliteQuery(SqliteShape.Required(table), table.Name.ToString(), null);
        if (query.Key.Count == 0) return PositionOrder.Unordered;
        object[] values = [.. SqliteKeyCodec.Read(a, query.Key.Count), .. SqliteKeyCodec.Read(b, query.Key.Count)];
        var order = await LookAsync(() => file.Number(query.Comparison(), values), ct).ConfigureAwait(false);
        return order switch { < 0 => PositionOrder.Before, > 0 => PositionOrder.After, _ => PositionOrder.Same };
    }

    public string Condition(Slice slice) => SqliteSlices.Where(slice);

    public async ValueTask<long> CountAsync(TableSchema table, ReadOptions read, CancellationToken ct)
    {
        var shape = SqliteShape.Required(table);
        return await LookAsync(() =>
        {
            CheckWhere(table, shape, read);
            return file.Number(new SqliteQuery(shape, table.Name.ToString(), read.Where, read.Window).Count());
        }, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<CursorBound> BoundAsync(TableSchema table, CursorOptions cursor, bool wait, CancellationToken ct)
    {
        if (!wait) return await LookAsync(() => SqliteWindows.Bound(file, table, cursor, locked: true), ct).ConfigureAwait(false);
        if (await LookAsync(() => SqliteWindows.BoundAlone(file.Path, options.Busy, table, cursor), ct).ConfigureAwait(false) is { } alone)
        {
            return alone;
        }
        if (cursor.Lag is not { } lag)
        {
            throw new PawlException(Fault.Configuration, Codes.LagNeeded, ("table", table.Name),
                ("cause", "the file cannot be written, so that its writers cannot be kept out for a moment"));
        }
        var bound = await LookAsync(() => SqliteWindows.Bound(file, table, cursor, locked: false), ct).ConfigureAwait(false);
        await Task.Delay(lag, ct).ConfigureAwait(false);
        return bound;
    }

    /// <inheritdoc/>
    public ValueTask<string> BeforeAsync(TableSchema table, CursorOptions cursor, string value, CancellationToken ct) =>
        ValueTask.FromResult(SqliteWindows.Before(table, cursor, value));

    /// <inheritdoc/>
    /// <remarks>The file keeps no clock that its rows' times are made by.</remarks>
    public ValueTask<string?> SinceAsync(TableSchema table, CursorOptions cursor, string clock, CancellationToken ct) =>
        ValueTask.FromResult<string?>(null);

    /// <inheritdoc/>
    public async ValueTask<int> CompareAsync(TableSchema table, string column, string a, string b, CancellationToken ct) =>
        await LookAsync(() => SqliteWindows.Compare(file, a, b), ct).ConfigureAwait(false);

    /// <remarks>The page stays where it was, and so may one that was given to another table.</remarks>
    public bool MayBeAltered(TableSchema was, TableSchema now) =>
        was.Identity.Split(' ') is ["root", var before, ..] && now.Identity.Split(' ') is ["root", var after, ..] && before == after;

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        file.Dispose();
        gate.Dispose();
    }

    /// <summary>A batch nobody will take any more: ended early, waited for, given back.</summary>
    private static async ValueTask DropAsync(SqliteReader reader, Task<SqliteRead?> ahead)
    {
        reader.Interrupt();
        await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ahead.IsCompletedSuccessfully) (await ahead.ConfigureAwait(false))?.Batch.Dispose();
    }

    private async ValueTask<T> LookAsync<T>(Func<T> look, CancellationToken ct)
    {
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            using var interruption = ct.Register(file.Interrupt);
            return await Task.Run(look, ct).ConfigureAwait(false);
        }
        catch (PawlException) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
        finally
        {
            gate.Release();
        }
    }

    private static void Check(TableSchema table, SqliteShape shape)
    {
        if (shape.FloatKeys.Count > 0)
        {
            throw new PawlException(Fault.Schema, Codes.KeyUnfit, ("table", table.Name), ("column", shape.FloatKeys[0]),
                ("type", "REAL"), ("cause", "a float is no place to go on from"));
        }
        if (shape.Order.FirstOrDefault(p => p.Collation is not ("BINARY" or "NOCASE" or "RTRIM")) is { } part)
        {
            throw new PawlException(Fault.Schema, Codes.KeyUnfit, ("table", table.Name), ("column", part.Column),
                ("cause", $"its collation {part.Collation} is not built in"));
        }
    }

    /// <summary>The condition is code of the user's: an error in it is told as such, before anything is read.</summary>
    private void CheckWhere(TableSchema table, SqliteShape shape, ReadOptions read)
    {
        if (read.Where is null) return;
        var name = table.Name.ToString();
        if (SqliteCondition.Problem(read.Where) is { } problem)
        {
            throw new PawlException(Fault.Configuration, Codes.ExpressionInvalid, ("table", name), ("expression", read.Where),
                ("cause", problem));
        }
        file.Prepare(new SqliteQuery(shape, name, null).Count()).Dispose();
        try
        {
            file.Prepare(new SqliteQuery(shape, name, read.Where).Count()).Dispose();
        }
        catch (PawlException e) when (SqliteFaults.IsStatement(e))
        {
            throw new PawlException(Fault.Configuration, Codes.ExpressionInvalid, e, ("table", name), ("expression", read.Where),
                ("cause", e.Details["cause"]));
        }
    }
}
