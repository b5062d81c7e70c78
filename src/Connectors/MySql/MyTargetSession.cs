using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// One connection to a target. It holds a lock named after its runner and its place among the runner's sessions for as long as it lives, so
/// that a successor can tell whose it is. Outside <see cref="BeginAsync"/> every statement commits by itself. One caller at a time.
/// </summary>
internal sealed class MyTargetSession : ITargetSession, IFindsKeys
{
    private static readonly TimeSpan RollbackWait = TimeSpan.FromSeconds(10);

    private readonly MyConnection connection;
    private readonly MyTargetOptions options;
    private readonly SqlDialect dialect;
    private readonly MySlots slots;
    private readonly MyBackend backend;
    private MyRowWriter? writer;
    /// <summary>The transaction in which the writer's table was looked at last.</summary>
    private long watched = -1, groups;
    /// <summary>The writer has put rows into its table: in the open transaction, and in one that was committed.</summary>
    private bool wrote, hasLeft;
    private bool isOpen, keepsOut;
    /// <summary>A statement of the open transaction failed: what is left of it is not all of it.</summary>
    private bool isFailed;

    private MyTargetSession(MyConnection connection, MyTargetOptions options, MySlots slots, MyBackend backend)
    {
        (this.connection, this.slots, this.backend) = (connection, slots, backend);
        this.options = options with { Account = connection.Server.Account };
        dialect = MyControl.Dialect(options.Control);
    }

    public string Backend => backend.ToString();

    public MyTargetOptions Options => options;

    public MyServerFacts Server => connection.Server;

    /// <summary>Rows go by a prepared INSERT of many.</summary>
    public bool Bulk { get; internal set; }

    /// <summary>Rows may go by LOAD DATA LOCAL.</summary>
    public bool Loads { get; internal set; }

