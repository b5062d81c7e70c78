using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>When each table was complete at the target, by the raw state: what a status is measured against (I11).</summary>
internal sealed class Completion(World world)
{
    private readonly HashSet<string> complete = [];
    private readonly Dictionary<string, long> ended = [];

    /// <summary>True when the table was complete at some instant since then.</summary>
    public bool Since(string table, long since) =>
        complete.Contains(table) || (ended.TryGetValue(table, out var at) && at >= since);

    public bool Now(string table) => complete.Contains(table);

    public void Look(Database db)
    {
        var now = new HashSet<string>();
        foreach (var plan in db.Of(ControlTables.Plan))
        {
            if (plan.Committed is { } row && plan.CommittedMark is PlanTruth truth
                && IsComplete(db, row.Text(ControlTables.Plan, "job"), truth))
            {
                now.Add(truth.Content.Name);
            }
        }
        foreach (var table in complete.Except(now)) ended[table] = world.Now;
        complete.Clear();
        complete.UnionWith(now);
    }

    private static bool IsComplete(Database db, string job, PlanTruth truth)
    {
        var t = ControlTables.Ledger;
        foreach (var split in truth.Splits)
        {
            var lane = FormattableString.Invariant($"{truth.Content.Name}/g{truth.Generation}/s{split.Index}");
            var final = db.Of(t).Any(c =>
                c.Committed is { } row && row.Number(t, "final") == 1 && row.Text(t, "lane") == lane && row.Text(t, "job") == job);
            if (!final) return false;
        }
        return true;
    }
}
