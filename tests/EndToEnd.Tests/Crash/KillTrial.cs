using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>What a kill met.</summary>
/// <param name="InTransaction">The process held the target's write lock when it died.</param>
/// <param name="Commits">Ledger entries that were durable.</param>
/// <param name="Complete">Every lane was final already.</param>
internal sealed record KillMet(bool InTransaction, long Commits, bool Complete);

/// <summary>
/// One job that is run, killed, looked at, carried on and compared. Collects complaints instead of throwing, so that a campaign counts
/// them.
/// </summary>
internal sealed class KillTrial : IDisposable
{
    private readonly Scratch scratch;
    private readonly KillScenario scenario;
    private readonly string source;
    private LedgerView before = new() { Phases = new Dictionary<string, string>(), Lanes = [] };

    public KillTrial(KillScenario scenario, string source, Scratch? scratch = null)
    {
        this.scratch = scratch ?? new Scratch();
        this.scenario = scenario;
        this.source = source;
        Target = this.scratch.At("out/target.db");
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        JobFile = this.scratch.Write("job.yaml", scenario.Job(source, Target));
    }

    public string Target { get; }
    public string JobFile { get; }
    public List<string> Complaints { get; } = [];

    /// <summary>Commits that were durable when last looked at.</summary>
    public long Commits => before.Commits;

    /// <summary>Makes the source of a scenario once; trials only read it.</summary>
    public static async Task<string> MakeSourceAsync(Scratch at, KillScenario scenario)
    {
        var file = at.At(scenario.Name + ".db");
        await Sqlite3.RunAsync(file, "pragma journal_mode = wal;\n" + scenario.Source);
        return file;
    }

    public async Task PrepareAsync()
    {
        if (scenario.Target is { } ddl) await Sqlite3.RunAsync(Target, ddl);
    }

    public PawlProcess Start(string? killAt = null) => PawlProcess.Start(scratch, ["run", JobFile], ("PAWL_KILL_AT", killAt));

    /// <summary>Runs under a program that breaks its system calls.</summary>
    public async Task<PawlExit> RunUnderAsync(string program, params string[] words)
    {
        await using var pawl = PawlProcess.StartProgram(program, scratch, [.. words, PawlProgram.File, "run", JobFile]);
        var end = await pawl.WaitAsync();
        await LookAsync();
        return end;
    }

    /// <summary>Runs until the named point kills the process; complains when it does not.</summary>
    public async Task KillAtAsync(string point)
    {
        await using var pawl = Start(point);
        var end = await pawl.WaitAsync();
        if (end.Code != PawlExit.Killed) Complaints.Add($"not killed at {point}: {end}");
        await LookAsync();
    }

    /// <summary>Kills the process from outside. Null when it ended before.</summary>
    /// <param name="commits">Lets it commit so often first.</param>
    /// <param name="after">Then waits so long.</param>
    /// <param name="aim">Then strikes only while a target transaction is open, found by stopping the process now and again.</param>
    public async Task<KillMet?> KillAfterAsync(long commits, TimeSpan after, bool aim, Random random)
    {
        await using var pawl = PawlProcess.Start(scratch, ["run", JobFile, "--progress", "json"]);
        if (commits > 0) await pawl.SaidAsync("\"lane.committed\"", commits);
        await Task.Delay(after);
        var inside = false;
        for (var look = 0; ; look++)
        {
            // Frozen first: what it holds now is what it dies with.
            if (!await Signals.FreezeAsync(pawl)) return await EndedAsync(pawl);
            inside = await LockTable.HoldsWriteLockAsync(pawl.Id, Target);
            if (inside || !aim || look == 200) break;
            pawl.Send(Signal.Continue);
            await Task.Delay(random.Next(1, 4));
        }
        pawl.Send(Signal.Kill);
        var end = await pawl.WaitAsync();
        if (end.Code != PawlExit.Killed) return await EndedAsync(pawl);
        var ledger = await LookAsync();
        return new KillMet(inside, ledger.Commits, ledger.Lanes.Count > 0 && ledger.Lanes.All(l => l.Final));
    }

    private async Task<KillMet?> EndedAsync(PawlProcess pawl)
    {
        var end = await pawl.WaitAsync();
        if (end.Code != 0) Complaints.Add($"ended by itself: {end}");
        return null;
    }

    /// <summary>Looks at a copy, so that the next run meets the files as the kill left them.</summary>
    private async Task<LedgerView> LookAsync()
    {
        if (!File.Exists(Target)) return before;
        var copy = scratch.CopyDatabase(Target, "copy.db");
        var now = await LedgerView.ReadAsync(copy);
        Complaints.AddRange((await TargetCheck.AtKillAsync(source, copy, scenario.Copies)).Select(c => "after a kill: " + c));
        if (now.Commits < before.Commits) Complaints.Add($"the ledger went back from {before.Commits} to {now.Commits} commits");
        if (now.JobEpoch < before.JobEpoch) Complaints.Add($"the job's epoch went back from {before.JobEpoch} to {now.JobEpoch}");
        before = now;
        return now;
    }

    /// <summary>One run must finish it; then source and target are equal, nothing is left behind, and a further run does nothing.</summary>
    public async Task FinishAsync(bool again)
    {
        var end = await PawlProcess.RunAsync(scratch, "run", JobFile);
        if (end.Code != 0) Complaints.Add($"the resumed run did not end well: {end}");
        Complaints.AddRange((await TargetCheck.AtEndAsync(source, Target, scenario.Copies)).Select(c => "at the end: " + c));
        Complaints.AddRange(TargetCheck.Residue(Target));
        before = await LedgerView.ReadAsync(Target);
        if (!again) return;
        var third = await PawlProcess.RunAsync(scratch, "run", JobFile);
        if (third.Code != 0) Complaints.Add($"a finished job run again: {third}");
        if ((await LedgerView.ReadAsync(Target)).Commits != before.Commits) Complaints.Add("a finished job committed again");
        Complaints.AddRange((await TargetCheck.AtEndAsync(source, Target, scenario.Copies)).Select(c => "run again: " + c));
    }

    public void Dispose() => scratch.Dispose();
}