    /// <exception cref="PawlException">The server cannot be reached, or is none that takes transactions of one writer.</exception>
    public static async ValueTask<MyTargetSession> OpenAsync(MyTargetOptions options, MySlots slots, CancellationToken ct)
    {
        var server = options.Server with { AllowLoad = options.Loads };
        MyConnection? connection = null;
        MyBackend? backend = null;
        try
        {
            connection = await MyConnection.OpenAsync(server, ct).ConfigureAwait(false);
            await connection.ExecuteAsync("set session transaction isolation level read committed", ct).ConfigureAwait(false);
            await connection.ExecuteAsync("set unique_checks = 1, foreign_key_checks = "
                + (options.ForeignKeys ? "1" : "0"), ct).ConfigureAwait(false);
            var facts = await MyTargetServer.LookAsync(connection, ct).ConfigureAwait(false);
            facts.Check(options, connection.Server);
            backend = await slots.TakeAsync(connection, ct).ConfigureAwait(false);
            return new MyTargetSession(connection, options, slots, backend)
            {
                Bulk = options.Bulk && connection.TakesBulk, Loads = options.Loads && connection.Server.LocalInfile,
            };
        }
        catch (Exception e)
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
            if (backend is not null) slots.Leave(backend);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw MyFaults.Classify(e, options.Server, "connect", grant: MyGrants.OfDatabase("create, select, insert, update, delete",
                options.Database, options with { Account = MyGrants.Refused(e) ?? options.Account }));
        }
    }

    public async ValueTask BeginAsync(CancellationToken ct)
    {
        (isOpen, isFailed, wrote, keepsOut) = (true, false, false, false);
        groups++;
        await GuardAsync(async () => await connection.ExecuteAsync("start transaction", ct).ConfigureAwait(false), "start transaction", ct)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// A transaction whose reading for update, and whose DELETE, locks the gaps between rows as well: what others would insert waits.
    /// </summary>
    public async ValueTask BeginKeepingOutAsync(CancellationToken ct)
    {
        // Holds for the next transaction alone.
        await ExecuteAsync("set transaction isolation level repeatable read", ct).ConfigureAwait(false);
        await BeginAsync(ct).ConfigureAwait(false);
        keepsOut = true;
    }

    public async ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct)
    {
        if (keepsOut && change.While is { } guard)
        {
            // Written as one statement it would lock the job's row, which is only to be read, and hold up the heartbeats.
            if (!await IsThereAsync(change.Table, change.Where, " for update", ct).ConfigureAwait(false)
                || !await IsThereAsync(guard.Table, guard.Where, "", ct).ConfigureAwait(false)) return 0;
            change = change with { While = null };
        }
        var step = SqlSteps.Change(change, dialect);
        var (sql, table) = (MyControl.Fill(step), new TableName(dialect.Schema, change.Table.Name));
        var ok = MyLongRejects.IsOne(change, sql, Server)
            ? await MyLongRejects.StoreAsync(this, change, dialect, table, Grant(change.Table), ct).ConfigureAwait(false)
            : await GuardAsync(async () => await connection.ExecuteAsync(sql, ct).ConfigureAwait(false), step.Text, ct, table,
                Grant(change.Table)).ConfigureAwait(false);
        // The plain count leaves out rows that were as they should be already.
        return change.Kind == ChangeKind.Update ? ok.Matched ?? ok.AffectedRows : ok.AffectedRows;
    }

    private async ValueTask<bool> IsThereAsync(ControlTable table, IReadOnlyList<Condition> where, string more, CancellationToken ct)
    {
        var step = SqlSteps.Select(new ControlSelect { Table = table, Where = where }, dialect);
        return (await RowsAsync(MyControl.Fill(step) + more, ct, new TableName(dialect.Schema, table.Name), Grant(table))
            .ConfigureAwait(false)).Count > 0;
    }

    public async ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct)
    {
        var step = SqlSteps.Select(select, dialect);
        var rows = await GuardAsync(async () => await connection.RowsAsync(MyControl.Fill(step), ct).ConfigureAwait(false), step.Text, ct,
            new TableName(dialect.Schema, select.Table.Name), Grant(select.Table)).ConfigureAwait(false);
        var result = new List<ControlRow>();
        foreach (var row in rows)
        {
            var values = new Dictionary<string, object?>(StringComparer.Ordinal);
            for (var i = 0; i < select.Table.Columns.Count; i++)
            {
                var column = select.Table.Columns[i];
                values[column.Name] = column.Type == ControlType.Number
                    && long.TryParse(row[i + 1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                        ? number : row[i + 1];
            }
            result.Add(new ControlRow(values, long.Parse(row[0]!, CultureInfo.InvariantCulture)));
        }
        return result;
    }

    public async ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches, CancellationToken ct)
    {
        var to = await WriterAsync(plan, ct).ConfigureAwait(false);
        var written = await to.WriteAsync(lane, batches, ct).ConfigureAwait(false);
        wrote |= written.Counts.Inserted > 0;
        return written;
    }

    public async ValueTask<bool> HoldsKeyAsync(TablePlan plan, RowBatch row, CancellationToken ct) =>
        await (await WriterAsync(plan, ct).ConfigureAwait(false)).HoldsKeyAsync(row, ct).ConfigureAwait(false);

    /// <summary>In the open transaction, whose first use of a table locks it and looks whether it still is what the writer knows.</summary>
    private async ValueTask<MyRowWriter> WriterAsync(TablePlan plan, CancellationToken ct)
    {
        var isKnown = ReferenceEquals(writer?.Plan, plan);
        if (isKnown && watched == groups) return writer!;
        var (now, isEmpty) = await MyTargetWatch.LockAsync(this, plan, ct).ConfigureAwait(false);
        if (isKnown) MyTargetWatch.Check(plan, writer!.Target, now, isEmpty, hasLeft);
        else
        {
            writer?.Dispose();
            writer = null;
            wrote = hasLeft = false;
            writer = new MyRowWriter(this, plan, now);
        }
        watched = groups;
        return writer!;
    }

    public ValueTask EmptyAsync(TablePlan plan, CancellationToken ct) => MyEmptying.RunAsync(this, plan, ct);

    public ValueTask EndAsync(bool commit) => commit ? CommitAsync() : RollBackAsync();

    /// <summary>
    /// COMMIT without a transaction is answered by OK. So nothing is sent when a statement failed, or when the server said with its last
    /// answer that no transaction is open.
    /// </summary>
    private async ValueTask CommitAsync()
    {
        if (connection.IsBroken)
        {
            throw new PawlException(Fault.Transient, Codes.Unreachable, ("endpoint", options.Server.Display),
                ("cause", "the connection was lost before COMMIT was sent"));
        }
        if (!isOpen || isFailed || !connection.InTransaction)
        {
            throw new PawlException(Fault.Transient, Codes.CommitRefused, ("endpoint", options.Server.Display),
                ("cause", "the transaction had failed before COMMIT was sent"));
        }
        try
        {
            await connection.ExecuteAsync("commit", CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Also when the server says no: some of its errors come when the log is written already.
            throw new CommitUnknownException(e, ("endpoint", options.Server.Display), ("cause", e.GetBaseException().Message));
        }
        isOpen = false;
        hasLeft |= wrote;
    }

    private async ValueTask RollBackAsync()
    {
        isOpen = false;
        if (connection.IsBroken) return;
        try
        {
            using var limit = new CancellationTokenSource(RollbackWait);
            await connection.ExecuteAsync("rollback", limit.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A rollback that fails leaves a transaction that closing the connection undoes; nothing more can be said here.
            connection.Cut();
        }
    }

    /// <summary>
    /// Takes the open transaction back to a savepoint, and with it the error that came since. Where the server has rolled back all of it
    /// there is no such savepoint, and the transaction stays failed.
    /// </summary>
    internal async ValueTask BackToAsync(string savepoint, CancellationToken ct)
    {
        await ExecuteAsync($"rollback to savepoint {savepoint}", ct).ConfigureAwait(false);
        isFailed = false;
    }

    internal ValueTask<MyOk> ExecuteAsync(string sql, CancellationToken ct, TableName? table = null, string? grant = null) =>
        GuardAsync(async () => await connection.ExecuteAsync(sql, ct).ConfigureAwait(false), sql, ct, table, grant);

    /// <param name="sql">A statement with values in it.</param>
    /// <param name="doing">The same without.</param>
    internal ValueTask<MyOk> ExecuteAsync(ReadOnlyMemory<byte> sql, string doing, CancellationToken ct, TableName? table, string? grant) =>
        GuardAsync(async () => await connection.ExecuteAsync(sql, ct).ConfigureAwait(false), doing, ct, table, grant);

    internal ValueTask<MyStatement> PrepareAsync(string sql, CancellationToken ct, TableName? table, string? grant) =>
        GuardAsync(async () => await connection.PrepareAsync(sql, ct).ConfigureAwait(false), sql, ct, table, grant);

    /// <param name="rows">See <see cref="MyConnection.ExecuteAsync(MyStatement, ReadOnlyMemory{byte}, CancellationToken)"/>.</param>
    /// <param name="doing">The statement.</param>
    internal ValueTask<MyOk> ExecuteAsync(MyStatement statement, ReadOnlyMemory<byte> rows, string doing, CancellationToken ct,
        TableName? table, string? grant) =>
        GuardAsync(async () => await connection.ExecuteAsync(statement, rows, ct).ConfigureAwait(false), doing, ct, table, grant);

    internal void Forget(MyStatement statement) => connection.Forget(statement);

    /// <param name="into">See <see cref="MyConnection.LoadAsync"/>.</param>
    /// <param name="rows">All of them.</param>
    /// <param name="doing">Where <paramref name="into"/> has values in it, the same without.</param>
    internal ValueTask<MyOk> LoadAsync(string into, ReadOnlyMemory<byte> rows, CancellationToken ct, TableName? table, string? grant,
        string? doing = null)
    {
        const int Piece = 256 << 10;
        var at = 0;
        return GuardAsync(async () => await connection.LoadAsync(into, (to, _) =>
        {
            var some = rows.Span.Slice(at, Math.Min(Piece, rows.Length - at));
            some.CopyTo(to.GetSpan(some.Length));
            to.Advance(some.Length);
            at += some.Length;
            return ValueTask.FromResult(at < rows.Length);
        }, ct).ConfigureAwait(false), $"load data local {doing ?? into}", ct, table, grant);
    }

    internal ValueTask<List<string?[]>> RowsAsync(string sql, CancellationToken ct, TableName? table = null, string? grant = null) =>
        GuardAsync(async () => await connection.RowsAsync(sql, ct).ConfigureAwait(false), sql, ct, table, grant);

    /// <inheritdoc cref="ExecuteAsync(ReadOnlyMemory{byte}, string, CancellationToken, TableName?, string?)"/>
    internal ValueTask<List<string?[]>> RowsAsync(ReadOnlyMemory<byte> sql, string doing, CancellationToken ct, TableName? table) =>
        GuardAsync(async () => await connection.RowsAsync(Encoding.UTF8.GetString(sql.Span), ct).ConfigureAwait(false), doing, ct, table);

    private async ValueTask<T> GuardAsync<T>(Func<Task<T>> step, string doing, CancellationToken ct, TableName? table = null,
        string? grant = null)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            isFailed = true;
            if (e is PawlException || (e is OperationCanceledException && ct.IsCancellationRequested)) throw;
            throw MyFaults.Classify(e, options.Server, doing, table, grant);
        }
    }

    private string Grant(ControlTable table) =>
        MyGrants.Of("select, insert, update, delete", new TableName(dialect.Schema, table.Name), options);

    public async ValueTask DisposeAsync()
    {
        writer?.Dispose();
        writer = null;
        await connection.DisposeAsync().ConfigureAwait(false);
        slots.Leave(backend);
    }
}
