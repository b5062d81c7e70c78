namespace Pawl.Verify;

/// <summary>Reads the two sides of a comparison at the same time.</summary>
internal static class BothSides
{
    /// <summary>
    /// Both answers. When one side fails the other is stopped and waited for, and the failure is thrown, not the stopping.
    /// </summary>
    public static async Task<(TA, TB)> ReadAsync<TA, TB>(Func<CancellationToken, Task<TA>> one, Func<CancellationToken, Task<TB>> other,
        CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var first = GuardAsync(one, stop);
        var second = GuardAsync(other, stop);
        await Task.WhenAll(first, second);
        return (await first, await second);
    }

    private static async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> read, CancellationTokenSource stop)
    {
        try
        {
            return await read(stop.Token);
        }
        catch
        {
            stop.Cancel(); // not CancelAsync: it would run the callbacks on the pool
            throw;
        }
    }
}
