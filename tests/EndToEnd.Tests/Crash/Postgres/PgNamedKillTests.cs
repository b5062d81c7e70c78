using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>
/// SIGKILL at every named point of the commit path, once and twice in a row, on every pair. CI takes one passing of each point on the first
/// pair and on one of the others, and each point as the first of two on one pair; <c>PAWL_KILL_POINTS=all</c> takes three passings, and every two points on every pair.
/// </summary>
public sealed class PgNamedKillTests(PgKillSources sources) : IClassFixture<PgKillSources>
{
    private static readonly bool All = Environment.GetEnvironmentVariable("PAWL_KILL_POINTS") == "all";

    /// <summary>Points passed once in a run, whatever there is to do.</summary>
    private static readonly string[] Once = [CrashPoint.JobAcquired, CrashPoint.BeforeRelease];

    public static TheoryData<string, string, int> Points()
    {
        var points = new TheoryData<string, string, int>();
        foreach (var (at, pair) in PgScenarios.Pairs.Index())
        {
            for (var i = 0; i < CrashPoint.All.Count; i++)
            {
                if (!All && at > 0 && i % (PgScenarios.Pairs.Count - 1) != at - 1) continue;
                var point = CrashPoint.All[i];
                int[] passings = Once.Contains(point) ? [1] : All ? [1, 2, 3] : [1 + i % 2];
                foreach (var passing in passings) points.Add(pair, $"{point}:{passing}", (i + passing) % 2);
            }
        }
        return points;
    }

    public static TheoryData<string, string, string, int> Rows()
    {
        var rows = new TheoryData<string, string, string, int>();
        for (var pair = 0; pair < PgScenarios.Pairs.Count; pair++)
        {
            for (var i = 0; i < CrashPoint.All.Count; i++)
            {
                if (!All && i % PgScenarios.Pairs.Count != pair) continue;
                var first = CrashPoint.All[i];
                // After the last point of a run there is nothing left to do: the next run passes only its first and its last.
                var ended = first == CrashPoint.BeforeRelease;
                for (var j = 0; j < CrashPoint.All.Count; j++)
                {
                    if (!(All || j == (i + 5) % CrashPoint.All.Count || ended)) continue;
                    if (ended && !(CrashPoint.All[j] == CrashPoint.JobAcquired || (All && j == i))) continue;
                    rows.Add(PgScenarios.Pairs[pair], first, CrashPoint.All[j], (i + j) % 2);
                }
            }
        }
        return rows;
    }

    [Theory, MemberData(nameof(Points))]
    public async Task A_kill_at_a_named_point_loses_and_doubles_nothing(string pair, string point, int scenario)
    {
        await using var trial = await sources.TrialAsync(sources.Of(pair)[scenario]);
        await trial.KillAtAsync(point);
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task Two_kills_in_a_row_lose_and_double_nothing(string pair, string first, string second, int scenario)
    {
        await using var trial = await sources.TrialAsync(sources.Of(pair)[scenario]);
        await trial.KillAtAsync(first + ":1");
        // The other tables may have been done as well when the first one was: then there is no lane left to take.
        var late = first is CrashPoint.LaneFinal or CrashPoint.TableFinished or CrashPoint.BeforeRelease;
        await trial.KillAtAsync(second + ":1", orDone: late);
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }
}
