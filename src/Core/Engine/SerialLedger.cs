using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>One ledger store for heartbeat, plans and finishing, one call at a time. Thread-safe.</summary>
internal sealed class SerialLedger(ILedgerStore store) : IAsyncDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);

    public async Task<T> CallAsync<T>(Func<ILedgerStore, ValueTask<T>> call)
    {
        await turn.WaitAsync(CancellationToken.None);
        try
        {
            return await call(store);
        }
        finally
        {
            turn.Release();
        }
    }

    public Task SavePlanAsync(JobLease lease, TablePlan plan, bool emptyTarget, CancellationToken ct) => CallAsync(async s =>
    {
        await s.SavePlanAsync(lease, plan, emptyTarget, ct);
        return true;
    });

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        turn.Dispose();
    }
}
