using Pawl.Cli.Progress;
using Pawl.Telemetry;

namespace Pawl.Cli.Reports;

/// <summary>One table in a recovery report. Immutable.</summary>
/// <param name="Skipped">It was finished before and not touched.</param>
/// <param name="RowsKept">Durable before this run.</param>
/// <param name="RowsCopied">Moved by this run.</param>
/// <param name="Verdict">row counts equal, digests equal, differs, finished before, failed CODE, or empty when nothing was
/// compared. The same in every language: <see cref="ReportWords.Verdict"/> says it to people.</param>
public sealed record ReportTable(string Source, string Target, bool Skipped, long RowsKept, long RowsCopied, long Rejected,
    string Guarantee, string Verdict)
{
    /// <summary>Which moments of the source the copy shows; empty = an older run did not say.</summary>
    public string Consistency { get; init; } = "";

    /// <summary>It was compared and found equal, by this run or by the one that finished it.</summary>
    public bool Proved => Skipped || Verdict.EndsWith("equal", StringComparison.Ordinal);

    public static IReadOnlyList<ReportTable> Of(IReadOnlyList<RunEvent> events)
    {
        var tables = new Dictionary<string, ReportTable>();
        var rejected = new Dictionary<string, (string Table, long Rows)>();
        foreach (var e in events)
        {
            if (e.TableName() is not { } name) continue;
            var t = tables.GetValueOrDefault(name) ?? new ReportTable(name, "", false, 0, 0, 0, "", "");
            if (e is { Code: EventCodes.LaneCommitted, Lane: { } lane }) rejected[lane] = (name, e.Long("rejected") ?? 0);
            tables[name] = e.Code switch
            {
                EventCodes.TablePlanned => t with
                {
                    Target = e.Text("target") ?? "", RowsKept = e.Long("rows_durable") ?? 0, Guarantee = e.Text("guarantee") ?? "",
                    Consistency = e.Text("consistency") ?? "",
                },
                EventCodes.TableSkipped => t with { Skipped = true, RowsKept = e.Long("rows_durable") ?? 0, Verdict = "finished before" },
                EventCodes.LaneCommitted => t with { RowsCopied = t.RowsCopied + (e.Long("rows") ?? 0) },
                EventCodes.Verified => t with { Verdict = e.Text("level") == "Digest" ? "digests equal" : "row counts equal" },
                EventCodes.VerifyDiffers => t with { Verdict = "differs" },
                EventCodes.TableFailed => t with { Verdict = $"failed {e.Text("code")}" },
                _ => t,
            };
        }
        return [.. tables.Values.Select(t => t with { Rejected = rejected.Values.Where(r => r.Table == t.Source).Sum(r => r.Rows) })];
    }
}
