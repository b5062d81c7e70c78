using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>Source and target of a job, opened. Thread-safe where <see cref="ISource"/> and <see cref="ISink"/> are.</summary>
internal sealed class JobEnds : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource end = new();
    private readonly JobHost host;
    private readonly Endpoint target;
    private Task<ISource>? copy;

    private JobEnds(JobHost host, Endpoint target, ISource source, ISink sink, ConnectorSpec sinkSpec)
    {
        (this.host, this.target) = (host, target);
        Source = source;
        Sink = sink;
        SinkSpec = sinkSpec;
    }

    public ISource Source { get; }
    public ISink Sink { get; }
    public ConnectorSpec SinkSpec { get; }

    /// <param name="toWrite">The ledger will be written: the target connects while the source is opened.</param>
    public static async Task<JobEnds> OpenAsync(JobHost host, JobSpec job, CancellationToken ct, bool toWrite = false)
    {
        var target = host.Connectors.For(job.Target);
        var sink = await OpenSinkAsync(host, job.Target, ct);
        try
        {
            if (toWrite) (sink as IConnectsAhead)?.ConnectAhead(1);
            return new JobEnds(host, job.Target, await OpenSourceAsync(host, job.Source, ct), sink, target.Spec);
        }
        catch
        {
            await sink.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lanes are about to move: both ends connect for that many, and the target for its plans.</summary>
    public void ConnectAhead(int lanes)
    {
        (Sink as IConnectsAhead)?.ConnectAhead(1 + lanes);
        if (lanes > 0) (Source as IConnectsAhead)?.ConnectAhead(lanes);
    }

    /// <summary>
    /// The target as something to read, for comparing: opened when it is first asked for, again when that failed, and then shared.
    /// </summary>
    public Task<ISource> CopyAsync(CancellationToken ct)
    {
        lock (gate)
        {
            if (copy is null or { IsFaulted: true } or { IsCanceled: true })
            {
                copy = OpenSourceAsync(host, target, end.Token);
            }
            return copy.WaitAsync(ct);
        }
    }

    /// <summary>Begins to open the target for comparing; what fails is told to whoever asks for it.</summary>
    public void OpenCopyAhead() => _ = CopyAsync(end.Token);

    public static async Task<ISink> OpenSinkAsync(JobHost host, Endpoint at, CancellationToken ct) =>
        host.Connectors.For(at) is IWritesTables writes
            ? await writes.OpenSinkAsync(at, new OpenContext(host.Time, host.Ids, host.Points), ct)
            : throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", at.Scheme), ("role", "target"));

    public static async Task<ISource> OpenSourceAsync(JobHost host, Endpoint at, CancellationToken ct, bool lookOnly = false) =>
        host.Connectors.For(at) is IReadsTables reads
            ? await reads.OpenSourceAsync(at, new OpenContext(host.Time, host.Ids, host.Points, LookOnly: lookOnly), ct)
            : throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", at.Scheme), ("role", "source"));

    public async ValueTask DisposeAsync()
    {
        end.Cancel();
        try
        {
            if (copy is not null)
            {
                await ((Task)copy).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (copy.IsCompletedSuccessfully) await (await copy).DisposeAsync();
            }
        }
        finally
        {
            end.Dispose();
            try
            {
                await Source.DisposeAsync();
            }
            finally
            {
                await Sink.DisposeAsync();
            }
        }
    }
}
