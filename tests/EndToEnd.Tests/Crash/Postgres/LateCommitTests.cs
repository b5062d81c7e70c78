using System.Diagnostics;
using Npgsql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>
/// Writers that hold transactions open while incremental runs follow them, half of the runs killed: a row keeps the time or number it was
/// written with, and is committed long after. <c>PAWL_LATE_ROWS</c> = rows to write (default 1 000), <c>PAWL_LATE_HOLD</c> = seconds a
/// transaction is held at most (default 3), <c>PAWL_LATE_WRITERS</c> (default 4).
/// </summary>
public sealed class LateCommitTests(ITestOutputHelper output)
{
    private const string Digest = "select count(*) || ' ' || count(distinct id) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from t";

    private readonly int rows = CampaignSettings.Number("PAWL_LATE_ROWS") ?? 1_000;
    private readonly int writers = CampaignSettings.Number("PAWL_LATE_WRITERS") ?? 4;
    private readonly double hold = CampaignSettings.Number("PAWL_LATE_HOLD") ?? 3;
    private readonly long began = Stopwatch.GetTimestamp();
    private long written, transactions, runs, bounds, spanned, kills;
    private volatile bool ended;

    [Theory]
    [InlineData("time", "at", "upsert")]
    [InlineData("key", "id", "insert")]
    public async Task Nothing_that_is_committed_late_is_lost_and_nothing_arrives_twice(string mode, string cursor, string write)
    {
        using var scratch = new Scratch();
        var server = await PgServer.SharedAsync();
        await using var source = await PgStore.CreateAsync(server);
        await using var target = await PgStore.CreateAsync(server);
        await source.ExecuteAsync("""
            create table t (id bigint generated always as identity primary key, v bigint not null,
                at timestamptz not null default clock_timestamp());
            create index on t (at);
            """);
        // Without a unique key a row that arrives twice is there twice.
        await target.ExecuteAsync($"create table t (id bigint{(write == "upsert" ? " primary key" : "")}, v bigint, at timestamptz);");
        var job = scratch.Write("job.yaml", $$"""
            version: 1
            name: late
            source: {{source.Address}}
            target: {{target.Address}}
            defaults:
              commit: {rows: 200}
            tables:
              public.t: {target: public.t, mode: incremental, cursor: {{cursor}}, write: {{write}} }
            """);
        var following = FollowAsync(scratch, job);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(i => WriteAsync(server, source.Database, mode == "time", new Random(i + 1))));
        ended = true;
        await following;
        await Task.Delay(TimeSpan.FromSeconds(3));
        var last = await PawlProcess.RunAsync(scratch, "run", job, "--quiet");
        Assert.True(last.Code == 0, last.ToString());
        Assert.Equal(await server.RowsAsync(source.Database, Digest), await server.RowsAsync(target.Database, Digest));
        var none = await PawlProcess.RunAsync(scratch, "verify", job, "--level", "digest");
        Assert.True(none.Code == 0, none.ToString());

        (string, long)[] figures =
        [
            ("rows written", written), ("transactions", transactions), ("… open while a run took its bound", spanned), ("runs", runs),
            ("… killed", kills), ("lost", 0), ("doubled", 0),
        ];
        output.WriteLine(string.Join("\n", figures.Select(f => $"{f.Item1}: {f.Item2}")));
        await CampaignSettings.RecordAsync("late-commits", mode, figures);
        Assert.True(spanned > 0, "no transaction was open while a run took its bound: the campaign proves nothing");
        Assert.True(kills > 0, "no run was killed");
    }

    private async Task WriteAsync(PgServer server, string database, bool updates, Random random)
    {
        await using var connection = await server.ConnectAsync(database);
        var mine = new List<long>();
        // On a slow machine a run takes longer than a transaction is held.
        while (Interlocked.Read(ref written) < rows
            || (Interlocked.Read(ref spanned) * Interlocked.Read(ref kills) == 0 && Stopwatch.GetElapsedTime(began).TotalMinutes < 3))
        {
            var some = random.Next(1, Math.Max(2, rows / 25));
            var before = Interlocked.Read(ref bounds);
            await ExecuteAsync(connection, "begin");
            var added = new List<long>();
            await using (var insert = new NpgsqlCommand(
                $"insert into t (v) select i from generate_series(1, {some}) i returning id", connection))
            await using (var ids = await insert.ExecuteReaderAsync())
            {
                while (await ids.ReadAsync()) added.Add(ids.GetInt64(0));
            }
            if (updates && mine.Count > 0)
            {
                var old = Enumerable.Range(0, 5).Select(_ => mine[random.Next(mine.Count)]);
                await ExecuteAsync(connection, $"update t set v = v + 1, at = clock_timestamp() where id in ({string.Join(',', old)})");
            }
            // Mostly short, now and then as long as it may be.
            await Task.Delay(TimeSpan.FromSeconds(hold * Math.Pow(random.NextDouble(), 3)));
            var keeps = random.Next(10) > 0;
            await ExecuteAsync(connection, keeps ? "commit" : "rollback");
            if (Interlocked.Read(ref bounds) > before) Interlocked.Increment(ref spanned);
            Interlocked.Increment(ref transactions);
            if (!keeps) continue;
            mine.AddRange(added);
            Interlocked.Add(ref written, some);
        }
    }

    private async Task FollowAsync(Scratch scratch, string job)
    {
        var random = new Random(7);
        while (!ended)
        {
            await using (var pawl = PawlProcess.Start(scratch, ["run", job, "--quiet", "--progress", "json"]))
            {
                if (await pawl.SaidAsync("\"table.planned\"", 1)) Interlocked.Increment(ref bounds);
                if (random.Next(2) == 0)
                {
                    var wait = random.Next(3) == 0 ? "\"lane.opened\"" : "\"lane.committed\"";
                    if (await pawl.SaidAsync(wait, random.Next(1, 4)) && !pawl.HasExited)
                    {
                        pawl.Send(Signal.Kill);
                        Interlocked.Increment(ref kills);
                    }
                }
                var exit = await pawl.WaitAsync();
                // Temporary: transactions stayed open longer than it waits.
                Assert.True(exit.Code is 0 or 5 or PawlExit.Killed, exit.ToString());
            }
            Interlocked.Increment(ref runs);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
