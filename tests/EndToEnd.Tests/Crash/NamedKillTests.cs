using Pawl.EndToEnd.Tests.Harness;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>SIGKILL at every named point of the commit path, at its first and its second or third passing, and twice in a row.</summary>
public sealed class NamedKillTests(SqliteKillSources sources) : IClassFixture<SqliteKillSources>
{
    /// <summary>Points passed once in a run, whatever there is to do.</summary>
    private static readonly string[] Once = [CrashPoint.JobAcquired, CrashPoint.BeforeRelease];

    public static TheoryData<string, int, int> Points()
    {
        var points = new TheoryData<string, int, int>();
        var scenario = 0;
        foreach (var (i, point) in CrashPoint.All.Index())
        {
            foreach (var n in Once.Contains(point) ? [1] : new[] { 1, 2 + i % 2 }) points.Add(point, n, scenario++ % 4);
        }
        return points;
    }

    public static TheoryData<string, string, int> Pairs()
    {
        var pairs = new TheoryData<string, string, int>();
        for (var i = 0; i < CrashPoint.All.Count; i++)
        {
            pairs.Add(CrashPoint.All[i], CrashPoint.All[i], i % 4);
            // After the last point of a run there is nothing left to do: the next run passes only its first and its last.
            var other = CrashPoint.All[i] == CrashPoint.BeforeRelease ? CrashPoint.JobAcquired
                : CrashPoint.All[(i + 5) % CrashPoint.All.Count];
            pairs.Add(CrashPoint.All[i], other, (i + 2) % 4);
        }
        return pairs;
    }

    [Theory, MemberData(nameof(Points))]
    public async Task A_kill_at_a_named_point_loses_and_doubles_nothing(string point, int passing, int scenario)
    {
        await using var trial = await sources.TrialAsync(sources.Scenarios[scenario]);
        await trial.KillAtAsync($"{point}:{passing}");
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory, MemberData(nameof(Pairs))]
    public async Task Two_kills_in_a_row_lose_and_double_nothing(string first, string second, int scenario)
    {
        await using var trial = await sources.TrialAsync(sources.Scenarios[scenario]);
        await trial.KillAtAsync(first + ":1");
        await trial.KillAtAsync(second + ":1");
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }
}
