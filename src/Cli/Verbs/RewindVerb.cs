using System.CommandLine;
using System.Globalization;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl rewind</c>: lets tables go back to an earlier place. Says what that means, and asks.</summary>
internal static class RewindVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        var tables = VerbRun.TablesOption();
        var to = new Option<string?>("--to")
        {
            Description = Both("start, a ledger number, or a moment such as 2026-01-31T08:00:00Z by the target's clock.",
                "start、账本序号，或目标端时钟的时刻，如 2026-01-31T08:00:00Z。"),
            HelpName = "place",
        };
        var cursor = new Option<string?>("--to-cursor")
        {
            Description = Both("Of incremental tables: the value of the cursor from which rows are read again.",
                "用于增量表：从 cursor 的这个值起重新读取。"),
            HelpName = "value",
        };
        var yes = new Option<bool>("--yes", "-y") { Description = Both("Answer the question with yes.", "对询问回答 yes。") };
        return new Command("rewind", Both("Let tables go back, so that the next run reads again from there (asks first).",
            "让表退回到较早的位置，下一次运行从那里重新读取（先询问）。"))
        {
            job, to, cursor, tables, yes,
        }
            .Does("rewind", (shell, parse, ct) => RewindAsync(shell, parse.GetValue(job)!, parse.GetValue(to), parse.GetValue(cursor),
                parse.GetValue(tables) ?? [], parse.GetValue(yes), ct));
    }

    private static async Task<int> RewindAsync(Shell shell, string file, string? to, string? cursor, string[] tables, bool yes,
        CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        var place = Place(to, cursor);
        var rewinder = new JobRewinder(Hosts.Create(connectors, new NoEvents(), shell.Time));
        TablePattern[] patterns = [.. tables.Select(t => new TablePattern(t))];
        var forecasts = await rewinder.PlanAsync(job, patterns, place, ct);
        foreach (var f in forecasts) shell.Say($"{f.Plan.Source}{Both(": ", "：")}{Consequence(f)}");
        shell.Data["tables"] = forecasts.Select(f => Data(f, VerbRun.Context(shell))).ToArray();
        shell.Data["done"] = false;
        if (forecasts.FirstOrDefault(f => f.Error is not null) is { Error: { } error }) throw error;
        if (forecasts.All(f => f.IsUntouched))
        {
            shell.Say(Both("Nothing lies behind that place: nothing to do.", "该位置之后没有内容：无事可做。"));
            return ExitCode.Done;
        }
        if (!yes && !Ask(shell, job.Name, to is null ? $"--to-cursor {Quoting.Word(cursor!)}" : $"--to {Quoting.Word(to)}", tables))
        {
            shell.Note(Both("Nothing was changed.", "什么都没有改动。"));
            return ExitCode.Failed;
        }
        await rewinder.RewindAsync(job, patterns, place, ct);
        shell.Data["done"] = true;
        shell.Say(Both("Done. No row was touched; to read again: ", "完成。尚未改动任何行；重新读取：") + $"pawl run {Quoting.Word(file)}");
        return ExitCode.Done;
    }

    private static RewindPoint Place(string? to, string? cursor)
    {
        if ((to is null) == (cursor is null))
        {
            throw Unusable(Both("Say where to: either --to or --to-cursor.", "请说明退回到哪里：--to 或 --to-cursor 二者之一。"));
        }
        if (to is null) return new RewindPoint(Cursor: cursor);
        if (to == "start") return new RewindPoint(IsStart: true);
        if (long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var entry)) return new RewindPoint(Sequence: entry);
        // Without a zone nobody could say which moment is meant.
        if (to.Contains('T') && (to.EndsWith('Z') || to.LastIndexOfAny(['+', '-']) > to.IndexOf('T'))
            && DateTimeOffset.TryParse(to, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return new RewindPoint(Time: time);
        }
        throw Unusable(Both($"{to} is no place: start, a ledger number, or a moment with its zone such as 2026-01-31T08:00:00Z.",
            $"{to} 不是位置：可写 start、账本序号，或带时区的时刻，如 2026-01-31T08:00:00Z。"));
    }

    private static PawlException Unusable(string cause) => new(Fault.Configuration, Codes.Usage, ("cause", cause));

    private static bool Ask(Shell shell, string job, string where, string[] tables)
    {
        if (!shell.InputIsTerminal || !shell.ErrorIsTerminal || shell.Json)
        {
            var chosen = tables.Length == 0 ? "" : " --tables " + string.Join(' ', tables.Select(Quoting.Word));
            throw new PawlException(Fault.Configuration, Codes.ConfirmationNeeded, ("action", "rewind"), ("job", job),
                ("command", $"pawl rewind {Quoting.Word(shell.JobFile!)} {where}{chosen}"));
        }
        shell.Error.Write(Both("Go back? Type yes: ", "退回吗？请输入 yes："));
        shell.Error.Flush();
        return Console.ReadLine()?.Trim().ToLowerInvariant() is "yes" or "y";
    }

    private static string Consequence(RewindForecast f)
    {
        if (f.Error is not null) return Both("cannot go back there", "无法退回到那里");
        if (f.IsUntouched) return Both("already before that place", "已在该位置之前");
        var rows = f.RowsAgain < 0 ? Both("its rows", "其各行") : Figures.Plural(f.RowsAgain, Noun.Row);
        if (f.Removes) return Both($"the next run removes what it holds and copies it anew ({rows})", $"下一次运行会删除已有内容并重新复制（{rows}）");
        var lanes = Figures.Plural(f.Lanes, Noun.Lane);
        var further = f.FromStart == 0 ? "" : Both($"; {f.FromStart} of {lanes} from the start, further back than the ledger reaches",
                $"；{lanes}中有 {f.FromStart} 个从头开始，因为账本没有保留那么早的条目");
        return Both($"{rows} are read again and written over by key", $"{rows}会重新读取并按键覆盖") + further;
    }

    private static Pairs Data(RewindForecast f, IReadOnlyDictionary<string, string?> context)
    {
        var data = new Pairs
        {
            ["table"] = f.Plan.Source.ToString(), ["rows_again"] = f.RowsAgain, ["removes"] = f.Removes, ["lanes"] = f.Lanes,
            ["from_start"] = f.FromStart, ["untouched"] = f.IsUntouched,
        };
        if (f.Error is { } e) data["error"] = ErrorView.Data(e, context);
        return data;
    }
}
