using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// Behind one address two servers, each with a table of the same name: what is read of a source is read of the one that was met first.
/// </summary>
public sealed class MyOneServerTests : IAsyncLifetime
{
    private MariaDbServer first = null!, second = null!;
    private string database = null!;
    /// <summary>Where connections lead from now on; null = to one server and the other in turn.</summary>
    private volatile MyServer? now;

    public async ValueTask InitializeAsync()
    {
        (first, second) = (await MariaDbServer.SharedAsync(), await MariaDbServer.StartAsync());
        now = first;
        database = await first.CreateDatabaseAsync();
        await second.ExecuteAsync(null, $"create database {database}");
        foreach (var server in new MyServer[] { first, second })
        {
            await server.ExecuteAsync(database, "create table t (id int primary key, v int)",
                "insert into t select seq, 1 from seq_1_to_100");
        }
        // The second is behind.
        await second.ExecuteAsync(database, "delete from t where id > 50");
    }

    public async ValueTask DisposeAsync()
    {
        await first.DropAsync(database);
        await second.DisposeAsync();
    }

    [Fact]
    public async Task One_moment_of_two_servers_is_none()
    {
        await using var board = new Switchboard(i => now ?? (i % 2 == 0 ? first : second));
        await using var source = await SourceAsync(board);
        now = null;
        Refused(await Assert.ThrowsAsync<PawlException>(async () => await ((IHoldsMoments)source.Source).HoldAsync(default)));
        // On one server there is.
        now = first;
        var name = await ((IHoldsMoments)source.Source).HoldAsync(default);
        Assert.Equal(100, (await source.ReadAsync(await source.TableAsync("t"), new ReadOptions { Snapshot = name })).Count);
    }

    [Fact]
    public async Task A_lock_on_another_server_keeps_nobody_from_writing()
    {
        // Looks, and the eight sessions of a moment; the tenth is the one that locks.
        await using var board = new Switchboard(i => i < 9 ? first : second);
        await using var source = await SourceAsync(board);
        Refused(await Assert.ThrowsAsync<PawlException>(async () => await ((IHoldsMoments)source.Source).HoldAsync(default)));
    }

    [Fact]
    public async Task A_read_that_begins_on_another_server_is_refused()
    {
        await using var board = new Switchboard(_ => now!);
        await using var source = await SourceAsync(board);
        var table = await source.TableAsync("t");
        await using var under = source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(10, 1 << 20), default).GetAsyncEnumerator();
        Assert.True(await under.MoveNextAsync());
        var last = under.Current.Commit;
        ((RowsEvent)under.Current).Batch.Dispose();
        // The one that is under way keeps its session.
        now = second;
        Refused(await Assert.ThrowsAsync<PawlException>(() => source.ReadAsync(table, after: last)));
        Refused(await Assert.ThrowsAsync<PawlException>(async () =>
            await ((ICountsRows)source.Source).CountAsync(table, new ReadOptions(), default)));
        now = first;
        Assert.Equal(90, (await source.ReadAsync(table, after: last)).Count);
    }

    [Fact]
    public async Task A_look_that_has_to_connect_anew_asks_no_other_server()
    {
        await using var board = new Switchboard(_ => now!);
        await using var source = await SourceAsync(board);
        var table = await source.TableAsync("t");
        var open = await first.RowsAsync(null, $"select id from information_schema.processlist where db = '{database}'");
        now = second;
        await first.ExecuteAsync(null, $"kill {Assert.Single(open)}");
        var lost = await Assert.ThrowsAsync<PawlException>(() => source.TableAsync("t"));
        Assert.Equal(Fault.Transient, lost.Fault);
        Refused(await Assert.ThrowsAsync<PawlException>(() => source.TableAsync("t")));
        Refused(await Assert.ThrowsAsync<PawlException>(async () => await source.Source.PlanAsync(table, new ReadOptions(), default)));
        now = first;
        Assert.Equal(100, (await source.ReadAsync(await source.TableAsync("t"))).Count);
    }

    private async Task<MyUnderTest> SourceAsync(Switchboard board) => new(database, await new MySqlConnector().OpenSourceAsync(
        new Endpoint
        {
            Scheme = "mysql", Host = "127.0.0.1", Port = board.Port, Path = database, User = "root", Display = "mysql://board",
            Options = new Dictionary<string, string>(),
        }, MyFixture.Context, default));

    private static void Refused(PawlException e) => Assert.Equal((Fault.PositionLost, Codes.SourceReplaced), (e.Fault, e.Code));
}
