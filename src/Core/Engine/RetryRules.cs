using Pawl.Jobs;
using Pawl.Model;
using Polly;
using Polly.Retry;

namespace Pawl.Engine;

/// <summary>
/// Retries with exponential backoff and jitter, for Transient and Throttled faults only, out of one budget of the run. COMMIT itself is
/// never inside: what is repeated is a whole attempt that begins by asking the target what it holds.
/// </summary>
/// <param name="outages">Where to wait for an endpoint that does not answer; null = as for any other fault.</param>
internal sealed class RetryRules(JobHost host, RetryPolicy policy, Func<bool> takeFromBudget, Action<PawlException, int, TimeSpan> onRetry,
    Outages? outages = null)
{
    public static bool MayRetry(Exception? e) => e is PawlException { Fault: Fault.Transient or Fault.Throttled };

    /// <param name="wait">Ends a wait between attempts.</param>
    /// <param name="gotOn">
    /// Says whether an attempt that failed has moved anything since it was last asked; if so the count of attempts starts again. Null =
    /// never.
    /// </param>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken wait, Func<bool>? gotOn = null)
    {
        if (policy.Times == 0) return await attempt(wait);
        var failures = 0; // since something moved
        bool waited = false, met = false;
        long began = 0;
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = host.Time }.AddRetry(new RetryStrategyOptions
        {
            // The bound is kept below, where an attempt that got on is told from one that did not; the run's budget bounds them all.
            MaxRetryAttempts = int.MaxValue,
            ShouldHandle = async args =>
            {
                if (!MayRetry(args.Outcome.Exception) || !Counts()) return false;
                waited = outages is not null && Outages.Concerns(args.Outcome.Exception);
                met |= waited;
                return waited ? await outages!.WaitAsync((PawlException)args.Outcome.Exception!, began, wait) : takeFromBudget();
            },
            DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(waited ? TimeSpan.Zero
                : Delay(host, policy, failures - 1, args.Outcome.Exception)),
            OnRetry = args =>
            {
                if (!waited) onRetry((PawlException)args.Outcome.Exception!, failures, args.RetryDelay);
                return ValueTask.CompletedTask;
            },
        }).Build();
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, wait);
        try
        {
            var result = await pipeline.ExecuteAsync(async c =>
            {
                began = host.Time.GetTimestamp();
                return await attempt(c.CancellationToken);
            }, context);
            // Of what never met the outage nothing can be learned about it: the other endpoint may be the one that is away.
            if (met) outages!.Moved();
            return result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }

        bool Counts()
        {
            if (gotOn?.Invoke() == true) failures = 0;
            return ++failures <= policy.Times;
        }
    }

    /// <summary>min · 2^n, capped, with full jitter over its upper half; throttling waits four times as long.</summary>
    internal static TimeSpan Delay(JobHost host, RetryPolicy policy, int attempt, Exception? e)
    {
        var factor = Math.Pow(2, Math.Min(attempt, 30)) * (e is PawlException { Fault: Fault.Throttled } ? 4 : 1);
        var full = Math.Min(policy.BackoffMin.TotalMilliseconds * factor, policy.BackoffMax.TotalMilliseconds);
        double jitter;
        lock (host.Random) jitter = host.Random.NextDouble(); // shared by all lanes of the host
        return TimeSpan.FromMilliseconds(full * (0.5 + jitter / 2));
    }
}
