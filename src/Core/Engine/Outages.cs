using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>
/// A source or target that does not answer is one event of the run, not one of each lane: whoever meets it waits here, one loop asks
/// whether the endpoint answers again, and then all go on. It takes one retry from the run's budget. Bounded by the job's retries: after
/// that many questions since anything moved it is given up. Thread-safe.
/// </summary>
internal sealed class Outages(JobHost host, JobSpec job, Func<bool> takeFromBudget, Action<string, (string, object?)[]> emit)
{
    /// <summary>A question that takes longer is answered by silence.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly HashSet<Endpoint> silent = [];
    private TaskCompletionSource<bool>? open;
    private long? closed;
    private int questions; // since anything moved

    /// <summary>An endpoint is being waited for.</summary>
    public bool IsOpen
    {
        get { lock (gate) return open is not null; }
    }

    /// <summary>The endpoint went away, perhaps with the answer to a COMMIT.</summary>
    public static bool Concerns(Exception? e) =>
        e is PawlException { Fault: Fault.Transient, Code: Codes.Unreachable or Codes.CommitUnknown };

    /// <summary>
    /// Something was committed, or what had met the outage was done: the next one is a new one. While one is open a commit tells nothing:
    /// it is of rows that were on their way, and the endpoint that is away is the other one.
    /// </summary>
    public void Moved()
    {
        lock (gate)
        {
            if (open is null) questions = 0;
        }
    }

    /// <summary>Returns when what failed may be tried again; false when it is given up.</summary>
    /// <param name="began">When the attempt began that failed, as <see cref="TimeProvider.GetTimestamp"/>.</param>
    public async Task<bool> WaitAsync(PawlException e, long began, CancellationToken ct)
    {
        TaskCompletionSource<bool> mine;
        var isFirst = false;
        lock (gate)
        {
            // It was cut off by an outage that is over.
            if (open is null && began < closed) return true;
            if (open is null)
            {
                isFirst = true;
                open = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                silent.Clear();
            }
            silent.UnionWith(EndpointsOf(e));
            mine = open;
        }
        if (!isFirst) return await mine.Task;
        var isBack = false;
        try
        {
            isBack = await AskAsync(e, ct);
            return isBack;
        }
        finally
        {
            lock (gate)
            {
                open = null;
                closed = host.Time.GetTimestamp();
            }
            if (ct.IsCancellationRequested) mine.TrySetCanceled(ct);
            else mine.TrySetResult(isBack);
        }
    }

    /// <summary>Both where the error does not say.</summary>
    private IEnumerable<Endpoint> EndpointsOf(PawlException e)
    {
        var name = e.Details.GetValueOrDefault("endpoint");
        var named = new[] { job.Source, job.Target }.Where(at => at.Display.Length > 0 && at.Display == name).ToArray();
        return named.Length > 0 ? named : [job.Source, job.Target];
    }

    private async Task<bool> AskAsync(PawlException e, CancellationToken ct)
    {
        lock (gate)
        {
            // Given up already: whoever comes later meets the same, and waits for nothing.
            if (questions >= job.Retry.Times) return false;
        }
        if (!takeFromBudget()) return false;
        var began = host.Time.GetTimestamp();
        while (true)
        {
            int number;
            lock (gate) number = ++questions;
            if (number > job.Retry.Times) return false;
            var wait = RetryRules.Delay(host, job.Retry, number - 1, e);
            emit(EventCodes.EndpointLost, [("endpoint", Names()), ("attempt", number), ("wait_ms", (long)wait.TotalMilliseconds),
                ("code", e.Code)]);
            await Task.Delay(wait, host.Time, ct);
            if (!await AnswersAsync(ct)) continue;
            emit(EventCodes.EndpointBack, [("endpoint", Names()), ("ms", (long)host.Time.GetElapsedTime(began).TotalMilliseconds)]);
            return true;
        }
    }

    private string Names() => string.Join(", ", Silent().Select(at => at.Display).Distinct());

    private Endpoint[] Silent()
    {
        lock (gate) return [.. silent];
    }

    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        foreach (var at in Silent())
        {
            using var limit = new CancellationTokenSource(Patience, host.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            try
            {
                var answer = await host.Connectors.For(at).ProbeAsync(new ProbeRequest(at) { AnswersOnly = true }, both.Token);
                if (!answer.Reachable) return false;
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return false;
            }
            catch (PawlException) when (!ct.IsCancellationRequested)
            {
                // It said something, if not what was asked: whoever tries again meets the same and tells it.
                continue;
            }
        }
        return true;
    }
}
