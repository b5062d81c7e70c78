using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Cli.Progress;
using Pawl.Cli.Verbs;
using Pawl.Telemetry;

namespace Pawl.Cli.Demo;

/// <summary>The demo, step by step: make a shop, copy it, kill the worker inside a transaction, look, go on, prove.</summary>
internal sealed class DemoStory(Shell shell, DemoFiles files, long seed)
{
    private readonly CrashPlan crash = CrashPlan.Draw(seed);
    private readonly Paint paint = shell.OutPaint;
    private readonly List<string> failures = [];
    private int step;

    public async Task<int> TellAsync(CancellationToken ct)
    {
        var began = shell.Time.GetTimestamp();
        shell.Say($"{paint.Bold("pawl demo")} {paint.Dim($"· {Both("seed", "种子")} {seed} · {files.Folder}")}");
        MakeShop();
        var first = await KillAsync(ct);
        var after = await LookAsync(first, ct);
        var second = await GoOnAsync(ct);
        var equal = await ProveAsync(ct);
        var proof = Count();
        Report(after, second, equal, proof);
        var exit = Verdict(equal, proof);
        shell.Data["seed"] = seed;
        shell.Data["dir"] = files.Folder;
        shell.Data["killed_at"] = crash.Text;
        shell.Data["ms"] = (long)shell.Time.GetElapsedTime(began).TotalMilliseconds;
        shell.Data["failures"] = failures.ToArray();
        Ending(exit, shell.Time.GetElapsedTime(began));
        return exit;
    }

    private void MakeShop()
    {
        Step(Both("A shop is made", "造一家商店"), files.Source);
        ShopSource.Create(files.Source, seed);
        files.WriteJob();
        Detail($"customers {Figures.Full(ShopSource.Customers)} · orders {Figures.Full(ShopSource.Orders)} "
            + $"· items {Figures.Full(ShopSource.Items)} "
            + paint.Dim(Both("(items has no key: a row written twice would stay)", "（items 没有键：写两次的行会留下来）")));
    }

    private async Task<DemoRun> KillAsync(CancellationToken ct)
    {
        Step(Both("A worker copies it", "由一个工作进程复制"), $"pawl run {files.Job}");
        var run = await RunAsync(crash.Text, ct);
        var written = crash.Point == CrashPoint.LedgerWritten ? Both("everything of it was written", "其内容已全部写入")
            : Both("its rows were written", "其行已写入");
        var signal = paint.Alarm("SIGKILL");
        Detail(Both($"{signal} struck process {run.Process} inside transaction {crash.Transaction}: {written}, nothing was committed",
            $"{signal} 在第 {crash.Transaction} 个事务之中杀死进程 {run.Process}：{written}，尚未提交"));
        Check(run.Exit == Worker.Killed, Both($"the worker ended with exit code {run.Exit} instead of being killed: {run.Errors}",
            $"工作进程以退出码 {run.Exit} 结束，而不是被杀死：{run.Errors}"));
        return run;
    }

    private async Task<LedgerState> LookAsync(DemoRun killed, CancellationToken ct)
    {
        Step(Both("What the target holds after the crash", "崩溃之后目标端有什么"), Both("plain SQL beside the ledger", "普通 SQL 与账本对照"));
        if (!File.Exists(files.Target))
        {
            throw new InvalidOperationException(Both($"the worker ended before it made {files.Target}: {killed.Errors}",
                $"工作进程在造出 {files.Target} 之前就结束了：{killed.Errors}"));
        }
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, files.Job, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        var state = LedgerState.Of(door.Record, await door.Store.ReadAsync(door.Record.Id, ct));
        using var check = new ShopCheck(files.Source, files.Target);
        var table = new TextTable(new("table", "表"), new("in the shop", "商店中", true), new("in the target", "目标中", true),
            new("by the ledger", "账本记载", true), new("", ""));
        foreach (var name in ShopSource.Tables)
        {
            var rows = check.TargetRows(name);
            var known = state.Tables.FirstOrDefault(t => t.Plan.Source.Name == name);
            var ledger = known?.Rows.Inserted ?? 0;
            var all = name switch { "orders" => ShopSource.Orders, "items" => ShopSource.Items, _ => ShopSource.Customers };
            Check(rows == ledger, Both($"{name}: the target holds {rows} rows and the ledger says {ledger}",
                $"{name}：目标端有 {rows} 行，账本记载 {ledger} 行"));
            table.AddPainted(rows == ledger ? paint.Green : paint.Alarm, name, Figures.Full(all), Figures.Full(rows), Figures.Full(ledger),
                rows != ledger ? Both("DIFFERS", "不一致") : rows == all ? Both("complete", "完整")
                    : rows == 0 ? Both("not begun", "未开始") : Both("agrees", "相符"));
        }
        foreach (var line in table.Lines(shell.Width - 3, paint)) shell.Say("   " + line);
        // An entry without rows only closes a lane: it never passes the point where rows are written.
        var empty = crash.Point == CrashPoint.RowsWritten ? state.Tables.Sum(t => t.Entries.Count(e => e.Counts.Read == 0)) : 0;
        var committed = state.Commits - empty;
        Check(committed == crash.Transaction - 1,
            Both($"the kill did not strike an open transaction: {committed} were committed before number {crash.Transaction}",
                $"没有杀在事务之中：第 {crash.Transaction} 个之前提交了 {committed} 个"));
        var durable = Figures.Full(committed);
        Detail(Both($"{durable} transactions are durable; of number {crash.Transaction}, open when the process died, nothing is left.",
            $"{durable} 个事务已落盘；进程死亡时正开着的第 {crash.Transaction} 个没有留下任何痕迹。"));
        return state;
    }

