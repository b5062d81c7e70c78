using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>What must hold of a finished run's word (I11), and of the target when everything is over (I1–I3, I8, I10).</summary>
internal sealed class EndCheck(World world, Server server, Scenario scenario)
{
    private static readonly HashSet<string> SourceRefusals =
        [Codes.SourceReplaced, Codes.TableRecreated, Codes.SchemaChanged, Codes.DefinitionChanged, Codes.JobNameTaken];

    private static readonly HashSet<string> TargetRefusals =
        [Codes.TargetTruncated, Codes.TargetNotEmpty, Codes.LedgerInconsistent, Codes.PositionUnreadable, Codes.TargetTableMissing];

    /// <summary>Is what the run said true?</summary>
    public void Summary(Runner runner, RunSummary summary)
    {
        var who = runner.Process.Name;
        Error(runner, who, summary.Error);
        foreach (var table in summary.Tables)
        {
            Error(runner, who, table.Error);
            if (table.Status == TableStatus.Failed
                && table.Error is null) world.Fail("I11", $"{who}: {table.Source} failed without a reason");
            if (table.Status is not (TableStatus.Done or TableStatus.AlreadyDone)) continue;
            if (!server.Checker.Completion.Since(table.Source, runner.Started))
            {
                world.Fail("I11", $"{who} said {table.Status} of {table.Source}, which was never complete while it ran");
            }
            Meant(runner, table);
        }
        var done = summary.Tables.Count(t => t.Status is TableStatus.Done or TableStatus.AlreadyDone);
        if (summary.Status is RunStatus.Done or RunStatus.NothingToDo && done != summary.Tables.Count)
        {
            world.Fail("I11", $"{who} said {summary.Status} with {summary.Tables.Count - done} tables not done");
        }
        if (summary.Status == RunStatus.Paused && !scenario.PauseAsked) world.Fail("I11", $"{who} said paused, nobody asked for it");
        if (summary.Status == RunStatus.Interrupted && !runner.Asked) world.Fail("I11", $"{who} said interrupted, nobody asked for it");
    }

    /// <summary>What was done is what was asked for: this definition, and a new generation where one was asked for.</summary>
    private void Meant(Runner runner, TableOutcome table)
    {
        if (server.Checker.LastRestore >= runner.Started) return;
        if (runner.Restarts(table.Source) && !server.Checker.HasOpened(runner.Process, table.Source))
        {
            world.Fail("I11", $"{runner.Process.Name} was to restart {table.Source} and said {table.Status} without opening a generation");
        }
        if (Truth(table.Source) is not { } truth || truth.OpenedAt >= runner.Started) return;
        var asked = runner.Rule(table.Source);
        if (asked.Where != truth.Rule.Where)
        {
            world.Fail("I11", $"{runner.Process.Name} said {table.Status} of {table.Source} where {asked.Where}; the copy was made where {truth.Rule.Where}");
        }
    }

    private void Error(Runner runner, string who, PawlException? error)
    {
        if (error is null) return;
        if (error.Fault == Fault.Bug) world.Fail("I11", $"{who} reported a fault of its own: {error.Message}\n{error.InnerException}");
        if (SourceRefusals.Contains(error.Code))
        {
            server.Tally.Refusals++;
            if (!scenario.Changed) world.Fail("I11", $"{who} refused with {error.Code} although nothing had changed");
        }
        if (runner.Clean && TargetRefusals.Contains(error.Code))
        {
            world.Fail("I11", $"{who} refused with {error.Code} although the target is as the ledger says: {error.Message}");
        }
    }

    private PlanTruth? Truth(string table)
    {
        var job = server.Db.Of(ControlTables.Job).Select(c => c.Committed).FirstOrDefault(r => r is not null);
        return job is null ? null : Checker.PlanOf(server.Db, null, job.Text(ControlTables.Job, "job"), table);
    }

    /// <summary>The table holds more rows that the target refuses than may be rejected.</summary>
    public bool MustFail(string table) => Truth(table) is { } truth && !truth.Rule.Drop.Contains("t")
        && truth.Content.Rows.Count(r => r.Refused && SourceContent.Meets(r, truth.Rule.Where)) > truth.Rule.RejectLimit;

    /// <summary>After healing and a clean run.</summary>
    public void Target()
    {
        foreach (var table in scenario.Tables)
        {
            if (Truth(table.Name) is not { } truth) world.Fail("I12", $"{table.Name} was never planned");
            else if (!server.Db.Tables.TryGetValue(table.Target, out var target)) world.Fail("I2", $"{table.Target} does not exist");
            else if (!MustFail(table.Name)) Compare(table, truth, target);
        }
    }

    private void Compare(TableScenario table, PlanTruth truth, TargetTable target)
    {
        if (!server.Checker.Completion.Now(table.Name)) world.Fail("I12", $"{table.Name} is not complete");
        var dropped = truth.Rule.Drop.Contains("t");
        var expected = truth.Content.Rows.Where(r => SourceContent.Meets(r, truth.Rule.Where) && (dropped || !r.Refused))
            .Select(r => truth.Content.Expected(r, truth.Rule)).Order(StringComparer.Ordinal).ToList();
        var there = target.All().Order(StringComparer.Ordinal).ToList();
        // An upsert leaves what earlier generations brought under keys that are no longer asked for.
        if (truth.Rule.Write == WriteMode.Upsert) there = [.. there.Where(new HashSet<string>(expected).Contains)];
        if (expected.SequenceEqual(there)) return;
        var missing = expected.Except(there).ToArray();
        var strange = there.Except(expected).ToArray();
        var invariant = truth.Rule.Write == WriteMode.Upsert ? "I8" : missing.Length > 0 ? "I2" : strange.Length > 0 ? "I1" : "I3";
        world.Fail(invariant, $"{table.Name}: {expected.Count} rows expected, {there.Count} there; missing {missing.Length}: "
            + $"{string.Join(" ; ", missing.Take(3))}; not expected {strange.Length}: {string.Join(" ; ", strange.Take(3))}");
    }
}
