using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Conformance;

/// <summary>One runner on a target, as the engine is one: a sink, its control side and a job lease. Not thread-safe.</summary>
public sealed class SinkRunner : IAsyncDisposable
{
    private static int seeds;

    private SinkRunner(ISink sink, ILedgerStore store, JobLease lease)
    {
        Sink = sink;
        Store = store;
        Lease = lease;
    }

    public ISink Sink { get; }
    public ILedgerStore Store { get; }
    public JobLease Lease { get; }

    public static OpenContext Context() =>
        new(TimeProvider.System, new IdSource(new Random(Interlocked.Increment(ref seeds))), NoCrashPoints.Instance);

    /// <summary>Opens the target and takes the job; a job whose holder is gone is taken over.</summary>
    public static async Task<SinkRunner> StartAsync(ISinkFixture fixture, FaultPlan? faults = null, string job = "conformance")
    {
        var context = Context();
        var database = fixture.Open(context);
        if (faults is not null) database = new FaultyTargetDatabase(database, faults);
        var sink = new TransactionalSink(database, context);
        try
        {
            var store = await sink.OpenLedgerAsync(CancellationToken.None);
            try
            {
                return new SinkRunner(sink, store, await store.AcquireAsync(Claim(job), CancellationToken.None));
            }
            catch
            {
                await store.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await sink.DisposeAsync();
            throw;
        }
    }

    public static JobClaim Claim(string job) =>
        new() { Name = job, Source = new SourceIdentity("conformance:1", "conformance"), Runner = "suite" };

    public ValueTask<ISinkWriter> OpenAsync(TablePlan plan, params int[] splits) => Sink.OpenGroupAsync(Group(plan, splits), default);

    public LaneGroup Group(TablePlan plan, params int[] splits) => new()
    {
        Lease = Lease,
        Lanes = [.. splits.Select(s => plan.Lane(Lease.Job, s)).Order()],
        Tables = new Dictionary<TableName, TablePlan> { [plan.Source] = plan },
    };

    /// <summary>Plan stored and table made, as before the first row.</summary>
    public async Task BeginAsync(TablePlan plan, bool emptyTarget = false)
    {
        await Sink.PrepareAsync(plan, Lease, default);
        await Store.SavePlanAsync(Lease, plan, emptyTarget, default);
    }

    /// <summary>Gives the job back, as at the end of a run.</summary>
    public async Task ReleaseAsync() => await Store.BeatAsync(Lease, release: true, default);

    /// <summary>Goes away without a word, as a killed process does.</summary>
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Sink.DisposeAsync();
    }
}
