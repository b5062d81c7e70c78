using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// One connection to a target file. Every step runs on the thread pool, so that the caller is never held; waiting for the write lock is
/// asynchronous and bounded. One caller at a time.
/// </summary>
internal sealed class SqliteSession(SqliteFile file, SqliteOptions options, TimeProvider time) : ITargetSession, IFindsKeys
{
    /// <summary>The control steps have some twenty shapes; more would mean that values got into the text.</summary>
    private const int MaxKept = 64;
    private static readonly int[] PausesMilliseconds = [1, 2, 5, 10, 20, 50, 100];

    private readonly Dictionary<string, SqliteStatement> kept = new(StringComparer.Ordinal);
    private SqliteRowWriter? writer;

    /// <summary>A file has no server side: this only says who it was.</summary>
    public string Backend { get; } = FormattableString.Invariant($"sqlite pid {Environment.ProcessId}");

    public async ValueTask BeginAsync(CancellationToken ct)
    {
        var started = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await RunAsync(f =>
                {
                    f.Wait(TimeSpan.Zero);
                    try
                    {
                        return f.Execute("begin immediate");
                    }
                    finally
                    {
                        f.Wait(options.Busy);
                    }
                }, ct).ConfigureAwait(false);
                return;
            }
            catch (PawlException e) when (e.Code == Codes.Busy && time.GetElapsedTime(started) < options.Busy)
            {
                // Waiting here and not inside SQLite leaves the thread free and the wait cancellable.
                var pause = PausesMilliseconds[Math.Min(attempt, PausesMilliseconds.Length - 1)];
                await Task.Delay(TimeSpan.FromMilliseconds(pause), time, ct).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct)
    {
        var step = SqlSteps.Change(change, SqliteDatabase.Dialect);
        return await RunAsync(f => UseAsync(step, statement =>
        {
            while (statement.Step()) { }
            return f.LastChanges;
        }), ct).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct)
    {
        var step = SqlSteps.Select(select, SqliteDatabase.Dialect);
        return await RunAsync(_ => UseAsync(step, statement =>
        {
            var rows = new List<ControlRow>();
            while (statement.Step())
            {
                var values = new Dictionary<string, object?>(StringComparer.Ordinal);
                for (var i = 0; i < select.Table.Columns.Count; i++)
                {
                    var column = select.Table.Columns[i];
                    // SQLite would make a number of any text; what is no number is handed on as it is, so that it is noticed.
                    values[column.Name] = statement.Type(i + 1) switch
                    {
                        SqliteNative.TypeNull => null,
                        SqliteNative.TypeInteger when column.Type == ControlType.Number => statement.Int64(i + 1),
                        _ => statement.Text(i + 1),
                    };
                }
                rows.Add(new ControlRow(values, statement.Int64(0)));
            }
            return rows;
        }), ct).ConfigureAwait(false);
    }

    public async ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches,
        CancellationToken ct) =>
        await RunAsync(f => Writer(f, plan).Write(lane, batches), ct).ConfigureAwait(false);

    public async ValueTask<bool> HoldsKeyAsync(TablePlan plan, RowBatch row, CancellationToken ct) =>
        await RunAsync(f => Writer(f, plan).HoldsKey(row), ct).ConfigureAwait(false);

    private SqliteRowWriter Writer(SqliteFile f, TablePlan plan)
    {
        if (ReferenceEquals(writer?.Plan, plan)) return writer;
        writer?.Dispose();
        writer = null;
        return writer = new SqliteRowWriter(f, plan);
    }

    public async ValueTask EmptyAsync(TablePlan plan, CancellationToken ct) => await RunAsync(f =>
    {
        if (SqliteCatalog.Find(f, plan.Target.ToString()) is not { } table) return 0;
        if (plan.Slice is { } slice && !SqliteSlices.Has(SqliteCatalog.Describe(f, table), slice))
        {
            throw new PawlException(Fault.Schema, Codes.TargetColumnMissing, ("target", plan.Target), ("column", slice.Column));
        }
        var where = plan.Slice is null ? "" : " where " + SqliteSlices.Where(plan.Slice);
        return f.Execute($"delete from {SqliteNames.Quote(table)}{where}");
    }, ct).ConfigureAwait(false);

    public async ValueTask EndAsync(bool commit)
    {
        if (commit) await Task.Run(Commit).ConfigureAwait(false);
        else await Task.Run(RollBack).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await Task.Run(() =>
    {
        writer?.Dispose();
        file.Dispose();
    }).ConfigureAwait(false);

    /// <summary>Runs a blocking step; cancelling it interrupts SQLite.</summary>
    internal async Task<T> RunAsync<T>(Func<SqliteFile, T> step, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using var interruption = ct.Register(file.Interrupt);
        try
        {
            return await Task.Run(() => step(file), CancellationToken.None).ConfigureAwait(false);
        }
        catch (PawlException e) when (ct.IsCancellationRequested && e.Details.GetValueOrDefault("native") == "9")
        {
            throw new OperationCanceledException("The step was interrupted.", e, ct);
        }
    }

    private T UseAsync<T>(SqlStatement step, Func<SqliteStatement, T> use)
    {
        if (!kept.TryGetValue(step.Text, out var statement))
        {
            if (kept.Count >= MaxKept)
            {
                foreach (var old in kept.Values) old.Dispose();
                kept.Clear();
            }
            kept[step.Text] = statement = file.Prepare(step.Text, kept: true);
        }
        try
        {
            return use(statement.BindAll(step.Values));
        }
        finally
        {
            statement.Reset();
        }
    }

    private void Commit()
    {
        // An earlier error may have rolled back by itself: then there is nothing to commit, and saying so is the whole point.
        if (!file.InTransaction) throw new PawlException(Fault.Transient, Codes.CommitRefused, ("file", file.Path));
        try
        {
            file.Execute("commit");
        }
        catch (PawlException e)
        {
            var undecided = e.Code == Codes.InputOutput;
            if (file.InTransaction) RollBack();
            // After a failed write or sync the commit record may or may not lie in the log: the next transaction decides it.
            if (undecided) throw new CommitUnknownException(e, ("file", file.Path), ("cause", e.Details["cause"]));
            throw;
        }
        if (file.InTransaction) throw new PawlException(Fault.Transient, Codes.CommitRefused, ("file", file.Path));
    }

    private void RollBack()
    {
        try
        {
            if (file.InTransaction) file.Execute("rollback");
        }
        catch (PawlException)
        {
            // A rollback that fails leaves a transaction that closing the connection undoes; nothing more can be said here.
            file.Dispose();
        }
    }
}