    private async Task<DemoRun> GoOnAsync(CancellationToken ct)
    {
        Step(Both("The same command again", "再执行同一条命令"), $"pawl run {files.Job}");
        var run = await RunAsync(killAt: null, ct);
        if (run.Resumed is { } resumed && EventLine.Of(resumed, shell.Now) is { } line) Detail(line);
        Check(run.Resumed is not null, Both("the second run did not go on from the first", "第二次运行没有接着第一次继续"));
        Check(run.Exit == ExitCode.Done, Both($"the second run ended with exit code {run.Exit}: {run.Errors}",
            $"第二次运行以退出码 {run.Exit} 结束：{run.Errors}"));
        Detail(Both($"{Figures.Full(run.Rows)} rows copied, finished.", $"复制了 {Figures.Full(run.Rows)} 行，全部完成。"));
        return run;
    }

    private async Task<bool> ProveAsync(CancellationToken ct)
    {
        Step(Both("Proof", "证明"), $"pawl verify {files.Job} --level digest");
        using var worker = Worker.Start(files.Folder, ["verify", "job.yaml", "--level", "digest", "--json", LanguageOption, Tag],
            killAt: null, heard: null);
        var (exit, output, errors) = await worker.EndAsync(ct);
        var equal = exit == ExitCode.Done;
        Check(exit is ExitCode.Done or ExitCode.Differences, Both($"verify ended with exit code {exit}: {output}{errors}",
            $"verify 以退出码 {exit} 结束：{output}{errors}"));
        Mark(equal, equal ? Both("the digests of source and target are equal in all tables", "所有表源端与目标端的摘要一致")
            : Both("the digests DIFFER", "摘要不一致"));
        return equal;
    }

    private DemoProof Count()
    {
        using var check = new ShopCheck(files.Source, files.Target);
        var proof = new DemoProof(check.Missing(), check.Foreign(), check.Duplicates());
        var (missing, twice, foreign) = (Figures.Full(proof.Missing), Figures.Full(proof.Duplicates), Figures.Full(proof.Foreign));
        Mark(proof.Clean, Both($"{missing} rows missing, {twice} duplicate, {foreign} foreign ",
            $"缺失 {missing} 行，重复 {twice} 行，多余 {foreign} 行")
            + paint.Dim(Both("(plain SQL over both files, nothing of Pawl in between)", "（直接用普通 SQL 查两个文件，与 Pawl 无关）")));
        return proof;
    }

    private void Report(LedgerState after, DemoRun second, bool equal, DemoProof proof)
    {
        var kept = after.Tables.Sum(t => t.Rows.Read);
        var all = (long)ShopSource.Customers + ShopSource.Orders + ShopSource.Items;
        Check(second.Rows + kept == all, Both($"{kept} rows kept and {second.Rows} copied do not make {all}",
            $"保留的 {kept} 行与复制的 {second.Rows} 行合起来不是 {all} 行"));
        shell.Say();
        shell.Say(paint.Bold(Both("Recovery report", "恢复报告")));
        Fact(Both("cause", "原因"), Both($"SIGKILL at {crash.Text}, a target transaction was open",
            $"在 {crash.Text} 处被 SIGKILL 杀死，目标端的事务正开着"));
        Fact(Both("last durable point", "最后的持久点"), $"{Both("ledger", "账本")} {Figures.Full(after.Commits)}");
        var (stayed, total, share) = (Figures.Full(kept), Figures.Full(all), Figures.Percent(kept, all));
        Fact(Both("rows not re-copied", "无须重新复制的行"), Both($"{stayed} of {total} ({share})", $"{total} 行中的 {stayed} 行（{share}）"));
        var open = Figures.Full(Math.Min(all - kept, CrashPlan.GroupRows));
        Fact(Both("rows re-read", "重读的行"), Both($"≤ {open} that had been written: the open transaction's",
            $"≤ {open} 行曾经写入：即未提交的那个事务"));
        Fact(Both("rows missing", "缺失的行"), Figures.Full(proof.Missing));
        Fact(Both("rows duplicate", "重复的行"), Figures.Full(proof.Duplicates));
        Fact(Both("digests", "摘要"), equal ? Both("equal", "一致") : Both("DIFFER", "不一致"));
        shell.Data["rows_kept"] = kept;
        shell.Data["rows_copied"] = second.Rows;
        shell.Data["rows_missing"] = proof.Missing;
        shell.Data["rows_duplicate"] = proof.Duplicates;
        shell.Data["digests_equal"] = equal;
    }

