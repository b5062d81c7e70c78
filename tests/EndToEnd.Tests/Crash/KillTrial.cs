using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>What a kill met.</summary>
/// <param name="InTransaction">A target transaction was open when the process died.</param>
/// <param name="Commits">Ledger entries that were durable.</param>
/// <param name="Complete">Every lane was final already.</param>
internal sealed record KillMet(bool InTransaction, long Commits, bool Complete);

/// <summary>
/// One job that is run, killed, looked at, carried on and compared. Collects complaints instead of throwing, so that a campaign counts
/// them.
/// </summary>
internal sealed class KillTrial : IAsyncDisposable
{
    private readonly Scratch scratch;
    private readonly KillScenario scenario;
    private readonly TestStore source, target;
    private LedgerView before = new() { Phases = new Dictionary<string, string>(), Lanes = [] };

    private KillTrial(KillScenario scenario, TestStore source, TestStore target, Scratch scratch)
    {
        (this.scenario, this.source, this.target, this.scratch) = (scenario, source, target, scratch);
        JobFile = scratch.At("job.yaml");
        WriteJob();
    }

    public TestStore Target => target;
    public string JobFile { get; }
    public List<string> Complaints { get; } = [];

    /// <summary>Commits that were durable when last looked at.</summary>
    public long Commits => before.Commits;

    /// <param name="target">Null = a new one as the scenario wants it. The trial disposes it.</param>
    public static async Task<KillTrial> NewAsync(KillScenario scenario, TestStore source, TestStore? target = null)
    {
        var scratch = new Scratch();
        target ??= await Stores.TargetAsync(scenario.To, scratch);
        if (target is ServerStore server) server.Options = scenario.TargetOptions;
        if (scenario.Target is { } ddl) await target.ExecuteAsync(ddl);
        return new KillTrial(scenario, source, target, scratch);
    }

    /// <summary>The job file for where the ends are now.</summary>
    public void WriteJob() => File.WriteAllText(JobFile, scenario.Job(source, target));

    public PawlProcess Start(string? killAt = null) => PawlProcess.Start(scratch, ["run", JobFile], ("PAWL_KILL_AT", killAt));

    /// <summary>A run that tells its events, one JSON object a line, on stderr.</summary>
    public PawlProcess StartTelling() => PawlProcess.Start(scratch, ["run", JobFile, "--progress", "json"]);

    /// <summary>Runs under a program that breaks its system calls.</summary>
    public async Task<PawlExit> RunUnderAsync(string program, params string[] words)
    {
        await using var pawl = PawlProcess.StartProgram(program, scratch, [.. words, PawlProgram.File, "run", JobFile]);
        var end = await pawl.WaitAsync();
        await LookAsync();
        return end;
    }

    /// <summary>Runs until the named point kills the process; complains when it does not.</summary>
    /// <param name="orDone">The job may come to its end before it gets there.</param>
    public async Task KillAtAsync(string point, bool orDone = false)
    {
        await using var pawl = Start(point);
        var end = await pawl.WaitAsync();
        if (end.Code != PawlExit.Killed && !(orDone && end.Code == 0)) Complaints.Add($"not killed at {point}: {end}");
        await LookAsync();
    }

    /// <summary>Kills the process from outside. Null when it ended before.</summary>
    /// <param name="commits">Lets it commit so often first.</param>
    /// <param name="after">Then waits so long.</param>
    /// <param name="aim">Then strikes only while a target transaction is open, found by stopping the process now and again.</param>
    public async Task<KillMet?> KillAfterAsync(long commits, TimeSpan after, bool aim, Random random)
    {
        await using var pawl = StartTelling();
        if (commits > 0) await pawl.SaidAsync("\"lane.committed\"", commits);
        await Task.Delay(after);
        var inside = false;
        for (var look = 0; ; look++)
        {
            // Frozen first: what it holds now is what it dies with.
            if (!await Signals.FreezeAsync(pawl)) return await EndedAsync(pawl);
            inside = await target.HoldsTransactionAsync(pawl);
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

    public Task<PawlExit> RunAsync(params string[] more) => PawlProcess.RunAsync(scratch, ["run", JobFile, .. more]);

    /// <summary>The target was put back to an older state: that its ledger goes back is as it should be.</summary>
    public void ForgetProgress() => before = before with { Lanes = [], JobEpoch = 0 };

    /// <summary>Looks at a copy, so that the next run meets the files as the kill left them.</summary>
    public async Task<LedgerView> LookAsync()
    {
        var image = await target.ToLookAt(scratch).ReadAsync(scenario.Copies);
        var now = image.Ledger;
        Complaints.AddRange((await TargetCheck.AtKillAsync(source, image, scenario.Copies)).Select(c => "after a kill: " + c));
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
        Complaints.AddRange((await DefectsAsync()).Select(c => "at the end: " + c));
        Complaints.AddRange(await target.ResidueAsync(scenario.Copies));
        before = (await target.ReadAsync([])).Ledger;
        if (!again) return;
        var third = await PawlProcess.RunAsync(scratch, "run", JobFile);
        if (third.Code != 0) Complaints.Add($"a finished job run again: {third}");
        if ((await target.ReadAsync([])).Ledger.Commits != before.Commits) Complaints.Add("a finished job committed again");
        Complaints.AddRange((await DefectsAsync()).Select(c => "run again: " + c));
    }

    /// <summary>What is wrong with the target of a finished job.</summary>
    public async Task<IReadOnlyList<string>> DefectsAsync() =>
        await TargetCheck.AtEndAsync(source, await target.ReadAsync(scenario.Copies), scenario.Copies);

    /// <summary>What is wrong with the target of a job that is half-way.</summary>
    public async Task<IReadOnlyList<string>> DefectsHalfwayAsync() =>
        await TargetCheck.AtKillAsync(source, await target.ReadAsync(scenario.Copies), scenario.Copies);

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        scratch.Dispose();
    }
}
