using Pawl.Connectors.MySql.Protocol;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What a server is set to for everybody, and what that would do to a copy, does not reach sessions of Pawl.</summary>
public sealed class MyServerSettingsTests
{
    private static readonly string[] Hostile =
    [
        "sql_select_limit = 1000", "completion_type = 'CHAIN'", "sql_notes = 0", "max_sort_length = 64", "check_constraint_checks = 0",
        "system_versioning_asof = '2020-01-01 00:00:00'", "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
        "sql_safe_updates = 1", "sql_auto_is_null = 1", "max_join_size = 10", "time_zone = '+07:00'", "autocommit = 0",
        "foreign_key_checks = 0", "unique_checks = 0", "tx_isolation = 'READ-UNCOMMITTED'",
        "lock_wait_timeout = 0", "net_write_timeout = 1", "character_set_client = latin1", "character_set_results = latin1",
        "collation_connection = latin1_german2_ci", "lc_messages = 'de_DE'", "group_concat_max_len = 4", "div_precision_increment = 0",
        "default_tmp_storage_engine = 'MEMORY'", "default_storage_engine = 'Aria'",
    ];

    [Fact]
    public async Task What_a_server_is_set_to_for_everybody_loses_and_changes_no_row()
    {
        await using var server = await MariaDbServer.StartAsync();
        var (from, to) = (await server.CreateDatabaseAsync(), await server.CreateDatabaseAsync());
        await server.ExecuteAsync(from, "create table t (id int primary key, v varchar(20), at timestamp(6), c int check (c >= 0))",
            "insert into t select seq, concat('é\\\\', seq), '2026-03-29 00:59:59.5' + interval seq second, seq from seq_1_to_5000",
            "create table k (id int)", "insert into k select seq from seq_1_to_5000",
            "create table h (id int primary key, v int) with system versioning", "insert into h select seq, 1 from seq_1_to_3000",
            "update h set v = 2 where id <= 10");
        foreach (var setting in Hostile) await server.ExecuteAsync(null, $"set global {setting}");
        await using var fixture = MyFixture.In(server, from);
        await using var source = await fixture.SourceAsync();
        foreach (var (table, rows) in new[] { ("t", 5_000), ("k", 5_000), ("h", 3_000) })
        {
            Assert.Equal(rows, (await source.AllAsync(table)).Count);
            Assert.Equal(rows, await ((ICountsRows)source.Source).CountAsync(await source.TableAsync(table), new ReadOptions(), default));
        }
        var job = new CopyJob
        {
            From = fixture.Here(), To = MyFixture.In(server, to).Here(), Verify = VerifyLevel.Digest, Rows = 700,
            Tables = [.. new[] { "t", "k", "h" }.Select(t => CopyJob.Table($"{from}.{t}", $"{to}.{t}"))],
        };
        await job.DoneAsync();
        Assert.All(await job.VerifyAsync(), v => Assert.True(v is { Conclusive: true, Equal: true }, v.ToString()));
        await using var session = await server.ConnectAsync(to);
        Assert.Equal(["5000|0|5000|3000|10"], await MyServer.RowsAsync(session, $"select (select count(*) from t), (select count(*) from "
            + $"{from}.t join t using (id) where not ({from}.t.v <=> t.v and {from}.t.at <=> t.at)), (select count(*) from k), "
            + "(select count(*) from h), (select sum(v = 2) from h)"));
        // What a session of Pawl writes is checked.
        var refused = await Assert.ThrowsAsync<MyServerException>(async () =>
            await session.ExecuteAsync("insert into t (id, c) values (0, -1)", default));
        Assert.Equal(4025, refused.Number);
        // And digits that are cut are told.
        await session.ExecuteAsync("create table d (x decimal(3,1))", default);
        Assert.Equal(1, (await session.ExecuteAsync("insert into d values (1.25)", default)).Warnings);
    }
}