    private int Verdict(bool equal, DemoProof proof) => !equal || !proof.Clean ? ExitCode.Differences : failures.Count > 0
        ? ExitCode.Failed : ExitCode.Done;

    private void Ending(int exit, TimeSpan took)
    {
        shell.Say();
        if (exit != ExitCode.Done)
        {
            foreach (var failure in failures) shell.Error.WriteLine(shell.ErrorPaint.Alarm(Both("failed: ", "失败：")) + failure);
            shell.Error.WriteLine(Both($"The demo failed; everything is kept in {files.Folder}. Repeat it with: ",
                $"demo 失败；一切都保留在 {files.Folder}。重演：") + $"pawl demo --seed {seed}");
            return;
        }
        shell.Say(paint.Green(Both("Nothing was lost and nothing came twice.", "没有丢失一行，也没有重复一行。"))
            + paint.Dim(Both($" ({Figures.Took(took)})", $"（{Figures.Took(took)}）")));
        shell.Say(Both($"Everything is kept in {files.Folder}. Try next:", $"一切都保留在 {files.Folder}。接下来可以试试："));
        Next("pawl runs report", Both("the whole story of the second run", "第二次运行的完整经过"));
        Next($"pawl checkpoint list {Quoting.Word(files.Job)}", "");
        Next($"pawl demo --seed {seed}", Both("this very crash again", "重演同一次崩溃"));
    }

    private void Next(string command, string what) =>
        shell.Say($"  {paint.Cyan(what.Length == 0 ? command : Cells.Pad(command, 26, false))}{paint.Dim(what)}");

    private async Task<DemoRun> RunAsync(string? killAt, CancellationToken ct)
    {
        var board = new Board(CrashPlan.GroupRows, DemoFiles.MemoryBytes);
        var run = new DemoRun();
        await using (var view = shell.Quiet || shell.Json || !shell.ErrorIsTerminal ? new SilentView() : (IRunView)new LiveView(shell,
            board))
        {
            using var worker = Worker.Start(files.Folder, ["run", "job.yaml", "--progress", "json", LanguageOption, Tag], killAt, e =>
            {
                board.Apply(e);
                run.Hear(e);
            });
            run.Process = worker.Id;
            (run.Exit, _, run.Errors) = await worker.EndAsync(ct);
        }
        return run;
    }

    private void Step(string title, string command)
    {
        shell.Say();
        shell.Say($"{paint.Cyan($"{++step}")} {paint.Bold(title)}  {paint.Dim(command)}");
        shell.Out.Flush();
    }

    private void Detail(string text)
    {
        foreach (var line in Cells.Wrap(text, Math.Max(40, shell.Width - 4))) shell.Say("   " + line);
    }

    private void Fact(string label, string value) => shell.Say($"   {paint.Dim(Cells.Pad(label, 20, false))}{value}");

    private void Mark(bool good, string line) => Detail($"{(good ? paint.Green("✓") : paint.Alarm("✗"))} {line}");

    private void Check(bool holds, string failure)
    {
        if (!holds) failures.Add(failure.TrimEnd());
    }
}

/// <summary>What plain SQL found, in rows.</summary>
internal sealed record DemoProof(long Missing, long Foreign, long Duplicates)
{
    public bool Clean => Missing == 0 && Foreign == 0 && Duplicates == 0;
}

/// <summary>One run of the worker, as heard and as it ended.</summary>
internal sealed class DemoRun
{
    private long rows;

    public int Process { get; set; }
    public int Exit { get; set; }
    public string Errors { get; set; } = "";
    public RunEvent? Resumed { get; private set; }
    /// <summary>Rows in the commits that were heard of.</summary>
    public long Rows => Interlocked.Read(ref rows);

    public void Hear(RunEvent e)
    {
        if (e.Code == EventCodes.RunResumed) Resumed = e;
        if (e.Code == EventCodes.LaneCommitted) Interlocked.Add(ref rows, e.Long("rows") ?? 0);
    }
}
