using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Cli.Hosting;

/// <summary>The ledger of a job's target, opened for looking and for requests; works while another process runs the job.</summary>
internal sealed class LedgerDoor : IAsyncDisposable
{
    private readonly ISink sink;

    private LedgerDoor(ISink sink, ILedgerStore store, JobRecord record)
    {
        this.sink = sink;
        Store = store;
        Record = record;
    }

    public ILedgerStore Store { get; }

    /// <summary>What the target was made to reject; null where it keeps none.</summary>
    public IKeepsRejects? Rejects => sink as IKeepsRejects;
    public JobRecord Record { get; }

    /// <exception cref="PawlException"><see cref="Codes.JobUnknown"/> when the target does not know the job.</exception>
    public static async Task<LedgerDoor> OpenAsync(IConnectors connectors, JobSpec job, TimeProvider time, CancellationToken ct)
    {
        if (connectors.For(job.Target) is not IWritesTables writes)
        {
            throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", job.Target.Scheme), ("role", "target"));
        }
        var sink = await writes.OpenSinkAsync(job.Target, new OpenContext(time, Hosts.NewIds(), NoCrashPoints.Instance), ct);
        ILedgerStore? store = null;
        try
        {
            store = await sink.OpenLedgerAsync(ct);
            foreach (var name in job.Was.Prepend(job.Name))
            {
                if (await store.FindAsync(name, ct) is { } record) return new LedgerDoor(sink, store, record);
            }
            throw new PawlException(Fault.Configuration, Codes.JobUnknown, ("job", job.Name), ("endpoint", job.Target.Display));
        }
        catch
        {
            if (store is not null) await store.DisposeAsync();
            await sink.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await sink.DisposeAsync();
    }
}
