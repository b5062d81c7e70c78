using Pawl.Connectors.Tests.MySql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.BadInput.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>
/// MySQL itself at the ends of jobs that are killed again and again: at each named point of the commit path in turn, then at random
/// instants, until a run ends well. Compared by Pawl and by SQL of both servers.
/// </summary>
[Trait("needs", "mysql")]
public sealed class MySqlKillTests
{
    private const int Rows = 6_000;
    private static readonly string[] Points =
    [
        "job-acquired:1", "target-prepared:1", "transaction-open:2", "rows-written:2", "ledger-written:2", "commit-done:3",
        "rows-written:5", "lane-final:1",
    ];

    [Theory]
    [InlineData("mysql", "postgres", false)]
    [InlineData("postgres", "mysql", false)]
    [InlineData("mysql", "mariadb", false)]
    [InlineData("mariadb", "mysql", false)]
    [InlineData("mysql", "mysql", false)]
    [InlineData("postgres", "mysql", true)]
    [InlineData("mysql", "mariadb", true)]
    public async Task Killed_again_and_again_every_row_arrives_once(string from, string to, bool bare)
    {
        await using var source = await EndAsync(from);
        await using var target = await EndAsync(to);
        await source.FillAsync(Rows);
        // Without a key a row that came twice would stay.
        if (bare) await target.MakeBareAsync();
        using var scratch = new Scratch();
        var job = scratch.Write("job.yaml", $$"""
            version: 1
            name: killed
            source: "{{source.Address}}"
            target: "{{target.Address}}"
            defaults: {commit: {rows: 100}, on_error: {retry: {times: 3, backoff: 10ms..50ms} } }
            tables:
              {{source.Prefix}}orders: {target: orders, splits: 3}
              {{source.Prefix}}codes: {target: codes, splits: 2, write: {{(bare ? "insert" : "upsert")}} }

            """);
        var killed = 0;
        foreach (var point in Points)
        {
            var end = await PawlProcess.RunAsync(scratch, ["run", job], ("PAWL_KILL_AT", point));
            Assert.True(end.Code is PawlExit.Killed, $"{point}: {end}");
            killed++;
        }
        var random = new Random(CampaignSettings.Seed);
        for (var i = 0; i < 3; i++)
        {
            await using var pawl = PawlProcess.Start(scratch, ["run", job, "--progress", "json"]);
            await pawl.SaidAsync("\"lane.committed\"", random.Next(1, 12));
            await Task.Delay(random.Next(0, 30));
            pawl.Send(Signal.Kill);
            if ((await pawl.WaitAsync()).Code == PawlExit.Killed) killed++;
        }
        var held = await target.CountAsync("orders");
        Assert.True(killed >= Points.Length && held is > 0 and <= Rows, $"{killed} kills, {held} rows");
        var done = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.True(done.Code == 0, done.ToString());
        var verified = await PawlProcess.RunAsync(scratch, "verify", job, "--level", "digest");
        Assert.True(verified.Code == 0, verified.ToString());
        foreach (var table in new[] { "orders", "codes" })
        {
            var rows = await source.RowsAsync(table);
            Assert.Equal(Rows, rows.Count);
            Assert.Equal(rows, await target.RowsAsync(table));
        }
        Assert.Equal(2, await target.TablesAsync());
    }

    private static async Task<End> EndAsync(string kind)
    {
        if (kind == "postgres")
        {
            var server = await PgServer.SharedAsync();
            return new PgEnd(server, await server.CreateDatabaseAsync());
        }
        MyServer my = kind == "mysql" ? await MySqlServer.SharedAsync() : await MariaDbServer.SharedAsync();
        return new MyEnd(my, await my.CreateDatabaseAsync());
    }

    /// <summary>A database that tells its rows in a form that all kinds write alike.</summary>
    private abstract class End : IAsyncDisposable
    {
        public abstract string Address { get; }
        /// <summary>Before the names of its tables in a job.</summary>
        public abstract string Prefix { get; }
        public abstract Task FillAsync(int rows);
        public abstract Task MakeBareAsync();
        public abstract Task<List<string>> RowsAsync(string table);
        public abstract Task<int> CountAsync(string table);
        /// <summary>Tables that are no books of Pawl's.</summary>
        public abstract Task<int> TablesAsync();
        public abstract ValueTask DisposeAsync();
    }

    private sealed class MyEnd(MyServer server, string database) : End
    {
        public override string Address => MyRig.At(server, database);
        public override string Prefix => database + ".";

