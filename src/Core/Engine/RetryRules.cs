using Pawl.Jobs;
using Pawl.Model;
using Polly;
using Polly.Retry;

namespace Pawl.Engine;

/// <summary>
/// Retries with exponential backoff and jitter, for Transient and Throttled faults only, out of one budget of the run. COMMIT itself is
/// never inside: what is repeated is a whole attempt that begins by asking the target what it holds.
/// </summary>
internal sealed class RetryRules(JobHost host, RetryPolicy policy, Func<bool> takeFromBudget, Action<PawlException, int, TimeSpan> onRetry)
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
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = host.Time }.AddRetry(new RetryStrategyOptions
        {
            // The bound is kept below, where an attempt that got on is told from one that did not; the run's budget bounds them all.
            MaxRetryAttempts = int.MaxValue,
            ShouldHandle = args => ValueTask.FromResult(MayRetry(args.Outcome.Exception) && Counts() && takeFromBudget()),
            DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(Delay(failures - 1, args.Outcome.Exception)),
            OnRetry = args =>
            {
                onRetry((PawlException)args.Outcome.Exception!, failures, args.RetryDelay);
                return ValueTask.CompletedTask;
            },
        }).Build();
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, wait);
        try
        {
            return await pipeline.ExecuteAsync(async c => await attempt(c.CancellationToken), context);
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
    private TimeSpan Delay(int attempt, Exception? e)
    {
        var factor = Math.Pow(2, Math.Min(attempt, 30)) * (e is PawlException { Fault: Fault.Throttled } ? 4 : 1);
        var full = Math.Min(policy.BackoffMin.TotalMilliseconds * factor, policy.BackoffMax.TotalMilliseconds);
        double jitter;
        lock (host.Random) jitter = host.Random.NextDouble(); // shared by all lanes of the host
        return TimeSpan.FromMilliseconds(full * (0.5 + jitter / 2));
    }
}
