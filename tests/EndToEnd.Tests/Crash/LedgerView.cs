using System.Globalization;
using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>One lane as the control tables show it to anybody with an SQL client.</summary>
/// <param name="Table">Source table.</param>
/// <param name="After">Lower bound of its split, exclusive; null = open.</param>
/// <param name="Through">Upper bound of its split, inclusive; null = open.</param>
/// <param name="Sequence">Of its last ledger entry; 0 = none yet.</param>
/// <param name="Position">How far it is; null = nowhere.</param>
/// <param name="Final">Nothing is left to do.</param>
/// <param name="Inserted">Rows the ledger says it inserted.</param>
internal sealed record LaneView(string Table, string? After, string? Through, long Sequence, string? Position, bool Final, long Inserted);

/// <summary>What a target's control tables say, read with plain SQL.</summary>
internal sealed record LedgerView
{
    /// <summary>Source table → phase of its plan.</summary>
    public required IReadOnlyDictionary<string, string> Phases { get; init; }
    public required IReadOnlyList<LaneView> Lanes { get; init; }
    public long JobEpoch { get; init; }
    public bool Held { get; init; }

    /// <summary>Ledger entries ever written: rises with every commit.</summary>
    public long Commits => Lanes.Sum(l => l.Sequence);

    /// <param name="lines">Job, plans and last entries as <see cref="TestStore"/> reads them; none = no control tables.</param>
    public static LedgerView Of(IReadOnlyList<string[]> lines)
    {
        var phases = new Dictionary<string, string>();
        var lanes = new List<LaneView>();
        var entries = lines.Where(l => l[0] == "entry").ToDictionary(l => l[1]);
        foreach (var plan in lines.Where(l => l[0] == "plan"))
        {
            phases.Add(plan[2], plan[4]);
            using var json = JsonDocument.Parse(plan[5]);
            foreach (var split in json.RootElement.GetProperty("Splits").EnumerateArray())
            {
                var lane = $"{plan[1]}/{plan[2]}/g{plan[3]}/s{split.GetProperty("Index").GetInt32()}";
                entries.Remove(lane, out var entry);
                lanes.Add(new LaneView(plan[2], Bound(split, "After"), Bound(split, "Through"),
                    entry is null ? 0 : long.Parse(entry[2], CultureInfo.InvariantCulture), entry is null or [_, _, _, "", ..]
                        ? null : entry[3],
                    entry is not null && entry[4] == "1", entry is null ? 0 : Count(entry[5], "inserted")));
            }
        }
        if (entries.Count > 0) throw new InvalidOperationException($"ledger entries of no planned lane: {string.Join(", ", entries.Keys)}");
        var job = lines.SingleOrDefault(l => l[0] == "job" && l[1].Length > 0);
        return new LedgerView
        {
            Phases = phases,
            Lanes = lanes,
            JobEpoch = job is null ? 0 : long.Parse(job[1], CultureInfo.InvariantCulture),
            Held = job is not null && job[2] != "0",
        };
    }

    private static string? Bound(JsonElement split, string name) =>
        split.TryGetProperty(name, out var bound) && bound.ValueKind == JsonValueKind.Object ? bound.GetProperty("Text").GetString() : null;

    private static long Count(string totals, string name) =>
        totals.Split(' ').Where(t => t.StartsWith(name + "=", StringComparison.Ordinal))
        .Sum(t => long.Parse(t.AsSpan(name.Length + 1), CultureInfo.InvariantCulture));
}
