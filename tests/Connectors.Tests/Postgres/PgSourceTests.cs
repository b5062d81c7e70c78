using System.Diagnostics;
using Npgsql;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Names, conditions, tables without a key, changes under a plan, rights, cancelling.</summary>
public sealed class PgSourceTests
{
    [Fact]
    public async Task Odd_names_are_only_names()
    {
        await using var fixture = await PgFixture.NewAsync();
        string[] odd = ["a\"; drop table x;--", "it's", "select", "two words", "半 角", "🦀", new('n', 63), "Üb.er",
            "st*r?", "back\\slash", "$1", "{}"];
        await fixture.RunAsync("create schema \"S.\"\"x\"", "create table public.x (id int primary key)");
        foreach (var name in odd)
        {
            var q = $"\"{name.Replace("\"", "\"\"")}\"";
            var c = $"\"{name.Replace("\"", "\"\"")[..Math.Min(name.Length, 58)]}c\"";
            await fixture.RunAsync($"create table \"S.\"\"x\".{q} ({q} int primary key, {c} text)",
                $"insert into \"S.\"\"x\".{q} values (1, 'a'), (2, 'b'), (3, null)");
        }
        await using var source = await fixture.SourceAsync();
        foreach (var name in odd)
        {
            var table = await source.TableAsync("S.\"x." + name);
            Assert.Equal(new TableName("S.\"x", name), table.Name);
            var rows = await source.ReadAsync(table, rows: 2);
            Assert.Equal(3, rows.Count);
            Assert.Single(await source.ReadAsync(table, after: rows[1].Commit));
            Assert.Equal(3, await ((ICountsRows)source.Source).CountAsync(table, new(), default));
            Assert.NotEmpty(await source.Source.PlanAsync(table, new ReadOptions { Splits = 3 }, default));
        }
        Assert.Equal(["public.x"], await fixture.RowsAsync("select 'public.x' from pg_class where relname = 'x'"));
    }

    [Fact]
    public async Task A_table_of_1600_columns_is_read()
    {
        await using var fixture = await PgFixture.NewAsync();
        var columns = Enumerable.Range(0, 1600).Select(i => FormattableString.Invariant($"c{i} int2"));
        await fixture.RunAsync($"create table t ({string.Join(", ", columns)}, primary key (c0))",
            $"insert into t values ({string.Join(", ", Enumerable.Range(0, 1600))})", "insert into t (c0) values (-5)");
        await using var source = await fixture.SourceAsync();
        var rows = await source.AllAsync("t");
        Assert.Equal(2, rows.Count);
        Assert.EndsWith("\"c1599\":null}", rows[0]);
        Assert.EndsWith("\"c1599\":1599}", rows[1]);
    }

    [Fact]
    public async Task A_partitioned_table_is_one_table_and_an_inheritance_child_another()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table p (id int, day date, primary key (id, day)) partition by range (day)",
            "create table p1 partition of p for values from ('2026-01-01') to ('2026-02-01')",
            "create table p2 partition of p default",
            "insert into p select i, date '2026-01-01' + i % 60 from generate_series(1, 500) i", "analyze p",
            "create table parent (id int primary key)", "create table child (primary key (id)) inherits (parent)",
            "insert into parent values (1)", "insert into child values (1), (2)",
            "create table keyless (id int) partition by hash (id)", "create table k0 partition of keyless for values with (modulus 1, remainder 0)",
            "insert into keyless select generate_series(1, 5)", "create temp table gone (id int)");
        await using var source = await fixture.SourceAsync();
        Assert.Equal(["child", "keyless", "p", "parent"],
            (await source.Source.DescribeAsync(new TablePattern("public.*"), default)).Select(t => t.Name.Name));
        var table = await source.TableAsync("p");
        Assert.Equal(500, table.EstimatedRows);
        var options = new ReadOptions { Splits = 4 };
        var rows = new List<string>();
        foreach (var split in await source.Source.PlanAsync(table, options, default))
        {
            rows.AddRange((await source.ReadAsync(table, options, split)).Select(r => r.Row));
        }
        Assert.Equal(500, rows.Distinct().Count());
        Assert.Equal(500, rows.Count);
        Assert.Single(await source.AllAsync("parent"));
        Assert.Equal(2, (await source.AllAsync("child")).Count);
        var whole = Assert.Single(await source.Source.PlanAsync(await source.TableAsync("keyless"), options, default));
        Assert.Equal(5, (await source.ReadAsync(await source.TableAsync("keyless"), split: whole)).Count);
    }

    [Theory]
    [InlineData("id < ")]
    [InlineData("no_such_column = 1")]
    [InlineData("id")]
    [InlineData("id = 1; drop table t")]
    [InlineData("id = 1) or (1 = 1")]
    [InlineData("id = 1 -- ) \n ) or (true")]
    [InlineData("id = 1 /* open")]
    [InlineData("v = 'open")]
    [InlineData("v = E'\\'' ) or (true or v = '")]
    [InlineData("v = $$open")]
    [InlineData("sum(id) > 1")]
    public async Task A_wrong_condition_is_told_before_anything_is_read(string where)
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)", "insert into t values (1, 'x')");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        foreach (var look in new Func<SourceUnderTest, Task>[]
        {
            async s => await s.Source.PlanAsync(table, new ReadOptions { Where = where }, default),
            s => s.ReadAsync(table, new ReadOptions { Where = where }),
            async s => await ((ICountsRows)s.Source).CountAsync(table, new ReadOptions { Where = where }, default),
        })
        {
            var thrown = await source.FailureAsync(look);
            Assert.Equal((Fault.Configuration, Codes.ExpressionInvalid), (thrown.Fault, thrown.Code));
            Assert.Equal(where, thrown.Details["expression"]);
        }
    }

    [Theory]
    [InlineData("v = 'a)b' -- it's )", 1)]
    [InlineData("v = $q$x;y$q$ /* ( /* nested ) */ */", 1)]
    [InlineData("v like E'a\\')%'", 1)]
    [InlineData("public.is_even(id)", 2)]
    [InlineData("is_even(id)", 2)]
    public async Task A_condition_means_what_it_means_in_the_users_own_session(string where, int expected)
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)",
            "insert into t values (1, 'a)b'), (2, 'x;y'), (3, 'a'')c'), (4, 'z')",
            "create function public.is_even(i int) returns bool language sql immutable return i % 2 = 0");
        await using var source = await fixture.SourceAsync();
        Assert.Equal(expected, (await source.AllAsync("t", where)).Count);
        var table = await source.TableAsync("t");
        Assert.Equal(expected, await ((ICountsRows)source.Source).CountAsync(table, new ReadOptions { Where = where }, default));
    }

    [Fact]
    public async Task A_table_without_a_key_is_read_once_while_it_changes()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (n int, pad text)", "insert into t select i, repeat('x', 500) from generate_series(1, 3000) i");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Equal(KeyKind.None, table.Key.Kind);
        var options = new ReadOptions { Splits = 5, Columns = ["n"] };
        var splits = await source.Source.PlanAsync(table, options, default);
        Assert.Equal(5, splits.Count);
        Assert.All(splits, s => Assert.Equal(SplitLifetime.Snapshot, s.Lifetime));
        var rows = new List<string>();
        foreach (var split in splits)
        {
            Position? after = null;
            while (await source.ReadAsync(table, options, split, after, rows: 97) is { Count: > 0 } rest)
            {
                // Every update moves the row to another place, vacuum would clean up after it.
                await fixture.RunAsync($"update t set pad = repeat('y', 500) where n % 7 = {split.Index}", "delete from t where n % 11 = 3",
                    "insert into t select -i, '' from generate_series(1, 50) i", "vacuum t");
                rows.AddRange(rest.Take(97).Select(r => r.Row));
                after = rest[Math.Min(97, rest.Count) - 1].Commit;
                Assert.NotNull(after);
            }
        }
        Assert.Equal(Enumerable.Range(1, 3000).Select(i => $"{{\"n\":{i}}}").Order(), rows.Order());
        Assert.Equal(PositionOrder.Before, await source.Source.CompareAsync(table, splits[0].After!, splits[1].After!, default));
    }

    [Fact]
    public async Task A_snapshot_that_somebody_holds_is_read_by_every_table()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table keyed (id int primary key)", "create table keyless (id int)",
            "insert into keyed select generate_series(1, 100)", "insert into keyless select generate_series(1, 100)");
        await using var holder = await fixture.Server.ConnectAsync(fixture.Database);
        await using var transaction = await holder.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using var export = new NpgsqlCommand("select pg_export_snapshot()", holder);
        var snapshot = (string)(await export.ExecuteScalarAsync())!;
        await fixture.RunAsync("delete from keyed where id > 10", "delete from keyless where id > 10");
        await using var source = new SourceUnderTest(await new PgConnector().OpenSourceAsync(fixture.Here(),
            PgFixture.Context with { Snapshot = snapshot }, default));
        foreach (var name in new[] { "keyed", "keyless" })
        {
            var table = await source.TableAsync(name);
            var rows = 0;
            foreach (var split in await source.Source.PlanAsync(table, new ReadOptions { Splits = 3 }, default))
            {
                rows += (await source.ReadAsync(table, split: split)).Count;
            }
            Assert.Equal(100, rows);
        }
        await transaction.RollbackAsync();
        var thrown = await source.FailureAsync(async s => await s.ReadAsync(await s.TableAsync("keyed")));
        Assert.Equal((Fault.PositionLost, Codes.SnapshotLost), (thrown.Fault, thrown.Code));
    }

    [Fact]
    public async Task A_lost_snapshot_is_found_out_not_replaced()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (n int)", "insert into t select generate_series(1, 1000)");
        Split split;
        TableSchema table;
        await using (var first = await fixture.SourceAsync())
        {
            table = await first.TableAsync("t");
            split = (await first.Source.PlanAsync(table, new ReadOptions { Splits = 2 }, default))[0];
            Assert.NotEmpty(await first.ReadAsync(table, split: split));
        }
        await using var source = await fixture.SourceAsync();
        var thrown = await source.FailureAsync(s => s.ReadAsync(table, split: split));
        Assert.Equal((Fault.PositionLost, Codes.SnapshotLost), (thrown.Fault, thrown.Code));

        // The same name again, exported by another session, is another snapshot.
        var fresh = (await source.Source.PlanAsync(table, new ReadOptions { Splits = 2 }, default))[0];
        var (token, _) = PgSnapshotToken.Read(fresh.After!);
        var forged = split with { After = (token with { Started = token.Started - 1 }).At(0, 0), Through = null };
        Assert.Equal(Codes.SnapshotLost, (await source.FailureAsync(s => s.ReadAsync(table, split: forged))).Code);
    }

    [Fact]
    public async Task A_table_that_is_not_the_planned_one_any_more_is_refused()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)", "insert into t values (1, 'x')", "create table u (id int)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await fixture.RunAsync("truncate t", "vacuum full t", "alter table t rename to s", "alter table s rename to t",
            "alter table t add w int");
        Assert.Empty(await source.ReadAsync(table));
        await fixture.RunAsync("alter table t alter v type varchar(5)");
        var changed = await source.FailureAsync(s => s.ReadAsync(table));
        Assert.Equal((Fault.Schema, Codes.SchemaChanged, "v"), (changed.Fault, changed.Code, changed.Details["column"]));
        await fixture.RunAsync("drop table t", "create table t (id int primary key, v text)");
        var recreated = await source.FailureAsync(s => s.ReadAsync(table));
        Assert.Equal((Fault.PositionLost, Codes.TableRecreated), (recreated.Fault, recreated.Code));
        await fixture.RunAsync("drop table t");
        Assert.Equal(Codes.TableMissing, (await source.FailureAsync(s => s.ReadAsync(table))).Code);
        await fixture.RunAsync("alter table u rename to t");
        Assert.Equal(Codes.TableRecreated, (await source.FailureAsync(s => s.ReadAsync(table))).Code);
    }

    [Fact]
    public async Task A_missing_right_names_the_statement_that_gives_it()
    {
        await using var fixture = await PgFixture.NewAsync();
        var role = $"weak_{fixture.Database}";
        await fixture.RunAsync($"create role {role} login", "create schema s", "create table s.t (id int primary key, secret text)",
            "insert into s.t values (1, 'x'), (2, 'y')");
        await using var source = new SourceUnderTest(
            await new PgConnector().OpenSourceAsync(fixture.Here() with { User = role }, PgFixture.Context, default));
        var table = await source.TableAsync("s.t");
        async Task Expect(string grant, ReadOptions? options = null)
        {
            var thrown = await source.FailureAsync(s => s.ReadAsync(table, options));
            Assert.Equal((Fault.Permission, Codes.GrantMissing), (thrown.Fault, thrown.Code));
            Assert.Equal(grant, thrown.Details["grant"]);
            Assert.Equal(grant, (await source.FailureAsync(async s => await s.Source.PlanAsync(table, options ?? new(), default))).Details["grant"]);
            await fixture.RunAsync(grant);
        }
        await Expect($"GRANT USAGE ON SCHEMA \"s\" TO \"{role}\"");
        await fixture.RunAsync($"grant select (id) on s.t to {role}");
        Assert.Equal(2, (await source.ReadAsync(table, new ReadOptions { Columns = ["id"] })).Count);
        await Expect($"GRANT SELECT ON TABLE \"s\".\"t\" TO \"{role}\"");
        await fixture.RunAsync("alter table s.t enable row level security", "create policy odd on s.t using (id % 2 = 1)");
        await Expect($"ALTER ROLE \"{role}\" BYPASSRLS");
        Assert.Equal(2, (await source.ReadAsync(table)).Count);
        await fixture.RunAsync($"drop owned by {role}", $"drop role {role}");
    }

    [Fact]
    public async Task A_cancelled_read_ends_its_statement_at_the_server()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)",
            "insert into t select i, repeat('x', 200) from generate_series(1, 200000) i",
            "create function slow(i int) returns bool language plpgsql as $$ begin perform pg_sleep(3600); return true; end $$");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        foreach (var where in new[] { null, "id < 100000 or slow(id)", "slow(id)" })
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(700));
            var clock = Stopwatch.StartNew();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var e in source.Source.ReadAsync(table, new ReadOptions { Where = where }, new Split { Index = 0 }, null, null,
                    new BatchBudget(10, 1 << 20), cancel.Token))
                {
                    ((RowsEvent)e).Batch.Dispose();
                    if (where is null) await cancel.CancelAsync();
                }
            });
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{where}: took {clock.Elapsed}");
            await NoReaderIsLeftAsync(fixture);
        }
        // A consumer that just stops leaves nothing behind either.
        await foreach (var e in source.Source.ReadAsync(table, new(), new Split { Index = 0 }, null, null, new BatchBudget(10, 1 << 20), default))
        {
            ((RowsEvent)e).Batch.Dispose();
            break;
        }
        await NoReaderIsLeftAsync(fixture);
    }

    [Fact]
    public async Task A_read_from_a_stopped_backend_can_be_left()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)",
            "insert into t select i, repeat('x', 1000) from generate_series(1, 100000) i");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var pid = 0;
        var clock = new Stopwatch();
        try
        {
            await foreach (var e in source.Source.ReadAsync(table, new(), new Split { Index = 0 }, null, null, new BatchBudget(10, 1 << 20),
                default))
            {
                ((RowsEvent)e).Batch.Dispose();
                var found = await fixture.RowsAsync($"select pid from pg_stat_activity where datname = '{fixture.Database}' "
                    + "and application_name like '%/read'");
                pid = int.Parse(found[0], System.Globalization.CultureInfo.InvariantCulture);
                using (var stop = Process.Start("kill", ["-STOP", found[0]])) await stop.WaitForExitAsync();
                clock.Start();
                break;
            }
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(40), $"took {clock.Elapsed}");
        }
        finally
        {
            using var go = Process.Start("kill", ["-CONT", FormattableString.Invariant($"{pid}")]);
            await go.WaitForExitAsync();
        }
        await NoReaderIsLeftAsync(fixture);
    }

    /// <summary>A session ends a moment after its client has gone.</summary>
    private static async Task NoReaderIsLeftAsync(PgFixture fixture)
    {
        var clock = Stopwatch.StartNew();
        while (await fixture.RowsAsync($"select query from pg_stat_activity where datname = '{fixture.Database}' "
            + "and application_name like '%/read'") is { Count: > 0 } left)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), left[0]);
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task A_terminated_reader_is_a_transient_fault_and_the_source_recovers()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)",
            "insert into t select i, repeat('x', 1000) from generate_series(1, 50000) i");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var ended = false;
        var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
        {
            await foreach (var e in source.Source.ReadAsync(table, new(), new Split { Index = 0 }, null, null, new BatchBudget(10, 1 << 20),
                default))
            {
                ((RowsEvent)e).Batch.Dispose();
                if (ended) continue;
                ended = true;
                await fixture.RunAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{fixture.Database}' "
                    + "and application_name like 'pawl/%'");
            }
        });
        Assert.Equal(Fault.Transient, thrown.Fault);
        await Assert.ThrowsAnyAsync<PawlException>(async () => await source.Source.DescribeAsync(new TablePattern("*"), default));
        Assert.Single(await source.Source.DescribeAsync(new TablePattern("public.t"), default));
    }

    [Fact]
    public async Task Values_far_larger_than_a_buffer_arrive_whole()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v bytea, w text)",
            "insert into t select i, decode(repeat(lpad(to_hex(i), 2, '0'), case when i % 3 = 0 then 3000000 else i end), 'hex'), "
            + "repeat('棘', case when i % 4 = 0 then 100000 else 3 end) from generate_series(0, 30) i");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var seen = 0;
        await foreach (var e in source.Source.ReadAsync(table, new(), new Split { Index = 0 }, null, null, new BatchBudget(7, 1_000_000), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            for (var row = 0; row < batch.Rows; row++, seen++)
            {
                var (bytes, text) = ((BytesColumn)batch.Columns[1], (BytesColumn)batch.Columns[2]);
                Assert.Equal(seen % 3 == 0 ? 3_000_000 : seen, bytes[row].Length);
                Assert.Equal(-1, bytes[row].IndexOfAnyExcept((byte)seen));
                Assert.Equal(3 * (seen % 4 == 0 ? 100_000 : 3), text[row].Length);
            }
            Assert.True(batch.Rows == 1 || batch.Bytes < 1_100_000);
        }
        Assert.Equal(31, seen);
    }

    [Fact]
    public async Task A_server_without_a_free_connection_is_asked_again_later()
    {
        await using var fixture = await PgFixture.NewAsync();
        var role = $"few_{fixture.Database}";
        await fixture.RunAsync($"create role {role} login connection limit 1");
        var at = PgOptions.Parse(fixture.Here() with { User = role });
        await using var only = await PgConnections.OpenAsync(at, PgRole.Look, default);
        var thrown = await Assert.ThrowsAsync<PawlException>(async () => await PgConnections.OpenAsync(at, PgRole.Look, default));
        Assert.Equal((Fault.Throttled, Codes.TooManyConnections), (thrown.Fault, thrown.Code));
        await only.DisposeAsync();
        await fixture.RunAsync($"drop role {role}");
    }
}