        public override Task FillAsync(int rows) => server.ExecuteAsync(database,
            "create table orders (id bigint primary key, customer int not null, total decimal(12,2), placed date, seen datetime(6), "
                + "body varbinary(9), note varchar(60))",
            "create table codes (region varchar(20), code varchar(20), title text, primary key (region, code)) "
                + "character set utf8mb4 collate utf8mb4_general_ci",
            $"set session {(server is MySqlServer ? "cte_max_recursion_depth" : "max_recursive_iterations")} = 100000", $"""
            insert into orders with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
                select if(i % 2 = 0, i * 1000003, -i), i % 97, i * 1.25, date '2026-01-01' + interval i % 400 day,
                    timestamp '2026-01-02 03:04:05.000001' + interval i second, if(i % 3 = 0, x'00ff', null), concat('it''s 🦀 ', i) from n
            """, $"""
            insert into codes with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
                select elt(1 + i % 3, 'North', 'SOUTH', 'ä, "x"'), concat(if(i % 2 = 0, 'C', 'c'), i),
                    nullif(concat('title ', i), 'title 7') from n
            """);

        public override Task MakeBareAsync() => server.ExecuteAsync(database,
            "create table orders (id bigint, customer int, total decimal(12,2), placed date, seen datetime(6), body longblob, "
                + "note longtext)",
            "create table codes (region longtext, code longtext, title longtext)");

        public override async Task<List<string>> RowsAsync(string table) => [.. (await server.RowsAsync(database, table == "orders"
            ? "select id, customer, total, placed, seen, lower(hex(body)), lower(hex(convert(note using utf8mb4))) from orders"
            : "select region, code, title from codes")).Order(StringComparer.Ordinal)];

        public override async Task<int> CountAsync(string table) => int.Parse((await server.RowsAsync(database,
            $"select count(*) from {table}"))[0], System.Globalization.CultureInfo.InvariantCulture);

        public override async Task<int> TablesAsync() => (await server.RowsAsync(database, "select table_name from "
            + "information_schema.tables where table_schema = database() and table_name not like 'pawl\\_%'")).Count;

        public override async ValueTask DisposeAsync() => await server.DropAsync(database);
    }

    private sealed class PgEnd(PgServer server, string database) : End
    {
        public override string Address => PgRig.At(server, database);
        public override string Prefix => "public.";

        public override Task FillAsync(int rows) => server.ExecuteAsync(database,
            "create table orders (id bigint primary key, customer int not null, total numeric(12,2), placed date, seen timestamp, "
                + "body bytea, note varchar(60))",
            "create table codes (region varchar(20), code varchar(20), title text, primary key (region, code))", $"""
            insert into orders select case when i % 2 = 0 then i * 1000003::bigint else -i end, i % 97, i * 1.25,
                date '2026-01-01' + i % 400, timestamp '2026-01-02 03:04:05.000001' + i * interval '1 s',
                case when i % 3 = 0 then '\x00ff'::bytea end, 'it''s 🦀 ' || i from generate_series(1, {rows}) i
            """, $"""
            insert into codes select (array['North', 'SOUTH', 'ä, "x"'])[1 + i % 3], case when i % 2 = 0 then 'C' else 'c' end || i,
                nullif('title ' || i, 'title 7') from generate_series(1, {rows}) i
            """, "analyze");

        public override Task MakeBareAsync() => throw new NotSupportedException();

        public override async Task<List<string>> RowsAsync(string table) => [.. (await server.RowsAsync(database, table == "orders"
            ? "select concat_ws('|', id, customer, total, placed, to_char(seen, 'YYYY-MM-DD HH24:MI:SS.US'), "
                + "coalesce(encode(body, 'hex'), '∅'), encode(convert_to(note, 'UTF8'), 'hex')) from orders"
            : "select concat_ws('|', region, code, coalesce(title, '∅')) from codes")).Order(StringComparer.Ordinal)];

        public override async Task<int> CountAsync(string table) => int.Parse((await server.RowsAsync(database,
            $"select count(*) from {table}"))[0], System.Globalization.CultureInfo.InvariantCulture);

        public override async Task<int> TablesAsync() => (await server.RowsAsync(database, "select table_name from "
            + "information_schema.tables where table_schema = 'public' and table_name not like 'pawl\\_%'")).Count;

        public override async ValueTask DisposeAsync() => await server.DropAsync(database);
    }
}
