using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>One process's way to the simulated server.</summary>
internal sealed class SimTarget(Server server, SimProcess process, Func<TablePlan, bool> uniqueKey) : ITargetDatabase, ITargetTables
{
    public TargetTraits Traits => new()
    {
        Guarantee = Guarantee.OncePerRow,
        BuffersGroups = server.Flavour == Flavour.File,
    };

    public ITargetTables Tables => this;

    /// <summary>A server's sessions stream, every other one: the protocol must do with either kind.</summary>
    public async ValueTask<ITargetSession> ConnectAsync(CancellationToken ct)
    {
        var connection = await OpenAsync(ct);
        return server.Flavour != Flavour.File && connection.Id % 2 == 0 ? new SimStreamSession(server, connection)
            : new SimSession(server, connection);
    }

    private async Task<Connection> OpenAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        await process.DelayAsync(server.Latency());
        if (!server.Up || (server.Faults.On && server.Flavour != Flavour.File && server.Rng.Chance(server.Faults.Call)))
        {
            throw new PawlException(Fault.Transient, Codes.Unreachable, ("endpoint", "sim"));
        }
        var connection = server.Accept(process);
        await process.DelayAsync(server.Latency());
        return connection;
    }

    public async ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct)
    {
        var connection = await OpenAsync(ct);
        var held = await new Request<bool>(server, connection, "lock " + name, (out bool ok) =>
        {
            ok = server.TryLock(connection, name);
            return null;
        }).Start(ct);
        return held ? new SimSession(server, connection) : null;
    }

    public ValueTask<bool> IsLockedAsync(string name, CancellationToken ct) => AskAsync("is locked", (out bool locked) =>
    {
        locked = server.IsLocked(name);
        return null;
    }, ct);

    public ValueTask<bool> TerminateAsync(string backend, CancellationToken ct) => AskAsync("terminate", (out bool ended) =>
    {
        ended = server.Terminate(backend, process);
        return null;
    }, ct);

    private async ValueTask<T> AskAsync<T>(string what, Attempt<T> attempt, CancellationToken ct)
    {
        var connection = await OpenAsync(ct);
        await using var session = new SimSession(server, connection);
        return await new Request<T>(server, connection, what, attempt).Start(ct);
    }

    public async ValueTask CreateControlTablesAsync(CancellationToken ct) => await AskAsync("create control tables", (out bool done) =>
    {
        server.Db.HasControlTables = done = true;
        return null;
    }, ct);

    public ValueTask<bool> HasControlTablesAsync(CancellationToken ct) => AskAsync("has control tables", (out bool has) =>
    {
        has = server.Db.HasControlTables;
        return null;
    }, ct);

    public ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct) => AskAsync("inspect", (out TargetState state) =>
    {
        state = server.Db.Tables.TryGetValue(plan.Target.ToString(), out var table)
            ? new TargetState(true, table.Rows > 0, table.Schema)
            : new TargetState(false, false, null);
        return null;
    }, ct);

    public async ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        await using var session = new SimSession(server, await OpenAsync(ct));
        await session.BeginAsync(ct);
        await fence(session, ct);
        if (server.Flavour == Flavour.StatementOnly) await session.EndAsync(true);
        await session.DoAsync("create table", (out bool done) =>
        {
            var name = plan.Target.ToString();
            if (server.Flavour != Flavour.StatementOnly) server.Checker.OnDdl(server.Db, session.Open, process);
            if (!server.Db.Tables.ContainsKey(name))
            {
                server.Db.Tables.Add(name, new TargetTable(name, uniqueKey(plan)) { Schema = plan.TargetSchema });
            }
            done = true;
            return null;
        }, ct);
        if (server.Flavour != Flavour.StatementOnly) await session.EndAsync(true);
    }

    public async ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        await using var session = new SimSession(server, await OpenAsync(ct));
        await session.BeginAsync(ct);
        await fence(session, ct);
        var there = false;
        await session.DoAsync("look", (out bool done) =>
        {
            there = server.Db.Tables.ContainsKey(plan.Target.ToString());
            done = true;
            return null;
        }, ct);
        if (!there) throw plan.TargetGone();
        await session.EndAsync(true);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
