using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl checkpoint export|diff|import</c>: what a target knows of a job, as a file.</summary>
internal static class CheckpointMoving
{
    public static Command Export()
    {
        var job = VerbRun.JobArgument();
        return new Command("export", Both("Print all durable positions with their plans, as JSON.", "以 JSON 打印所有持久位置及其计划。")) { job }
            .Does("checkpoint export", (shell, parse, ct) => ExportAsync(shell, parse.GetValue(job)!, ct));
    }

    public static Command Diff()
    {
        var a = new Argument<string>("a") { Description = Both("A file of checkpoint export.", "checkpoint export 写出的文件。") };
        var b = new Argument<string>("b")
        {
            Description = Both("Another such file (.json), or a job file: what its target knows now.",
                "另一个这样的文件（.json），或作业文件：其目标端现在的状态。"),
        };
        var detailed = new Option<bool>("--detailed-exitcode")
        {
            Description = Both("Exit with 8 when something is different.", "有差异时以退出码 8 结束。"),
        };
        return new Command("diff", Both("Show what became of each lane between two checkpoints.", "显示两个检查点之间各通道的变化。"))
        {
            a, b, detailed,
        }
            .Does("checkpoint diff", (shell, parse, ct) => DiffAsync(shell, parse.GetValue(a)!, parse.GetValue(b)!,
                parse.GetValue(detailed), ct));
    }

    public static Command Import()
    {
        var file = new Argument<string>("file") { Description = Both("A file of checkpoint export.", "checkpoint export 写出的文件。") };
        var job = VerbRun.JobArgument();
        var tables = VerbRun.TablesOption();
        var yes = new Option<bool>("--yes", "-y") { Description = Both("Answer the question with yes.", "对询问回答 yes。") };
        return new Command("import", Both("Take positions into a target that holds the rows and no ledger (asks first).",
            "把位置导入到有数据而没有账本的目标端（先询问）。"))
        {
            file, job, tables, yes,
        }
            .Does("checkpoint import", (shell, parse, ct) => ImportAsync(shell, parse.GetValue(file)!, parse.GetValue(job)!,
                parse.GetValue(tables) ?? [], parse.GetValue(yes), ct));
    }

    private static async Task<int> ExportAsync(Shell shell, string file, CancellationToken ct)
    {
        var checkpoint = await HeldAsync(shell, file, ct);
        var json = CheckpointJson.Write(checkpoint);
        shell.Raw(json);
        shell.Data["tables"] = checkpoint.Tables.Count;
        shell.Data["checkpoint"] = json;
        return ExitCode.Done;
    }

    private static async Task<Checkpoint> HeldAsync(Shell shell, string file, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        return await new JobCheckpoints(Hosts.Create(connectors, new NoEvents(), shell.Time)).ReadAsync(job, ct);
    }

