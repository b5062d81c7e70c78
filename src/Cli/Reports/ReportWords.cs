using System.Globalization;
using Pawl.Cli.Output;

namespace Pawl.Cli.Reports;

/// <summary>The facts of a recovery report as label and value, in the order of reading; the same for every format.</summary>
internal static class ReportWords
{
    public static IEnumerable<(string Label, string Value)> Facts(RecoveryReport r)
    {
        yield return ("Run", $"{Figures.RunName(r.Run.Run)} ({r.Run.Run})");
        yield return ("Job", r.Run.Job);
        yield return ("Time", r.Run.Ended is { } end ? $"{Figures.Moment(r.Run.Started)}, {Figures.Took(end - r.Run.Started)}"
            : Figures.Moment(r.Run.Started));
        yield return ("Ended", r.Run.Status + (r.Run.ExitCode is { } exit ? $", exit code {exit}" : ""));
        if (r.Before is { } before) yield return ("Run before",
            $"{Figures.RunName(before.Run)}, {Figures.Moment(before.Started)}: {r.Cause}");
        if (r.TakenOverFrom is { } from) yield return ("Taken over from", from);
        if (!r.Resumed)
        {
            yield return ("Began", r.RowsSkipped > 0 ? "with finished tables, nothing was left half done"
                : "afresh: there was nothing to go on from");
        }
        else
        {
            yield return ("Last durable point", (r.Ledger is { } ledger ? $"ledger {Figures.Full(ledger)}" : "known")
                + (r.LastDurable is { } at ? $", committed {Figures.Moment(at)}" : ""));
            yield return ("Found", $"{Figures.Plural(r.SplitsDone, "split")} done, {Figures.Full(r.SplitsPartial)} partial, "
                + $"{Figures.Full(r.SplitsToDo)} to do");
        }
        yield return ("Rows not copied again",
            $"{Figures.Full(r.RowsKept + r.RowsSkipped)} ({r.SavedPercent.ToString("0.0", CultureInfo.InvariantCulture)} %)");
        yield return ("Rows copied by this run", Figures.Full(r.RowsCopied));
        if (r.Resumed)
        {
            yield return ("Rows read again", r.RowsInFlight is { } rows
                ? $"{Figures.Full(rows)}, in flight when the run before was last heard of"
                : "not told: the run before ended without a word; at most what its open commits held and what it had read ahead");
        }
        if (r.FirstRowMs is { } ms) yield return ("First row after", Figures.Took(TimeSpan.FromMilliseconds(ms)));
        yield return ("Retries", Figures.Full(r.Retries));
        yield return ("Rejected rows", Figures.Full(r.Rejected));
        yield return ("Proof", Proof(r));
    }

    public static string Proof(RecoveryReport r)
    {
        if (r.Tables.Any(t => t.Verdict == "differs")) return "source and target DIFFER, see the tables";
        if (!r.Proved) return "not every table was compared; run pawl verify";
        var level = r.Tables.All(t => t.Verdict == "digests equal") ? "digests" : "row counts";
        return $"{level} of source and target were compared and are equal in all {r.Tables.Count} tables"
            + (level == "digests" ? "" : "; pawl verify --level digest compares every value");
    }

    /// <summary>What a table's copy promises: <c>once per row, mixed</c>.</summary>
    public static string Guarantee(ReportTable t)
    {
        var promise = Enum.TryParse<Contracts.Guarantee>(t.Guarantee, out var g) ? RunResult.Words(g) : t.Guarantee;
        return Enum.TryParse<Contracts.Consistency>(t.Consistency, out var c) ? $"{promise}, {RunResult.Words(c)}" : promise;
    }
}
