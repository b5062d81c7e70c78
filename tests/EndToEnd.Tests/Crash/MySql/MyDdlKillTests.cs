using Pawl.Connectors.MySql.Protocol;
using Pawl.Connectors.Tests.MySql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>What a server is doing for Pawl when it is disturbed.</summary>
public enum MyDdl
{
    /// <summary>CREATE TABLE waits for somebody who lets no table be changed.</summary>
    Create,
    /// <summary>An index is made once the rows are there.</summary>
    Index,
    /// <summary>A column may be NULL by now, as at the source, in a table full of rows.</summary>
    Follow,
}

/// <summary>What happens to it.</summary>
public enum MyDdlEnd { RunnerKilled, ServerKilled, BothKilled, RunnerStopped }

/// <summary>
/// DDL commits by itself, and goes on when its client is gone. Killed in the middle of it, the table is made, finished or altered by
/// whoever comes next, once. <c>PAWL_DDL_ROWS</c> = rows of the table (default 40 000).
/// </summary>
public sealed class MyDdlKillTests(MyDdlKillTests.Servers servers) : IClassFixture<MyDdlKillTests.Servers>
{
    private const string Indexes = "select index_name, non_unique, seq_in_index, column_name from information_schema.statistics "
        + "where table_schema = database() and table_name = 'big' order by 1, 3",
        Columns = "select column_name, column_type, is_nullable from information_schema.columns "
            + "where table_schema = database() and table_name = 'big' order by ordinal_position",
        // The same words in every kind of database.
        Everything = "select concat_ws('|', id, a, coalesce(b, '-'), coalesce(c, -1)) from big order by id";

    private static readonly int Rows = CampaignSettings.Number("PAWL_DDL_ROWS") ?? 40_000;

    /// <summary>A server of its own for the target, and those of the sources.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        internal MariaDbServer Of { get; private set; } = null!;
        internal PgServer Pg { get; private set; } = null!;
        internal MariaDbServer To { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            (Of, Pg, To) = (await MariaDbServer.SharedAsync(), await PgServer.SharedAsync(), await MariaDbServer.StartAsync());

        public ValueTask DisposeAsync() => To.DisposeAsync();
    }

    public static TheoryData<MyDdl, MyDdlEnd> Ends => new(CampaignSettings.Slice(6,
        (MyDdl.Create, MyDdlEnd.RunnerKilled), (MyDdl.Index, MyDdlEnd.RunnerKilled), (MyDdl.Index, MyDdlEnd.ServerKilled),
        (MyDdl.Index, MyDdlEnd.RunnerStopped), (MyDdl.Follow, MyDdlEnd.RunnerKilled), (MyDdl.Follow, MyDdlEnd.ServerKilled),
        (MyDdl.Create, MyDdlEnd.ServerKilled), (MyDdl.Create, MyDdlEnd.BothKilled), (MyDdl.Index, MyDdlEnd.BothKilled),
        (MyDdl.Follow, MyDdlEnd.BothKilled), (MyDdl.Follow, MyDdlEnd.RunnerStopped)));

    [Theory, MemberData(nameof(Ends))]
    public async Task Whoever_comes_next_does_it_once(MyDdl ddl, MyDdlEnd end)
    {
        await using var copy = await Copy.NewAsync(servers, ddl);
        await using (var watcher = await copy.WatchAsync())
        {
            await using var pawl = copy.Start();
            await Until.TrueAsync(async () =>
            {
                if (pawl.HasExited) Assert.Fail((await pawl.WaitAsync()).ToString());
                return await copy.IsAtItAsync(watcher);
            }, "the server to be at it", TimeSpan.FromMinutes(5));
            if (end == MyDdlEnd.RunnerStopped) await copy.TakenOverAsync(pawl);
            if (end is MyDdlEnd.RunnerKilled or MyDdlEnd.BothKilled)
            {
                pawl.Send(Signal.Kill);
                Assert.Equal(PawlExit.Killed, (await pawl.WaitAsync()).Code);
            }
            if (end is MyDdlEnd.ServerKilled or MyDdlEnd.BothKilled)
            {
                await servers.To.CrashAsync();
                await servers.To.StartAgainAsync();
            }
            if (end == MyDdlEnd.ServerKilled) Copy.Expect(await pawl.WaitAsync(TimeSpan.FromMinutes(5)));
        }
        await copy.DoneAsync();
        await copy.SameAsync();
        // And nothing is left to be done.
        await copy.DoneAsync();
        await copy.SameAsync();
    }

    /// <summary>A job that comes to its DDL with the next run.</summary>
    private sealed class Copy(Servers servers, MyDdl ddl, string from, string to) : IAsyncDisposable
    {
        private readonly Scratch scratch = new();

        private string Job => scratch.At("job.yaml");

        /// <summary>No ALTER of a MariaDB source is followed: it makes another table of it.</summary>
        private bool IsFromPg => ddl == MyDdl.Follow;

        public static async Task<Copy> NewAsync(Servers servers, MyDdl ddl)
        {
            var from = ddl == MyDdl.Follow ? await servers.Pg.CreateDatabaseAsync() : await servers.Of.CreateDatabaseAsync();
            var copy = new Copy(servers, ddl, from, await servers.To.CreateDatabaseAsync());
            await copy.MakeAsync();
            return copy;
        }

