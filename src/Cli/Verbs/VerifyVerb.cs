using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl verify</c>: compares source and target as they are now.</summary>
internal static class VerifyVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        var tables = VerbRun.TablesOption();
        var level = new Option<string>("--level")
        {
            Description = "count compares row counts; digest reads both sides and compares every value.", DefaultValueFactory = _ =>
                "count",
        };
        level.AcceptOnlyFromAmong("count", "digest");
        return new Command("verify", "Compare source and target. Exit code 4 when they differ.") { job, level, tables }
            .Does("verify", (shell, parse, ct) => VerifyAsync(shell, parse.GetValue(job)!,
                parse.GetValue(level) == "digest" ? VerifyLevel.Digest : VerifyLevel.Count, parse.GetValue(tables) ?? [], ct));
    }

    private static async Task<int> VerifyAsync(Shell shell, string file, VerifyLevel level, string[] tables, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        var began = shell.Time.GetTimestamp();
        var verdicts = await new JobVerifier(Hosts.Create(connectors, new NoEvents(), shell.Time))
            .VerifyAsync(job, level, [.. tables.Select(t => new TablePattern(t))], ct);
        var different = verdicts.Count(v => !v.Equal);
        shell.Say(Verdicts.Table(verdicts, shell.OutPaint).Lines(shell.Width, shell.OutPaint));
        shell.Say(verdicts.SelectMany(Verdicts.Differences));
        shell.Say();
        var what = level == VerifyLevel.Digest ? "contents" : "row counts";
        var took = Figures.Took(shell.Time.GetElapsedTime(began));
        shell.Say(different == 0 ? shell.OutPaint.Green($"Equal: {what} of {Figures.Plural(verdicts.Count, "table")}, compared in {took}.")
            : shell.OutPaint.Alarm($"Different: {different} of {Figures.Plural(verdicts.Count, "table")} ({what}, {took})."));
        if (different == 0 && verdicts.Any(v => !v.Conclusive && v.Level == level))
        {
            shell.Note("Rows that the target refused could not be told from rows that are missing: see \"conclusive\" in --json.");
        }
        if (verdicts.Any(v => v.Level != level))
        {
            shell.Note("Rows that were added (write: append) cannot be told from those of others: the ledger's counts were compared.");
        }
        var code = level == VerifyLevel.Digest ? Model.Codes.DigestsDiffer : Model.Codes.CountsDiffer;
        if (different > 0) shell.Note($"What to do: pawl explain {code}");
        shell.Data["level"] = level.ToString().ToLowerInvariant();
        shell.Data["equal"] = different == 0;
        shell.Data["tables"] = verdicts.Select(Verdicts.Data).ToArray();
        return different == 0 ? ExitCode.Done : ExitCode.Differences;
    }
}
