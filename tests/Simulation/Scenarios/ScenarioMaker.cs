using Pawl.Contracts;
using Pawl.Jobs;

namespace Pawl.Simulation;

/// <summary>Draws a scenario from a seed.</summary>
internal static class ScenarioMaker
{
    public static Scenario Make(Rng rng)
    {
        var flavour = rng.Below(5) switch { < 2 => Flavour.Dooming, < 4 => Flavour.StatementOnly, _ => Flavour.File };
        // Most seeds are busy in one way, not in all: a run that never gets anywhere tests little.
        var calm = rng.Chance(0.3);
        return new Scenario
        {
            Flavour = flavour,
            Faults = new FaultRates
            {
                Call = calm ? 0 : rng.Pick([0.0, 0.002, 0.01, 0.03]),
                Commit = calm ? 0 : rng.Pick([0.0, 0.03, 0.1, 0.25]),
                Latency = rng.Ticks(1, rng.Pick([1L, 10L, 500L]) * TimeSpan.TicksPerMillisecond),
                Slow = rng.Pick([0.0, 0.0, 0.01]),
            },
            Tables = [.. Enumerable.Range(1, rng.Pick([1, 1, 2, 3])).Select(n => Table(rng, n))],
            MaxWriters = flavour == Flavour.File ? 1 : 8,
            Parallel = rng.Between(1, 3),
            Commit = new CommitPolicy
            {
                Rows = rng.Between(1, 12),
                Bytes = 1 << 20,
                Every = TimeSpan.FromMilliseconds(rng.Pick([50, 1000, 5000])),
            },
            Retry = new RetryPolicy
            {
                Times = rng.Pick([0, 3, 10]),
                BackoffMin = TimeSpan.FromMilliseconds(rng.Pick([10, 200, 1000])),
                BackoffMax = TimeSpan.FromSeconds(rng.Pick([1, 10, 60])),
                RunBudget = rng.Pick([20, 200]),
            },
            Starts = [.. Enumerable.Range(0, rng.Pick([0, 0, 1, 2, 3]))
                .Select(_ => rng.Ticks(0, rng.Pick([2L, 40L, 150L]) * TimeSpan.TicksPerSecond))],
            Launches = rng.Between(1, 6),
            Nemeses = Draw(rng),
            PositionRate = rng.Pick([0.2, 0.6, 1.0]),
            FateRate = rng.Pick([0.0, 0.5, 0.9]),
            RestartRate = rng.Pick([0.0, 0.0, 0.2]),
            RestoreRate = rng.Pick([0.0, 0.0, 0.6]),
            BackupEvery = rng.Between(5, 60),
            InOrder = rng.Chance(0.3),
            HealByRestart = rng.Chance(0.5),
        };
    }

    private static List<Nemesis> Draw(Rng rng)
    {
        var all = new List<Nemesis>();
        for (var i = rng.Pick([0, 0, 1, 2, 4]); i > 0; i--)
        {
            var kind = rng.Pick<NemesisKind>(
            [
                NemesisKind.RestoreHard, NemesisKind.RestoreSoft, NemesisKind.RestoreSoft, NemesisKind.Restart, NemesisKind.CutOne,
                NemesisKind.CutOne, NemesisKind.TargetClock, NemesisKind.RunnerClock, NemesisKind.Pause, NemesisKind.Stop,
                    NemesisKind.Abort,
                NemesisKind.ChangeSource, NemesisKind.ChangeTable, NemesisKind.ChangeSchema, NemesisKind.ChangeWhere,
            ]);
            all.Add(new Nemesis(kind, rng.Between(5, rng.Chance(0.5) ? 150 : 600)));
        }
        return all;
    }

    private static TableScenario Table(Rng rng, int number)
    {
        var name = "t" + number;
        var content = Content(rng, name, rng.Pick<KeyShape>([KeyShape.Whole, KeyShape.Whole, KeyShape.Pair, KeyShape.Text]),
            rng.Chance(0.2) ? rng.Between(1, 6) : 0);
        var unique = rng.Chance(0.5);
        var drop = rng.Chance(0.1) ? "t" : rng.Chance(0.2) ? "f" : null;
        var where = rng.Chance(0.25) ? "even" : null;
        var refused = drop == "t" ? 0 : content.Rows.Count(r => r.Refused && SourceContent.Meets(r, where));
        var mustFail = refused > 0 && rng.Chance(0.25);
        return new TableScenario
        {
            Name = name,
            Rule = new TableRule
            {
                Pattern = new TablePattern(name),
                Write = unique && rng.Chance(0.4) ? WriteMode.Upsert : WriteMode.Insert,
                Where = where,
                Drop = drop is null ? [] : [drop],
                Rename = rng.Chance(0.2) ? new Dictionary<string, string> { ["v"] = "value" } : new Dictionary<string, string>(),
                Set = rng.Chance(0.2) ? new Dictionary<string, object?> { ["origin"] = "sim" } : new Dictionary<string, object?>(),
                RejectLimit = mustFail ? refused - 1 : content.Rows.Count(r => r.Refused),
                Splits = rng.Between(1, 4),
            },
            Content = content,
            Unique = unique,
        };
    }

    private static SourceContent Content(Rng rng, string name, KeyShape shape, int refused)
    {
        var count = rng.Pick([0, 1, 5, 12, 25, 40, 60]);
        var keys = new SortedSet<SimKey>();
        long at = rng.Chance(0.1) ? -50 : 0;
        while (keys.Count < count)
        {
            at += rng.Between(1, rng.Chance(0.1) ? 1000 : 3);
            keys.Add(shape switch
            {
                KeyShape.Whole => new SimKey(at, 0, ""),
                KeyShape.Pair => new SimKey(at / 7, at % 7, ""),
                _ => new SimKey(0, 0, "k" + at.ToString("x", System.Globalization.CultureInfo.InvariantCulture)),
            });
        }
        var rows = keys.Select((k, n) => Row(rng, k, n)).ToList();
        for (var i = 0; i < refused && rows.Count > 0; i++)
        {
            var n = rng.Below(rows.Count);
            rows[n] = rows[n] with { Text = RowStore.Refused };
        }
        return new SourceContent(name, shape, "table-" + name, false, rows);
    }

    private static SourceRow Row(Rng rng, SimKey key, int number) => new(key, number, rng.Chance(0.2) ? null : rng.Between(-5, 1000),
        rng.Chance(0.2) ? null : rng.Pick(["", "a", "it's", "\u68D8\u722A", "x|y=z"]),
            rng.Pick([0.0, -0.0, 1.5, double.NaN, double.MaxValue]));

    /// <summary>The same table with other values: what a changed source shows.</summary>
    public static SourceContent Changed(Rng rng, SourceContent old, string identity) => new(old.Name, old.Shape, identity, old.ExtraColumn,
        [.. old.Rows.Select(r => r.Refused ? r : r with { Value = rng.Between(2000, 3000) })]);
}
