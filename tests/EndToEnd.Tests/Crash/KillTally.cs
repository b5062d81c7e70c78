using System.Globalization;
using System.Text;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>What a campaign of random kills came to. Thread-safe.</summary>
internal sealed class KillTally(int seed)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, int> scenarios = new(StringComparer.Ordinal);
    private readonly List<string> violations = [];

    public int Kills { get; private set; }
    public int InTransaction { get; private set; }
    /// <summary>Some commits were durable, others still to come.</summary>
    public int Midway { get; private set; }
    public int Early { get; private set; }
    public int Late { get; private set; }
    public int Trials { get; private set; }
    public int DoublesWouldShow { get; private set; }
    public IReadOnlyList<string> Violations { get { lock (gate) return [.. violations]; } }

    public void Kill(KillMet met)
    {
        lock (gate)
        {
            Kills++;
            if (met.InTransaction) InTransaction++;
            if (met.Commits == 0) Early++;
            else if (met.Complete) Late++;
            else Midway++;
        }
    }

    public void Trial(KillScenario scenario, IEnumerable<string> complaints)
    {
        lock (gate)
        {
            Trials++;
            if (scenario.DoublesWouldShow) DoublesWouldShow++;
            scenarios[scenario.Name] = scenarios.GetValueOrDefault(scenario.Name) + 1;
            violations.AddRange(complaints);
        }
    }

    /// <summary>What adds up over several campaigns.</summary>
    public IReadOnlyList<(string Name, long Value)> Figures()
    {
        lock (gate)
        {
            return
            [
                ("jobs", Trials), ("jobs into tables without a unique key", DoublesWouldShow), ("SIGKILLs", Kills),
                ("SIGKILLs with a target transaction open", InTransaction), ("SIGKILLs before the first commit", Early),
                ("SIGKILLs between commits", Midway), ("SIGKILLs after the last row", Late),
                .. TargetCheck.Figures(violations),
            ];
        }
    }

    /// <summary>A Markdown table.</summary>
    public string Report()
    {
        lock (gate)
        {
            var text = new StringBuilder();
            void Row(string name, object value) => text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {value} |");
            text.AppendLine("| | |").AppendLine("|---|---|");
            Row("campaign seed", seed);
            Row("jobs", Trials);
            Row("jobs whose target tables have no unique key (a double would stay)", DoublesWouldShow);
            Row("SIGKILLs that struck", Kills);
            Row("… while a target transaction was open", $"{InTransaction} ({100.0 * InTransaction / Math.Max(1, Kills):F0} %)");
            Row("… before the first commit", Early);
            Row("… between commits of a table", Midway);
            Row("… after the last row", Late);
            foreach (var (name, count) in scenarios) Row($"jobs of scenario `{name}`", count);
            Row("violations", violations.Count);
            return text.ToString();
        }
    }
}
