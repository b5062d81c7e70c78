using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

public sealed class SqliteHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public async Task Runs_are_listed_newest_first_and_their_events_come_back_as_they_were()
    {
        using var scratch = new Scratch();
        await using var history = await OpenAsync(scratch);
        var (old, young) = (Guid.Parse("11111111-0000-4000-8000-000000000000"), Guid.Parse("12222222-0000-4000-8000-000000000000"));
        var events = new[]
        {
            Event(old, "a", EventCodes.RunStarted, 0),
            Event(old, "a", EventCodes.LaneCommitted, 1, ("rows", 5L), ("ratio", 2.0), ("text", "\"é\n"), ("none", null),
                ("yes", true)) with
            {
                Table = "t",
                Lane = "t/g1/s0",
            },
            Event(old, "a", EventCodes.RunEnded, 2, ("status", "Done"), ("rows", 42L), ("exit_code", 0L)),
        };
        await history.AppendAsync(events, default);
        await history.AppendAsync([Event(young, "b", EventCodes.RunStarted, 10)], default);
        var all = await history.ListAsync(null, 10, default);
        Assert.Equal([young, old], all.Select(r => r.Run));
        Assert.Equal(("running", null, null), (all[0].Status, all[0].Ended, all[0].ExitCode));
        Assert.Equal(("done", Start.AddSeconds(2), 0, 42), (all[1].Status, all[1].Ended, all[1].ExitCode, all[1].RowsWritten));
        Assert.Equal([old], (await history.ListAsync("a", 10, default)).Select(r => r.Run));
        Assert.Single(await history.ListAsync(null, 1, default));
        var back = await history.EventsAsync(old, default);
        Assert.Equal(events.Select(e => (e.At, e.Job, e.Code, e.Table, e.Lane)), back.Select(e => (e.At, e.Job, e.Code, e.Table, e.Lane)));
        Assert.Equal(events[1].Args, back[1].Args);
    }

    [Fact]
    public async Task A_run_is_found_by_a_prefix_that_is_its_alone()
    {
        using var scratch = new Scratch();
        await using var history = await OpenAsync(scratch);
        var (one, two) = (Guid.Parse("ab111111-0000-4000-8000-000000000000"), Guid.Parse("ab222222-0000-4000-8000-000000000000"));
        await history.AppendAsync([Event(one, "a", EventCodes.RunStarted, 0), Event(two, "a", EventCodes.RunStarted, 1)], default);
        Assert.Equal(one, (await history.FindAsync("AB1", default))?.Run);
        Assert.Equal(two, (await history.FindAsync(two.ToString(), default))?.Run);
        Assert.Null(await history.FindAsync("ab", default));
        Assert.Null(await history.FindAsync("%", default));
    }

    [Fact]
    public async Task A_run_whose_process_is_gone_is_lost_and_one_that_is_there_is_running()
    {
        using var scratch = new Scratch();
        await using var history = await OpenAsync(scratch);
        var (gone, here) = (Guid.NewGuid(), Guid.NewGuid());
        await history.AppendAsync([Event(gone, "a", EventCodes.RunStarted, 0, ("pid", (long)int.MaxValue), ("process_started", 0L)),
            Event(here, "a", EventCodes.RunStarted, 1, ("pid", (long)Environment.ProcessId))], default);
        Assert.Equal(["running", "lost"], (await history.ListAsync(null, 9, default)).Select(r => r.Status));
    }

    [Fact]
    public async Task Many_append_at_the_same_time()
    {
        using var scratch = new Scratch();
        var run = Guid.NewGuid();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            await using var history = await OpenAsync(scratch);
            for (var i = 0; i < 10; i++) await history.AppendAsync([Event(run, "a", EventCodes.LaneCommitted, i, ("n", (long)n))], default);
        })));
        await using var look = await OpenAsync(scratch);
        Assert.Equal(80, (await look.EventsAsync(run, default)).Count);
        Assert.Single(await look.ListAsync(null, 9, default));
    }

    [Fact]
    public async Task A_file_that_is_no_history_and_one_of_a_newer_format_are_refused()
    {
        using var scratch = new Scratch();
        await File.WriteAllTextAsync(scratch.Target, new string('x', 5000));
        Assert.Equal(Codes.NotADatabase, (await Assert.ThrowsAsync<PawlException>(() => OpenAsync(scratch))).Code);
        File.Delete(scratch.Target);
        await (await OpenAsync(scratch)).DisposeAsync();
        scratch.Run(scratch.Target, "update meta set value = 99");
        Assert.Equal(Codes.FormatTooNew, (await Assert.ThrowsAsync<PawlException>(() => OpenAsync(scratch))).Code);
    }

    private static async Task<IRunHistory> OpenAsync(Scratch scratch) =>
        await new SqliteConnector().OpenHistoryAsync(Scratch.At(scratch.Target), Scratch.Context, default);

    private static RunEvent Event(Guid run, string job, string code, int second, params (string Name, object? Value)[] args) => new()
    {
        At = Start.AddSeconds(second),
        Run = run,
        Job = job,
        Code = code,
        Args = args.ToDictionary(a => a.Name, a => a.Value),
    };
}