        private async Task MakeAsync()
        {
            if (IsFromPg) await servers.Pg.ExecuteAsync(from, """
                create table big (id bigint primary key, a varchar(60) not null, b varchar(60), c int not null)
                """, FormattableString.Invariant($"""
                insert into big select i * 7, md5(i::text), case when i % 9 <> 0 then md5((i * 3)::text) || 'é' end, i % 1000
                  from generate_series(1, {Rows}) i
                """));
            else await servers.Of.ExecuteAsync(from, """
                create table big (id bigint primary key, a varchar(60) not null, b varchar(60), c int not null,
                  unique key ab (a, id), key b (b), key ca (c, a))
                """, FormattableString.Invariant($"""
                insert into big select seq * 7, md5(seq), if(seq % 9 = 0, null, concat(md5(seq * 3), 'é')), seq % 1000 from seq_1_to_{Rows}
                """));
            scratch.Write("job.yaml", $$"""
                version: 1
                name: ddl
                source: {{(IsFromPg ? $"postgres://postgres@127.0.0.1:{servers.Pg.Port}/{from}" : At(servers.Of, from))}}
                target: {{At(servers.To, to)}}
                schema: {changes: evolve}
                defaults:
                  commit: {rows: {{Rows / 3}} }
                  on_error: {retry: {times: 1000, run_budget: 100k, backoff: 20ms..500ms} }
                tables:
                  {{(IsFromPg ? "public" : from)}}.big: {target: big, splits: 1}
                """);
            // Pawl's own tables are there, that of the rows is not.
            if (ddl == MyDdl.Create) await LeaveAsync("plan-saved");
            if (ddl != MyDdl.Follow) return;
            await LeaveAsync("commit-done:2");
            await servers.Pg.ExecuteAsync(from, "alter table big alter c drop not null",
                FormattableString.Invariant($"update big set c = null where id > {7 * Rows - 70}"));
        }

        private async Task LeaveAsync(string point)
        {
            var end = await PawlProcess.RunAsync(scratch, ["run", Job], ("PAWL_KILL_AT", point));
            Assert.True(end.Code == PawlExit.Killed, end.ToString());
        }

        public PawlProcess Start() => PawlProcess.Start(scratch, ["run", Job]);

        /// <summary>A session that sees what the others do; where CREATE TABLE is to wait, it lets no table be changed.</summary>
        public async Task<MyConnection> WatchAsync()
        {
            var connection = await servers.To.ConnectAsync(to);
            if (ddl != MyDdl.Create) return connection;
            foreach (var stage in (string[])["start", "flush", "block_ddl"])
            {
                await connection.ExecuteAsync("backup stage " + stage, default);
            }
            return connection;
        }

        public async Task<bool> IsAtItAsync(MyConnection watcher)
        {
            var words = ddl switch
            {
                MyDdl.Create => "create table%`big`%", MyDdl.Index => "alter table % add %", _ => "alter table % modify %",
            };
            return (await watcher.RowsAsync("select 1 from information_schema.processlist where id <> connection_id() "
                + $"and db = '{to}' and info like '{words}'", default)).Count > 0;
        }

        /// <summary>A stopped runner's sessions hold the table's name and the fence. The heir ends them and fences the sleeper.</summary>
        public async Task TakenOverAsync(PawlProcess sleeper)
        {
            Assert.True(await Signals.FreezeAsync(sleeper), "it ended before it could be stopped");
            await servers.To.ExecuteAsync(to, "update pawl_job set heartbeat = heartbeat - 3600000");
            await DoneAsync();
            await SameAsync();
            sleeper.Send(Signal.Continue);
            var fenced = await sleeper.WaitAsync();
            Assert.True(fenced.Code == 6 && fenced.Err.Contains(Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        }

        public async Task DoneAsync() => Expect(await PawlProcess.RunAsync(scratch, "run", Job));

        public static void Expect(PawlExit end) => Assert.True(end.Code == 0, end.ToString());

        /// <summary>Rows, columns and indexes are the source's, and no half of a table is left.</summary>
        public async Task SameAsync()
        {
            if (IsFromPg) Assert.Equal(await servers.Pg.RowsAsync(from, Everything), await servers.To.RowsAsync(to, Everything));
            else foreach (var look in (string[])[Everything, Indexes, Columns])
            {
                Assert.Equal(await servers.Of.RowsAsync(from, look), await servers.To.RowsAsync(to, look));
            }
            Assert.Equal(["|0"], await servers.To.RowsAsync(to, $"""
                select table_comment, (select count(*) from information_schema.innodb_sys_tables where name like '{to}/#sql%')
                from information_schema.tables where table_schema = database() and table_name = 'big'
                """));
        }

        private static string At(MariaDbServer server, string database) =>
            FormattableString.Invariant($"mysql://root@127.0.0.1:{server.Port}/{database}");

        public async ValueTask DisposeAsync()
        {
            await (IsFromPg ? servers.Pg.DropAsync(from) : servers.Of.DropAsync(from));
            await servers.To.DropAsync(to);
            scratch.Dispose();
        }
    }
}
