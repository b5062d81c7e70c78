using System.Diagnostics;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>Waiting for a state of the world outside, with an end to it.</summary>
internal static class Until
{
    /// <summary>Looks every few milliseconds.</summary>
    /// <exception cref="TimeoutException">It was not so within the limit (default 30 s).</exception>
    public static async Task TrueAsync(Func<Task<bool>> look, string what, TimeSpan? limit = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await look())
        {
            if (Stopwatch.GetElapsedTime(began) > (limit ?? TimeSpan.FromSeconds(30)))
                throw new TimeoutException($"waited in vain for {what}");
            await Task.Delay(5);
        }
    }
}
