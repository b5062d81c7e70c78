using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl checkpoint list|show</c>: the durable places of a job, lane by lane.</summary>
internal static class CheckpointVerb
{
    public static Command Create()
    {
        var listJob = VerbRun.JobArgument();
        var list = new Command("list", "List the lanes with their last durable position.") { listJob }
            .Does("checkpoint list", (shell, parse, ct) => ListAsync(shell, parse.GetValue(listJob)!, ct));
        var lane = new Argument<string>("lane") { Description = "A lane as list names it, for example orders/g1/s0." };
        var showJob = VerbRun.JobArgument();
        var show = new Command("show", "Show one lane in full.") { lane, showJob }
            .Does("checkpoint show", (shell, parse, ct) => ShowAsync(shell, parse.GetValue(showJob)!, parse.GetValue(lane)!, ct));
        return new Command("checkpoint", "Look at the durable positions of a job.") { list, show };
    }

    private static async Task<int> ListAsync(Shell shell, string file, CancellationToken ct)
    {
        var state = await ReadAsync(shell, file, ct);
        var table = new TextTable(new("lane"), new("ledger", true), new("epoch", true, 3), new("position"), new("rows", true),
            new("bytes", true, 4),
            new("last commit", false, 2), new(""));
        foreach (var entry in state.Tables.SelectMany(t => t.Entries))
        {
            table.AddPainted(entry.Final ? shell.OutPaint.Green : null, entry.Lane.Name, Figures.Full(entry.Sequence),
                Figures.Full(entry.Epoch),
                entry.Position?.Text ?? "(no row)", Figures.Full(entry.Total.Read), Figures.Bytes(entry.TotalBytes),
                entry.At is { } at ? Figures.Ago(shell.Now - at) : "", entry.Final ? "final" : "open");
        }
        var waiting = state.Tables.Sum(t => t.Plan.Splits.Count - t.Entries.Count);
        if (table.Count > 0) shell.Say(table.Lines(shell.Width, shell.OutPaint));
        if (waiting > 0) shell.Say($"{Figures.Plural(waiting, "lane")} without a commit yet");
        if (table.Count == 0 && waiting == 0) shell.Say("No table is planned yet.");
        shell.Data["lanes"] = state.Tables.SelectMany(t => t.Entries.Select(Data)).ToArray();
        shell.Data["waiting"] = waiting;
        return ExitCode.Done;
    }

    private static async Task<int> ShowAsync(Shell shell, string file, string lane, CancellationToken ct)
    {
        var state = await ReadAsync(shell, file, ct);
        var entries = state.Tables.SelectMany(t => t.Entries).ToArray();
        var entry = entries.FirstOrDefault(e => e.Lane.Name == lane)
            ?? throw new PawlException(Fault.Configuration, Codes.Usage, ("cause", Unknown(lane, entries)));
        var plan = state.Tables.First(t => t.Entries.Contains(entry)).Plan;
        var c = entry.Total;
        var facts = new (string Name, string Value)[]
        {
            ("lane", entry.Lane.Name),
            ("table", $"{plan.Source} → {plan.Target}, generation {plan.Generation}"),
            ("ledger", $"{Figures.Full(entry.Sequence)}, epoch {Figures.Full(entry.Epoch)}, {(entry.Final ? "final" : "open")}"),
            ("position", entry.Position is { } p ? $"{p.Text}  ({p.Codec})" : "none: the lane held no row"),
            ("last step",
                $"after {entry.After?.Text ?? "the start"}: {Figures.Full(entry.Counts.Read)} rows, {Figures.Bytes(entry.Bytes)}"),
            ("committed", entry.At is { } at ? $"{Figures.Moment(at)}, {Figures.Ago(shell.Now - at)}" : "unknown"),
            ("read", Figures.Full(c.Read)),
            ("written", $"{Figures.Full(RunResult.Written(c))} ({Figures.Full(c.Inserted)} inserted, {Figures.Full(c.Updated)} updated, "
                + $"{Figures.Full(c.Unchanged)} unchanged)"),
            ("filtered", Figures.Full(c.Filtered)),
            ("rejected", Figures.Full(c.Rejected)),
            ("bytes", Figures.Bytes(entry.TotalBytes)),
            ("digest", entry.Digest ?? "none"),
        };
        foreach (var (name, value) in facts) shell.Say($"{shell.OutPaint.Dim(Cells.Pad(name, 10, false))}{value}");
        shell.Data.AddRange(Data(entry));
        return ExitCode.Done;
    }

    private static string Unknown(string lane, LedgerEntry[] entries)
    {
        var near = NearestName.Of(lane, entries.Select(e => e.Lane.Name));
        return $"There is no lane {lane} with a commit{(near is null ? "; see pawl checkpoint list" : $"; did you mean {near}?")}";
    }

    private static async Task<LedgerState> ReadAsync(Shell shell, string file, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        return LedgerState.Of(door.Record, await door.Store.ReadAsync(door.Record.Id, ct));
    }

    private static Pairs Data(LedgerEntry e) => new()
    {
        ["lane"] = e.Lane.Name, ["sequence"] = e.Sequence, ["epoch"] = e.Epoch, ["position"] = e.Position?.Text,
            ["codec"] = e.Position?.Codec,
        ["after"] = e.After?.Text, ["final"] = e.Final, ["step"] = RunResult.Counts(e.Counts), ["total"] = RunResult.Counts(e.Total),
        ["bytes"] = e.Bytes, ["total_bytes"] = e.TotalBytes, ["digest"] = e.Digest, ["at"] = e.At,
    };
}
