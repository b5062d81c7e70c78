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
    private readonly Lock gate = new();

    public static bool MayRetry(Exception? e) => e is PawlException { Fault: Fault.Transient or Fault.Throttled };

    /// <param name="wait">Ends a wait between attempts.</param>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken wait)
    {
        if (policy.Times == 0) return await attempt(wait);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = host.Time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = policy.Times,
            ShouldHandle = args => ValueTask.FromResult(MayRetry(args.Outcome.Exception) && takeFromBudget()),
            DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(Delay(args.AttemptNumber, args.Outcome.Exception)),
            OnRetry = args =>
            {
                onRetry((PawlException)args.Outcome.Exception!, args.AttemptNumber + 1, args.RetryDelay);
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
    }

    /// <summary>min · 2^n, capped, with full jitter over its upper half; throttling waits four times as long.</summary>
    private TimeSpan Delay(int attempt, Exception? e)
    {
        var factor = Math.Pow(2, Math.Min(attempt, 30)) * (e is PawlException { Fault: Fault.Throttled } ? 4 : 1);
        var full = Math.Min(policy.BackoffMin.TotalMilliseconds * factor, policy.BackoffMax.TotalMilliseconds);
        double jitter;
        lock (gate) jitter = host.Random.NextDouble();
        return TimeSpan.FromMilliseconds(full * (0.5 + jitter / 2));
    }
}
