using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>Source and target of a job, opened. Thread-safe where <see cref="ISource"/> and <see cref="ISink"/> are.</summary>
internal sealed class JobEnds : IAsyncDisposable
{
    private readonly SemaphoreSlim opening = new(1, 1);
    private readonly JobHost host;
    private readonly Endpoint target;
    private ISource? copy;

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

    public static async Task<JobEnds> OpenAsync(JobHost host, JobSpec job, CancellationToken ct)
    {
        var context = new OpenContext(host.Time, host.Ids, host.Points);
        var target = host.Connectors.For(job.Target);
        var source = await OpenSourceAsync(host, job.Source, ct);
        try
        {
            var sink = target is IWritesTables writes
                ? await writes.OpenSinkAsync(job.Target, context, ct)
                : throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", job.Target.Scheme), ("role", "target"));
            return new JobEnds(host, job.Target, source, sink, target.Spec);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>The target as something to read, for comparing: opened when it is first asked for, and then shared.</summary>
    public async Task<ISource> CopyAsync(CancellationToken ct)
    {
        await opening.WaitAsync(ct);
        try
        {
            return copy ??= await OpenSourceAsync(host, target, ct);
        }
        finally
        {
            opening.Release();
        }
    }

    public static async Task<ISource> OpenSourceAsync(JobHost host, Endpoint at, CancellationToken ct, bool lookOnly = false) =>
        host.Connectors.For(at) is IReadsTables reads
            ? await reads.OpenSourceAsync(at, new OpenContext(host.Time, host.Ids, host.Points, LookOnly: lookOnly), ct)
            : throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", at.Scheme), ("role", "source"));

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (copy is not null) await copy.DisposeAsync();
        }
        finally
        {
            opening.Dispose();
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