    /// <exception cref="PawlException"><see cref="Codes.CheckpointInvalid"/>.</exception>
    private static async Task<Checkpoint> FileAsync(string file, CancellationToken ct)
    {
        try
        {
            return CheckpointJson.Read(await File.ReadAllTextAsync(file, ct), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PawlException(Fault.Configuration, Codes.CheckpointInvalid, e, ("file", file), ("cause", e.Message));
        }
    }

    private static async Task<int> DiffAsync(Shell shell, string a, string b, bool detailed, CancellationToken ct)
    {
        var before = await FileAsync(a, ct);
        var after = b.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? await FileAsync(b, ct) : await HeldAsync(shell, b, ct);
        var steps = CheckpointStep.Between(before, after);
        var table = new TextTable(new("table", "表"), new("lane", "通道", false, 2), new("what", "变化"), new("from", "从", false, 4),
            new("to", "到", false, 3), new("rows", "行数", true));
        foreach (var step in steps)
        {
            table.AddPainted(step.Change is CheckpointChange.Back or CheckpointChange.Other or CheckpointChange.TableGone
                ? shell.OutPaint.Red : null,
                step.Table, step.Lane ?? "", Word(step.Change), step.From ?? "", step.To ?? "",
                (step.Rows > 0 ? "+" : "") + Figures.Full(step.Rows));
        }
        if (before.Source.Text != after.Source.Text)
        {
            shell.Say(Both($"These are two sources: {before.Source.Display} and {after.Source.Display}.",
                $"这是两个不同的源：{before.Source.Display} 与 {after.Source.Display}。"));
        }
        if (steps.Count == 0) shell.Say(Both("No difference.", "没有差异。"));
        else shell.Say(table.Lines(shell.Width, shell.OutPaint));
        shell.Data["steps"] = steps.Select(s => new Pairs
        {
            ["table"] = s.Table, ["lane"] = s.Lane, ["change"] = s.Change.ToString(), ["from"] = s.From, ["to"] = s.To, ["rows"] = s.Rows,
        }).ToArray();
        return detailed && (steps.Count > 0 || before.Source.Text != after.Source.Text) ? ExitCode.WorkToDo : ExitCode.Done;
    }

    private static string Word(CheckpointChange change) => change switch
    {
        CheckpointChange.TableAdded => Both("new", "新增"),
        CheckpointChange.TableGone => Both("gone", "消失"),
        CheckpointChange.Generation => Both("another generation", "另一代"),
        CheckpointChange.Forward => Both("forward", "前进"),
        CheckpointChange.Back => Both("back", "后退"),
        CheckpointChange.Other => Both("another history", "历史不同"),
        _ => Both("phase", "阶段"),
    };

    private static async Task<int> ImportAsync(Shell shell, string file, string jobFile, string[] tables, bool yes, CancellationToken ct)
    {
        var from = await FileAsync(file, ct);
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, jobFile, connectors);
        var checkpoints = new JobCheckpoints(Hosts.Create(connectors, new NoEvents(), shell.Time));
        TablePattern[] patterns = [.. tables.Select(t => new TablePattern(t))];
        var verdicts = await checkpoints.CheckAsync(job, from, patterns, ct);
        var shown = new TextTable(new("table", "表"), new("target", "目标"), new("rows expected", "应有行数", true),
            new("rows there", "现有行数", true), new("", ""));
        foreach (var v in verdicts)
        {
            shown.AddPainted(v.Error is null ? shell.OutPaint.Green : shell.OutPaint.Red, v.Table.Plan.Source.ToString(),
                v.Table.Plan.Target.ToString(), v.Expected is { } expected ? Figures.Full(expected) : "",
                v.TargetRows is { } rows ? Figures.Full(rows) : "", v.Error is null ? Both("can be taken", "可以导入")
                    : Both("refused: ", "拒绝：") + v.Error.Code);
        }
        shell.Say(shown.Lines(shell.Width, shell.OutPaint));
        shell.Data["tables"] = verdicts.Select(v => Data(v, VerbRun.Context(shell))).ToArray();
        shell.Data["done"] = false;
        if (verdicts.FirstOrDefault(v => v.Error is not null) is { Error: { } error })
        {
            shell.Note(Both("Nothing was taken; --tables takes those that can be.", "什么都没有导入；可用 --tables 只导入可以导入的表。"));
            throw error;
        }
        if (!yes && !Ask(shell, job.Name, file, jobFile, tables))
        {
            shell.Note(Both("Nothing was changed.", "什么都没有改动。"));
            return ExitCode.Failed;
        }
        await checkpoints.ImportAsync(job, from, patterns, ct);
        shell.Data["done"] = true;
        shell.Say(Both("Taken. Numbers of rows agree, values were not looked at: ", "已导入。行数相符，未比较取值：")
            + $"pawl verify {Quoting.Word(jobFile)} --level digest");
        return ExitCode.Done;
    }

    private static bool Ask(Shell shell, string job, string file, string jobFile, string[] tables)
    {
        if (!shell.InputIsTerminal || !shell.ErrorIsTerminal || shell.Json)
        {
            var chosen = tables.Length == 0 ? "" : " --tables " + string.Join(' ', tables.Select(Quoting.Word));
            throw new PawlException(Fault.Configuration, Codes.ConfirmationNeeded, ("action", "checkpoint"), ("job", job),
                ("command", $"pawl checkpoint import {Quoting.Word(file)} {Quoting.Word(jobFile)}{chosen}"));
        }
        shell.Error.Write(Both("Take these positions? Type yes: ", "导入这些位置吗？请输入 yes："));
        shell.Error.Flush();
        return Console.ReadLine()?.Trim().ToLowerInvariant() is "yes" or "y";
    }

    private static Pairs Data(CheckpointVerdict v, IReadOnlyDictionary<string, string?> context)
    {
        var data = new Pairs
        {
            ["table"] = v.Table.Plan.Source.ToString(), ["target"] = v.Table.Plan.Target.ToString(),
            ["rows"] = v.Expected, ["target_rows"] = v.TargetRows,
        };
        if (v.Error is { } e) data["error"] = ErrorView.Data(e, context);
        return data;
    }
}
