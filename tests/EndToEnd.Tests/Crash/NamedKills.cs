using System.Globalization;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// SIGKILL at every named point of the commit path, once and twice in a row, on some pairs. CI takes one passing of each point on the first
/// pair and on one of the others, and each point as the first of two on one pair; <c>PAWL_KILL_POINTS=all</c> takes three passings, and
/// every two points on every pair; <c>PAWL_KILL_POINTS=2/5</c> the second fifth of them.
/// </summary>
internal static class NamedKills
{
    private static readonly string Asked = Environment.GetEnvironmentVariable("PAWL_KILL_POINTS") ?? "";
    private static readonly bool All = Asked == "all" || Asked.Contains('/');

    /// <summary>Points passed once in a run, whatever there is to do.</summary>
    private static readonly string[] Once = [CrashPoint.JobAcquired, CrashPoint.BeforeRelease];

    /// <summary>Pair, point with the number of its passing, which of the pair's scenarios.</summary>
    public static TheoryData<string, string, int> Points(IReadOnlyList<string> pairs)
    {
        var points = new TheoryData<string, string, int>();
        var number = 0;
        foreach (var (at, pair) in pairs.Index())
        {
            for (var i = 0; i < CrashPoint.All.Count; i++)
            {
                if (!All && at > 0 && i % (pairs.Count - 1) != at - 1) continue;
                var point = CrashPoint.All[i];
                int[] passings = Once.Contains(point) ? [1] : All ? [1, 2, 3] : [1 + i % 2];
                foreach (var passing in passings.Where(_ => IsMine(number++))) points.Add(pair, $"{point}:{passing}", (i + passing) % 2);
            }
        }
        return points;
    }

    /// <summary>Pair, first point, second point, which of the pair's scenarios.</summary>
    public static TheoryData<string, string, string, int> Rows(IReadOnlyList<string> pairs)
    {
        var rows = new TheoryData<string, string, string, int>();
        var number = 0;
        for (var pair = 0; pair < pairs.Count; pair++)
        {
            for (var i = 0; i < CrashPoint.All.Count; i++)
            {
                if (!All && i % pairs.Count != pair) continue;
                var first = CrashPoint.All[i];
                // After the last point of a run there is nothing left to do: the next run passes only its first and its last.
                var ended = first == CrashPoint.BeforeRelease;
                for (var j = 0; j < CrashPoint.All.Count; j++)
                {
                    if (!(All || j == (i + 5) % CrashPoint.All.Count || ended)) continue;
                    if (ended && !(CrashPoint.All[j] == CrashPoint.JobAcquired || (All && j == i))) continue;
                    if (IsMine(number++)) rows.Add(pairs[pair], first, CrashPoint.All[j], (i + j) % 2);
                }
            }
        }
        return rows;
    }

    /// <summary>Of all in a row, those of the part that was asked for.</summary>
    private static bool IsMine(int number)
    {
        var part = Asked.Split('/');
        return part.Length < 2 || number % int.Parse(part[1], CultureInfo.InvariantCulture)
            == int.Parse(part[0], CultureInfo.InvariantCulture) - 1;
    }

    public static async Task OnceAsync(KillTrial trial, string point)
    {
        await trial.KillAtAsync(point);
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    public static async Task TwiceAsync(KillTrial trial, string first, string second)
    {
        await trial.KillAtAsync(first + ":1");
        // The other tables may have been done as well when the first one was: then there is no lane left to take.
        var late = first is CrashPoint.LaneFinal or CrashPoint.TableFinished or CrashPoint.BeforeRelease;
        await trial.KillAtAsync(second + ":1", orDone: late);
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }
}
