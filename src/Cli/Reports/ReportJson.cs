using Pawl.Cli.Output;

namespace Pawl.Cli.Reports;

/// <summary>The recovery report as data.</summary>
internal static class ReportJson
{
    public static Pairs Of(RecoveryReport r) => new()
    {
        ["run"] = r.Run.Run.ToString(), ["job"] = r.Run.Job, ["started"] = r.Run.Started, ["ended"] = r.Run.Ended,
            ["status"] = r.Run.Status,
        ["exit"] = r.Run.ExitCode, ["run_before"] = r.Before?.Run.ToString(), ["cause"] = r.Cause, ["resumed"] = r.Resumed,
        ["taken_over_from"] = r.TakenOverFrom, ["last_durable"] = r.LastDurable, ["ledger"] = r.Ledger, ["splits_done"] = r.SplitsDone,
        ["splits_partial"] = r.SplitsPartial, ["splits_todo"] = r.SplitsToDo, ["rows_kept"] = r.RowsKept + r.RowsSkipped,
        ["rows_copied"] = r.RowsCopied, ["rows_in_flight"] = r.RowsInFlight, ["rejected"] = r.Rejected, ["retries"] = r.Retries,
        ["first_row_ms"] = r.FirstRowMs, ["proved"] = r.Proved,
        ["tables"] = r.Tables.Select(t => new Pairs
        {
            ["source"] = t.Source, ["target"] = t.Target, ["kept"] = t.RowsKept, ["copied"] = t.RowsCopied, ["rejected"] = t.Rejected,
            ["guarantee"] = t.Guarantee, ["consistency"] = t.Consistency, ["verdict"] = t.Verdict,
        }).ToArray(),
        ["timeline"] = r.Timeline.Select(e => new Pairs { ["ts"] = e.At, ["code"] = e.Code, ["table"] = e.Table, ["args"] = e.Args })
            .ToArray(),
    };
}
