using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Core.Tests.Conformance;

/// <summary>A transactional target on a <see cref="MemoryStore"/>; right, but for one bug at most.</summary>
internal sealed class MemoryTarget(MemoryStore store, MemoryBug bug) : ITargetDatabase, ITargetTables
{
    public TargetTraits Traits => new() { Guarantee = Guarantee.OncePerRow };
    public ITargetTables Tables => this;

    public ValueTask<ITargetSession> ConnectAsync(CancellationToken ct) =>
        ValueTask.FromResult<ITargetSession>(new MemorySession(store, bug));

    public ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct)
    {
        lock (store.Locks) return ValueTask.FromResult<IAsyncDisposable?>(store.Locks.Add(name) ? new Held(store, name, bug) : null);
    }

    public ValueTask<bool> IsLockedAsync(string name, CancellationToken ct)
    {
        lock (store.Locks) return ValueTask.FromResult(bug != MemoryBug.NeverLocked && store.Locks.Contains(name));
    }

    public ValueTask<bool> TerminateAsync(string backend, CancellationToken ct) => ValueTask.FromResult(false);
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async ValueTask CreateControlTablesAsync(CancellationToken ct)
    {
        await using var session = new MemorySession(store, bug);
        await session.BeginAsync(ct);
        foreach (var table in ControlTables.All) session.State.Control.TryAdd(table.Name, []);
        await session.EndAsync(true);
    }

    public ValueTask<bool> HasControlTablesAsync(CancellationToken ct) => ValueTask.FromResult(store.Control.Count > 0);

    public ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct)
    {
        if (!store.Tables.TryGetValue(plan.Target.Name, out var table)) return ValueTask.FromResult(new TargetState(false, false, null));
        var schema = Plans.Schema(new SampleTable(table.Name, table.Columns, table.Key, []), plan.Target);
        return ValueTask.FromResult(new TargetState(true, table.Rows.Count > 0, schema));
    }

    public async ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        await using var session = new MemorySession(store, bug);
        await session.BeginAsync(ct);
        if (bug != MemoryBug.PreparesUnfenced) await fence(session, ct);
        if (!session.State.Tables.ContainsKey(plan.Target.Name) || bug == MemoryBug.CreatesTwice)
        {
            var schema = plan.TargetSchema;
            store.Create(session.State, plan.Target.Name, [.. schema.Columns.Select(c => new SampleColumn(c.Name, c.Type, c.Nullable))],
                [.. schema.Key.Columns.Select(k => schema.Columns[k].Name)], []);
        }
        await session.EndAsync(true);
    }

    public async ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        await using var session = new MemorySession(store, bug);
        await session.BeginAsync(ct);
        await fence(session, ct);
        if (!session.State.Tables.ContainsKey(plan.Target.Name)) throw plan.TargetGone();
        await session.EndAsync(true);
    }

    private sealed class Held(MemoryStore store, string name, MemoryBug bug) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            lock (store.Locks)
            {
                if (bug != MemoryBug.KeepsLock) store.Locks.Remove(name);
            }
            return ValueTask.CompletedTask;
        }
    }
}
