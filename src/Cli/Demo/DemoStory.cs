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
        shell.Say($"{paint.Bold("pawl demo")} {paint.Dim($"· seed {seed} · {files.Folder}")}");
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
        Step("A shop is made", $"{files.Source}");
        ShopSource.Create(files.Source, seed);
        files.WriteJob();
        Detail($"customers {Figures.Full(ShopSource.Customers)} · orders {Figures.Full(ShopSource.Orders)} "
            + $"· items {Figures.Full(ShopSource.Items)} " + paint.Dim("(items has no key: a row written twice would stay)"));
    }

    private async Task<DemoRun> KillAsync(CancellationToken ct)
    {
        Step("A worker copies it", $"pawl run {files.Job}");
        var run = await RunAsync(crash.Text, ct);
        var written = crash.Point == CrashPoint.LedgerWritten ? "everything of it was written" : "its rows were written";
        Detail($"{paint.Alarm("SIGKILL")} struck process {run.Process} inside transaction {crash.Transaction}: "
            + $"{written}, nothing was committed");
        Check(run.Exit == Worker.Killed, $"the worker ended with exit code {run.Exit} instead of being killed: {run.Errors}");
        return run;
    }

    private async Task<LedgerState> LookAsync(DemoRun killed, CancellationToken ct)
    {
        Step("What the target holds after the crash", "plain SQL beside the ledger");
        if (!File.Exists(files.Target))
        {
            throw new InvalidOperationException($"the worker ended before it made {files.Target}: {killed.Errors}");
        }
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, files.Job, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        var state = LedgerState.Of(door.Record, await door.Store.ReadAsync(door.Record.Id, ct));
        using var check = new ShopCheck(files.Source, files.Target);
        var table = new TextTable(new("table"), new("in the shop", true), new("in the target", true), new("by the ledger", true), new(""));
        foreach (var name in ShopSource.Tables)
        {
            var rows = check.TargetRows(name);
            var known = state.Tables.FirstOrDefault(t => t.Plan.Source.Name == name);
            var ledger = known?.Rows.Inserted ?? 0;
            var all = name switch { "orders" => ShopSource.Orders, "items" => ShopSource.Items, _ => ShopSource.Customers };
            Check(rows == ledger, $"{name}: the target holds {rows} rows and the ledger says {ledger}");
            table.AddPainted(rows == ledger ? paint.Green : paint.Alarm, name, Figures.Full(all), Figures.Full(rows), Figures.Full(ledger),
                rows != ledger ? "DIFFERS" : rows == all ? "complete" : rows == 0 ? "not begun" : "agrees");
        }
        foreach (var line in table.Lines(shell.Width - 3, paint)) shell.Say("   " + line);
        // An entry without rows only closes a lane: it never passes the point where rows are written.
        var empty = crash.Point == CrashPoint.RowsWritten ? state.Tables.Sum(t => t.Entries.Count(e => e.Counts.Read == 0)) : 0;
        var committed = state.Commits - empty;
        Check(committed == crash.Transaction - 1,
            $"the kill did not strike an open transaction: {committed} were committed before number {crash.Transaction}");
        Detail($"{Figures.Full(committed)} transactions are durable; of number {crash.Transaction}, open when the process died, "
            + "nothing is left.");
        return state;
    }

    private async Task<DemoRun> GoOnAsync(CancellationToken ct)
    {
        Step("The same command again", $"pawl run {files.Job}");
        var run = await RunAsync(killAt: null, ct);
        if (run.Resumed is { } resumed && EventLine.Of(resumed, shell.Now) is { } line) Detail(line);
        Check(run.Resumed is not null, "the second run did not go on from the first");
        Check(run.Exit == ExitCode.Done, $"the second run ended with exit code {run.Exit}: {run.Errors}");
        Detail($"{Figures.Full(run.Rows)} rows copied, finished.");
        return run;
    }

    private async Task<bool> ProveAsync(CancellationToken ct)
    {
        Step("Proof", $"pawl verify {files.Job} --level digest");
        using var worker = Worker.Start(files.Folder, ["verify", "job.yaml", "--level", "digest", "--json"], killAt: null, heard: null);
        var (exit, output, errors) = await worker.EndAsync(ct);
        var equal = exit == ExitCode.Done;
        Check(exit is ExitCode.Done or ExitCode.Differences, $"verify ended with exit code {exit}: {output}{errors}");
        Mark(equal, equal ? "the digests of source and target are equal in all tables" : "the digests DIFFER");
        return equal;
    }

    private DemoProof Count()
    {
        using var check = new ShopCheck(files.Source, files.Target);
        var proof = new DemoProof(check.Missing(), check.Foreign(), check.Duplicates());
        Mark(proof.Clean, $"{Figures.Full(proof.Missing)} rows missing, {Figures.Full(proof.Duplicates)} duplicate, "
            + $"{Figures.Full(proof.Foreign)} foreign " + paint.Dim("(plain SQL over both files, nothing of Pawl in between)"));
        return proof;
    }

    private void Report(LedgerState after, DemoRun second, bool equal, DemoProof proof)
    {
        var kept = after.Tables.Sum(t => t.Rows.Read);
        var all = (long)ShopSource.Customers + ShopSource.Orders + ShopSource.Items;
        Check(second.Rows + kept == all, $"{kept} rows kept and {second.Rows} copied do not make {all}");
        shell.Say();
        shell.Say(paint.Bold("Recovery report"));
        Fact("cause", $"SIGKILL at {crash.Text}, a target transaction was open");
        Fact("last durable point", $"ledger {Figures.Full(after.Commits)}");
        Fact("rows not re-copied", $"{Figures.Full(kept)} of {Figures.Full(all)} ({Figures.Percent(kept, all)})");
        Fact("rows re-read", $"≤ {Figures.Full(Math.Min(all - kept, CrashPlan.GroupRows))} that had been written: the open transaction's");
        Fact("rows missing", Figures.Full(proof.Missing));
        Fact("rows duplicate", Figures.Full(proof.Duplicates));
        Fact("digests", equal ? "equal" : "DIFFER");
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
            foreach (var failure in failures) shell.Error.WriteLine(shell.ErrorPaint.Alarm("failed: ") + failure);
            shell.Error.WriteLine($"The demo failed; everything is kept in {files.Folder}. Repeat it with: pawl demo --seed {seed}");
            return;
        }
        shell.Say($"{paint.Green("Nothing was lost and nothing came twice.")} {paint.Dim($"({Figures.Took(took)})")}");
        shell.Say($"Everything is kept in {files.Folder}. Try next:");
        Next("pawl runs report", "the whole story of the second run");
        Next($"pawl checkpoint list {Quoting.Word(files.Job)}", "");
        Next($"pawl demo --seed {seed}", "this very crash again");
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
            using var worker = Worker.Start(files.Folder, ["run", "job.yaml", "--progress", "json"], killAt, e =>
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
