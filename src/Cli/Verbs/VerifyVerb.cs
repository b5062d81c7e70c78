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
            Description = Both("count compares row counts; digest reads both sides and compares every value.",
                "count 比较行数；digest 读取两侧并比较每一个值。"),
            DefaultValueFactory = _ => "count",
        };
        level.AcceptOnlyFromAmong("count", "digest");
        return new Command("verify", Both("Compare source and target. Exit code 4 when they differ.", "比对源与目标。不一致时退出码为 4。"))
        {
            job, level, tables,
        }
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
        var what = level == VerifyLevel.Digest ? Both("contents", "内容") : Both("row counts", "行数");
        var (took, count) = (Figures.Took(shell.Time.GetElapsedTime(began)), Figures.Plural(verdicts.Count, Noun.Table));
        shell.Say(different == 0
            ? shell.OutPaint.Green(Both($"Equal: {what} of {count}, compared in {took}.", $"一致：{count}的{what}，比对用时 {took}。"))
            : shell.OutPaint.Alarm(Both($"Different: {different} of {count} ({what}, {took}).",
                $"不一致：{count}中有 {different} 张（{what}，{took}）。")));
        if (different == 0 && verdicts.Any(v => !v.Conclusive && v.Level == level))
        {
            shell.Note(Both("Rows that the target refused, or holds without a cell, could not be told from others that differ: see "
                + "\"conclusive\" in --json.", "无法区分目标端拒收或置空的行与其他不同的行：请看 --json 中的 \"conclusive\"。"));
        }
        if (verdicts.Any(v => v.Level != level))
        {
            shell.Note(Both("Rows that were added (write: append) cannot be told from those of others: the ledger's counts were compared.",
                "追加的行（write: append）与他人的行无法区分：比较的是账本中的行数。"));
        }
        var code = level == VerifyLevel.Digest ? Model.Codes.DigestsDiffer : Model.Codes.CountsDiffer;
        if (different > 0) shell.Note(Both("What to do: ", "怎么办：") + $"pawl explain {code}");
        shell.Data["level"] = level.ToString().ToLowerInvariant();
        shell.Data["equal"] = different == 0;
        shell.Data["tables"] = verdicts.Select(Verdicts.Data).ToArray();
        return different == 0 ? ExitCode.Done : ExitCode.Differences;
    }
}
