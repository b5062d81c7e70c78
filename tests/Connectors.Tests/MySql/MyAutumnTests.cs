using System.Globalization;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Verify;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// The night in which clocks are set back, on a real server: its zone has such a night in a few seconds, and goes back by some seconds, so
/// that times that were there once come again. Nothing is lost and nothing comes twice.
/// </summary>
public sealed class MyAutumnTests
{
    private static readonly TimeSpan Winter = TimeSpan.FromHours(1), Shift = TimeSpan.FromSeconds(6);

    /// <summary>A zone whose summer ends at that moment. https://pubs.opengroup.org/onlinepubs/9799919799/ chapter 8, TZ.</summary>
    private static string Zone(DateTime end)
    {
        var local = end + Winter + Shift;
        var summer = (Winter + Shift).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"WWW-1SSS-{summer},0/0,{local.DayOfYear - 1}/{local:HH\\:mm\\:ss}");
    }

    [Fact]
    public async Task Windows_over_the_end_of_summer_bring_every_row_once()
    {
        var end = TimeProvider.System.GetUtcNow().UtcDateTime + TimeSpan.FromSeconds(30);
        await using var server = await MariaDbServer.StartInAsync(Zone(end));
        await using var pg = await PgFixture.NewAsync();
        await using var source = await MyFixture.NewAsync(server);
        await source.RunAsync("create table t (id int auto_increment primary key, ts timestamp(6) not null, dt datetime(6) not null)");
        // No key: a row that came twice would stay.
        foreach (var name in Cursors) await pg.RunAsync($"create table {name}_t (id bigint, ts timestamptz, dt timestamp)");
        await using var open = await server.ConnectAsync(source.Database);
        Assert.True(await IsSummerAsync(), "the server began too late for its summer");
        await InsertAsync(3);
        await RunAsync(source, pg);
        await open.ExecuteAsync("set time_zone = 'SYSTEM'", default);
        await open.ExecuteAsync("start transaction", default);
        await open.ExecuteAsync("insert into t (ts, dt) values (now(6), now(6))", default);
        for (var id = 0; await IsSummerAsync(); id++)
        {
            await InsertAsync(1);
            if (id % 8 == 0) await RunAsync(source, pg);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        // Wall clocks show again what they showed before.
        for (var id = 0; id < 10; id++)
        {
            await InsertAsync(1);
            if (id % 4 == 0) await RunAsync(source, pg);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        await open.ExecuteAsync("commit", default);
        await InsertAsync(2);
        await Task.Delay(Shift + TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        await RunAsync(source, pg);
        Assert.True(int.Parse((await server.RowsAsync(null, "select count(*) from " + source.Database + ".t a join " + source.Database
            + ".t b on b.id > a.id and b.dt < a.dt"))[0], CultureInfo.InvariantCulture) > 5, "no time came again: nothing is shown");
        var there = await source.RowsAsync("select id from t order by id");
        foreach (var name in Cursors) Assert.Equal(there, await pg.RowsAsync($"select id from {name}_t order by id"));

        async Task<bool> IsSummerAsync() => (await server.RowsAsync(null,
            "select timestampdiff(second, utc_timestamp(), convert_tz(utc_timestamp(), '+00:00', 'SYSTEM'))"))[0] != "3600";

        // A session as applications have it: in the server's own zone.
        async Task InsertAsync(int rows)
        {
            await using var session = await server.ConnectAsync(source.Database);
            await session.ExecuteAsync("set time_zone = 'SYSTEM'", default);
            for (var i = 0; i < rows; i++) await session.ExecuteAsync("insert into t (ts, dt) values (now(6), now(6))", default);
        }
    }

    private static readonly string[] Cursors = ["ts", "dt"];

    private static async Task RunAsync(MyFixture source, PgFixture pg)
    {
        foreach (var name in Cursors)
        {
            var summary = await new CopyJob
            {
                Name = $"by {name}", From = source.Here(), To = pg.Here(), Verify = VerifyLevel.None,
                Tables =
                [
                    CopyJob.Table($"{source.Database}.t", $"public.{name}_t") with
                    {
                        // Times without a zone are of the server's clock: winter's is the one that is never ahead of it.
                        Cursor = new CursorRule([name], TimeSpan.Zero, null, name == "dt" ? Winter : null),
                    },
                ],
            }.RunAsync();
            Assert.True(summary.Status is RunStatus.Done or RunStatus.NothingToDo,
                $"{summary.Status} {summary.Error?.Message} {summary.Tables.FirstOrDefault()?.Error?.Message}");
        }
    }
}
