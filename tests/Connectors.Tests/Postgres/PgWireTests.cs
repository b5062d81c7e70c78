using System.Diagnostics;
using System.Runtime.InteropServices;
using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Rows handed on as they come off the wire: only where both ends mean the same by the bytes, and with the same care.</summary>
public sealed class PgWireTests
{
    private static readonly BatchBudget Budget = new(70, 1 << 20);

    /// <summary>What one table is copied into: the plan, whether its rows stayed undecoded, and what the server counted.</summary>
    private sealed record Copied(TablePlan Plan, int Wired, int Decoded, WriteCounts Counts);

    private static TablePlan Plan(PgSinkFixture fixture, ISource source, TableSchema table, TableSchema target, long rejects) => new()
    {
        Source = table.Name, Target = fixture.Name("t"), Generation = 1, SourceSchema = table,
        TargetSchema = target with { Name = fixture.Name("t") }, Splits = [new Split { Index = 0 }],
        Read = new ReadOptions { Columns = ReferenceEquals(table, target) ? null : [.. target.Columns.Select(c => c.Name)] },
        ResultHash = "x", SourceIdentity = source.Identity, RejectLimit = rejects,
    };

    /// <summary>From s to t, one group, through the roles that the engine uses.</summary>
    private static async Task<Copied> CopyAsync(PgSinkFixture fixture, long rejects = 0, string[]? columns = null,
        Func<Task>? between = null, (string, string)[]? options = null, BatchBudget? budget = null)
    {
        await using var source = await new PgConnector().OpenSourceAsync(PgFixture.At(fixture.Server, fixture.Database, options ?? []),
            SinkRunner.Context(), default);
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal($"{fixture.Schema}.s"), default));
        var plan = Plan(fixture, source, table, columns is null ? table
            : Pawl.Transform.Projection.Schema(table, columns), rejects);
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(plan);
        var lane = plan.Lane(runner.Lease.Job, 0);
        await using var writer = await runner.OpenAsync(plan, 0);
        var format = await ((ITakesWire)writer).WireFormatAsync(plan.Source, default);
        var (wired, decoded) = (0, 0);
        var events = format is null ? source.ReadAsync(table, plan.Read, plan.Splits[0], null, null, budget ?? Budget, default)
            : ((IGivesWire)source).ReadWireAsync(table, plan.Read, format, plan.Splits[0], null, null, budget ?? Budget, default);
        await foreach (var e in events)
        {
            var batch = Assert.IsType<RowsEvent>(e).Batch;
            if (batch.Wire is null) decoded++;
            else wired++;
            await writer.WriteAsync(lane, plan.Source, batch, default);
            if (between is not null) await between();
            between = null;
        }
        var counts = (await writer.FlushAsync(default)).GetValueOrDefault(lane);
        await writer.CommitAsync([Entry(lane, counts)], default);
        return new Copied(plan, wired, decoded, counts);
    }

    private static LedgerEntry Entry(LaneId lane, WriteCounts counts) =>
        new() { Lane = lane, Sequence = 1, After = null, Position = null, Counts = counts, Total = counts, Final = true };

    private const string Wide = """
        create table s (id bigint primary key, b boolean, i2 smallint, i4 integer, f4 real, f8 float8, n numeric, n2 numeric(10,2), t text,
            v varchar(9), c char(4), by bytea, d date, tm time(3), ttz timetz, ts timestamp, tz timestamptz(3), iv interval, u uuid, j json,
            jb jsonb, arr int[], ta text[], na numeric(5,1)[], ip inet, mac macaddr, bits bit(3), vb varbit, tsv tsvector, pt point,
            r int4range, mr int4multirange);
        insert into s select k, k % 2 = 0, k, k, 0.1, 'NaN', '-Infinity', k, E'tab\there\\', 'v' || k, 'ab', '\x00ff', 'infinity',
            '24:00', '12:00+01', '294270-01-01', '2020-02-29 12:34:56.789+02', '1 mon -2 days 00:00:00.5', md5(k::text)::uuid, '{"a" :1}',
            '{"a": [1, 2]}', '{1,NULL}', array['a,b', 'c"d', null], '{1.5,NaN}', '10.0.0.0/8', '08:00:2b:01:02:03', B'101', B'1011',
            'a:1 b', '(1,2)', '[1,5)', '{[1,2),[4,6)}' from generate_series(1, 300) k;
        insert into s (id, t) select k, repeat('wide ', 10000) from generate_series(301, 320) k;
        insert into s (id) values (1000);
        """;

    [Fact]
    public async Task Rows_of_every_plain_type_stay_undecoded_and_arrive_as_they_were()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync(Wide);
        var copied = await CopyAsync(fixture);
        Assert.Equal((true, 0, 321L), (copied.Wired > 3, copied.Decoded, copied.Counts.Inserted));
        Assert.Equal(await fixture.QueryAsync("select x::text from s x order by id"),
            await fixture.QueryAsync("select x::text from t x order by id"));
    }

    [Fact]
    public async Task Told_not_to_rows_are_decoded()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (id bigint primary key, n numeric(4,1))", "insert into s values (1, 1.5), (2, null)");
        var copied = await CopyAsync(fixture, options: [("wire", "off")]);
        Assert.Equal((0, 1, 2L), (copied.Wired, copied.Decoded, copied.Counts.Inserted));
        Assert.Equal(["1|1.5", "2|∅"], await fixture.QueryAsync("select * from t order by id"));
    }

    /// <summary>COPY into numeric(9,2) rounds 1.2345 without a word, as it pads, cuts and rounds others.</summary>
    [Theory]
    [InlineData("numeric(10,2)", "numeric(12,2)")]
    [InlineData("numeric(10,2)", "numeric")]
    [InlineData("varchar(5)", "varchar(9)")]
    [InlineData("varchar(5)", "text")]
    [InlineData("timestamp(3)", "timestamp")]
    [InlineData("integer", "bigint")]
    public async Task Types_that_differ_are_decoded(string from, string to)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync($"create table s (id bigint primary key, x {from})", $"create table t (id bigint primary key, x {to})",
            $"insert into s values (1, null), (2, '{(from.StartsWith("time", StringComparison.Ordinal) ? "2020-01-01" : "12")}')");
        var copied = await CopyAsync(fixture);
        Assert.Equal((0, 2L), (copied.Wired, copied.Counts.Inserted));
        Assert.Equal(await fixture.QueryAsync("select id, x::text from s order by id"),
            await fixture.QueryAsync("select id, x::text from t order by id"));
    }

    [Theory]
    [InlineData("numeric(10,4)", "numeric(10,2)")]
    [InlineData("char(3)", "char(5)")]
    public async Task A_type_that_would_change_values_is_refused_before_the_first_row(string from, string to)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync($"create table s (id bigint primary key, x {from})", $"create table t (id bigint primary key, x {to})");
        var refused = await Assert.ThrowsAsync<PawlException>(() => CopyAsync(fixture));
        Assert.Equal((Codes.TargetTypeUnfit, "x"), (refused.Code, refused.Details["column"]));
    }

    [Fact]
    public async Task Columns_that_only_the_position_needs_are_cut_off_on_the_wire()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (k inet, day date, id bigint, note text, primary key (k, day))",
            "insert into s select '10.0.0.0'::inet + i, '2024-01-01', i, case when i % 3 > 0 then 'n' || i end "
            + "from generate_series(1, 300) i");
        var copied = await CopyAsync(fixture, columns: ["note", "id"]);
        Assert.Equal((true, 0, 300L), (copied.Wired > 3, copied.Decoded, copied.Counts.Inserted));
        Assert.Equal(await fixture.QueryAsync("select note, id from s order by id"),
            await fixture.QueryAsync("select note, id from t order by id"));
    }

    [Fact]
    public async Task A_read_goes_on_after_the_position_of_an_undecoded_batch()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (k text collate \"C\", n int, x inet, primary key (k, n))",
            "insert into s select 'k' || i % 7, i, '10.0.0.1' from generate_series(1, 200) i");
        await using var source = await fixture.OpenSourceAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal($"{fixture.Schema}.s"), default));
        var format = PgWireFormat.Of([(25, -1, "text"), (23, -1, "int4"), (869, -1, "inet")], 15)!;
        Position? after = null;
        var rows = 0;
        for (var more = true; more;)
        {
            more = false;
            await foreach (var e in ((IGivesWire)source).ReadWireAsync(table, new ReadOptions(), format, new Split { Index = 0 }, after,
                null, new BatchBudget(33, 1 << 20), default))
            {
                using var batch = ((RowsEvent)e).Batch;
                Assert.NotNull(batch.Wire);
                (rows, after, more) = (rows + batch.Rows, e.Commit, true);
                break;
            }
        }
        Assert.Equal(200, rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_row_that_the_server_refuses_is_named(bool readByServerOnly)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var extra = readByServerOnly ? ", x inet" : "";
        await fixture.RunAsync($"create table s (id bigint primary key, n int{extra})",
            "insert into s select i, i from generate_series(1, 300) i",
            $"create table t (id bigint primary key, n int check (n <> 217){extra})");
        var refused = await Assert.ThrowsAsync<PawlException>(() => CopyAsync(fixture));
        Assert.Equal((Codes.RowRefused, Fault.Data), (refused.Code, refused.Fault));
        // Budget: 70 rows a batch.
        Assert.Equal("6", refused.Details["row"]);
        Assert.Equal(readByServerOnly ? null : """{"id":217}""", refused.Details.GetValueOrDefault("where"));
        Assert.Equal(["0"], await fixture.QueryAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_row_that_the_server_refuses_is_set_aside_and_the_others_arrive()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (id bigint primary key, n int)", "insert into s select i, i from generate_series(1, 300) i",
            "create table t (id bigint primary key, n int check (n not in (5, 217, 218)))");
        var copied = await CopyAsync(fixture, rejects: 5);
        Assert.Equal((true, 297L, 3L), (copied.Wired > 3, copied.Counts.Inserted, copied.Counts.Rejected));
        Assert.Equal(["297|44927"], await fixture.QueryAsync("select count(*), sum(n) + 217 from t"));
    }

    [Fact]
    public async Task Rows_that_cannot_be_set_aside_one_by_one_are_decoded_where_some_may_be()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (id bigint primary key, x inet)", "insert into s values (1, '10.0.0.1'), (2, '10.0.0.2')",
            "create table t (id bigint primary key, x inet check (x <> '10.0.0.2'))");
        var copied = await CopyAsync(fixture, rejects: 5);
        Assert.Equal((0, 1L, 1L), (copied.Wired, copied.Counts.Inserted, copied.Counts.Rejected));
    }

    [Fact]
    public async Task A_target_that_is_altered_under_the_copy_takes_no_rounded_row()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (id bigint primary key, n numeric(10,2))",
            "insert into s select i, i + 0.25 from generate_series(1, 9) i",
            "create table t (id bigint primary key, n numeric(10,2))");
        await using var source = await fixture.OpenSourceAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal($"{fixture.Schema}.s"), default));
        var plan = Plan(fixture, source, table, table, 0);
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(plan);
        await using var writer = await runner.OpenAsync(plan, 0);
        var format = await ((ITakesWire)writer).WireFormatAsync(plan.Source, default);
        await fixture.RunAsync("alter table t alter column n type numeric(10,1)");
        var altered = await Assert.ThrowsAsync<PawlException>(async () =>
        {
            var rows = ((IGivesWire)source).ReadWireAsync(table, plan.Read, format!, plan.Splits[0], null, null, Budget, default);
            await foreach (var e in rows)
            {
                await writer.WriteAsync(plan.Lane(runner.Lease.Job, 0), plan.Source, ((RowsEvent)e).Batch, default);
            }
            await writer.FlushAsync(default);
        });
        Assert.Equal((Codes.TargetAltered, Fault.Transient), (altered.Code, altered.Fault));
        await writer.DisposeAsync();
        Assert.Equal(["0"], await fixture.QueryAsync("select count(*) from t"));
    }

    /// <summary>Each of some thousand pieces ends within a row: an array that doubled at each would be 2 GB after a dozen.</summary>
    [Fact]
    public async Task Rows_larger_than_a_piece_of_the_stream_take_no_more_memory_than_they_need()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (id bigint primary key, doc bytea)",
            "alter table s alter column doc set storage external",
            "insert into s select i, convert_to(repeat(md5(i::text), 6000 + i % 100), 'UTF8') from generate_series(1, 400) i");
        await using var source = await fixture.OpenSourceAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal($"{fixture.Schema}.s"), default));
        var format = PgWireFormat.Of([(20, -1, "int8"), (17, -1, "bytea")], 15)!;
        var (rows, longest) = (0, 0);
        await foreach (var e in ((IGivesWire)source).ReadWireAsync(table, new ReadOptions(), format, new Split { Index = 0 }, null, null,
            new BatchBudget(4096, 4 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            Assert.True(MemoryMarshal.TryGetArray(((PgWireRows)batch.Wire!).Data, out var piece));
            (rows, longest) = (rows + batch.Rows, Math.Max(longest, piece.Array!.Length));
        }
        Assert.Equal(400, rows);
        Assert.InRange(longest, 200_000, 2_000_000);
    }

    [Fact]
    public async Task A_server_that_stopped_in_the_middle_of_a_copy_holds_nobody_up()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note text)");
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        var session = (PgSession)await database.ConnectAsync(default);
        var pid = session.Connection.ProcessID.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var plan = fixture.Plan("t", [PgWriting.Id, PgWriting.Column("note", LogicalType.Text)]);
        await session.BeginAsync(default);
        await session.SendRowsAsync(plan, PgWriting.Lane, Cells.Batch(plan.TargetSchema, [[1L, "a"]]), default);
        try
        {
            using (var stop = Process.Start("kill", ["-STOP", pid])) await stop.WaitForExitAsync(TestContext.Current.CancellationToken);
            // Far more than the sockets between the two take.
            var wide = new string('x', 1 << 20);
            using var end = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                for (var i = 2L; i < 64; i++)
                {
                    await session.SendRowsAsync(plan, PgWriting.Lane, Cells.Batch(plan.TargetSchema, [[i, wide]]), end.Token);
                }
            });
            await session.EndAsync(commit: false);
            await session.DisposeAsync();
        }
        finally
        {
            using var go = Process.Start("kill", ["-CONT", pid]);
            await go.WaitForExitAsync(CancellationToken.None);
        }
        Assert.Equal(["0"], await fixture.QueryAsync("select count(*) from t"));
    }

    [Fact]
    public void Formats_agree_only_where_the_bytes_mean_the_same()
    {
        Assert.Null(PgWireFormat.Of([(20, -1, "int8"), (70_000, -1, "mood")], 15));
        Assert.Null(PgWireFormat.Of([(790, -1, "money")], 15));
        Assert.NotEqual(PgWireFormat.Of([(1186, -1, "interval")], 16), PgWireFormat.Of([(1186, -1, "interval")], 17));
        Assert.Equal(PgWireFormat.Of([(1700, 655_366, "numeric")], 15), PgWireFormat.Of([(1700, 655_366, "numeric")], 18));
        Assert.NotEqual(PgWireFormat.Of([(1700, 655_366, "numeric")], 15), PgWireFormat.Of([(1700, 655_368, "numeric")], 15));
        Assert.NotNull(PgWireFormat.Of([(70_001, -1, "citext")], 15));
    }

    [Fact]
    public async Task A_session_that_is_ended_in_the_middle_of_a_read_is_a_transient_fault()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table s (id bigint primary key, t text)",
            "insert into s select i, repeat('x', 1000) from generate_series(1, 60000) i");
        var failed = await Assert.ThrowsAsync<PawlException>(() => CopyAsync(fixture, between: () => fixture.RunAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy (select % to stdout%' "
            + "and datname = current_database()")));
        Assert.Equal((Fault.Transient, Codes.Unreachable), (failed.Fault, failed.Code));
    }
}
