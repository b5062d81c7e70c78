using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>A client's end of one connection.</summary>
internal class SimSession(Server server, Connection c) : ITargetSession
{
    private Transaction? mine;

    public string Backend => c.Backend;
    public Transaction? Open => c.Open;

    public async ValueTask BeginAsync(CancellationToken ct) =>
        mine = await new Request<Transaction?>(server, c, "begin", (out Transaction? tx) => Statements.Begin(server, c, out tx)).Start(ct);

    public async ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct) =>
        await new Request<long>(server, c, Describe(change), (out long n) => Statements.Change(server, c, change, out n)).Start(ct);

    public async ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct) =>
        await new Request<IReadOnlyList<ControlRow>>(server, c, "select " + select.Table.Name, (out IReadOnlyList<ControlRow> rows) =>
        {
            rows = Statements.Select(server, c, select);
            return null;
        }).Start(ct);

    public async ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches, CancellationToken ct)
    {
        var rows = RowStore.Send(plan, batches);
        return await new Request<RowsWritten>(server, c, "rows", (out RowsWritten w) => RowStore.Write(server, c, plan, lane, rows, out w))
            .Start(ct);
    }

    public async ValueTask EmptyAsync(TablePlan plan, CancellationToken ct) =>
        await new Request<bool>(server, c, "empty", (out bool ok) => RowStore.Empty(server, c, plan, out ok)).Start(ct);

    /// <summary>Any other statement.</summary>
    public async ValueTask DoAsync(string what, Attempt<bool> attempt, CancellationToken ct) =>
        await new Request<bool>(server, c, what, attempt).Start(ct);

    public async ValueTask EndAsync(bool commit)
    {
        if (commit) await new CommitRequest(server, c, mine).Start();
        else await RollbackAsync();
    }

    private Task RollbackAsync()
    {
        if (!c.Client.Alive) return SimProcess.Never<bool>();
        var done = new TaskCompletionSource();
        server.Send(c, server.Latency(), () =>
        {
            if (!c.Cut && c.ServerSide && c.Open is { Committing: false } tx) server.Rollback(tx);
            server.World.After(server.Latency(), () => done.TrySetResult());
        });
        return done.Task;
    }

    /// <summary>A file is closed when this returns; a server hears of it a little later.</summary>
    public async ValueTask DisposeAsync()
    {
        var closed = new TaskCompletionSource();
        var delay = server.Flavour == Flavour.File || !server.Faults.On ? server.Latency() : server.Rng.Ticks(0, TimeSpan.TicksPerSecond);
        server.Send(c, delay, () =>
        {
            if (!c.Cut) server.Close(c);
            closed.TrySetResult();
        });
        if (server.Flavour == Flavour.File) await closed.Task;
    }

    private static string Describe(ControlChange change) =>
        $"{change.Kind.ToString().ToLowerInvariant()} {change.Table.Name} {string.Join(' ', change.Set.Select(s => $"{s.Column}={(s.Value as Computed)?.Name ?? s.Value}"))}"
        + (change.Where.Count == 0 ? "" : " where " + string.Join(' ', change.Where.Select(w => $"{w.Column}={w.Value}")));
}
