using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A table read by the connector and written by the connector, into a table that it makes itself.</summary>
public sealed class PgToPgTests
{
    private const string Everything = """
        create type mood as enum ('sad', 'glad'); create domain small as numeric(5,2) check (value < 100); create domain doc as jsonb;
        create type pair as (a int, b text);
        create table s (
            id bigint generated always as identity primary key, b boolean, i2 smallint, i4 integer, o oid, f4 real, f8 float8, n numeric,
            n2 numeric(10,2) default 1.5, t text collate "C", v varchar(9) unique, c char(4), nm name, by bytea, d date,
            tm time(3), ts timestamp, tz timestamptz(3), iv interval, u uuid, j json, jb jsonb, dj doc, e mood, ds small,
            arr int[], ta text[], cmp pair, r int4range, ip inet, mac macaddr, bits bit(3), mon money, x xml, tsv tsvector, pt point, ttz timetz, ch "char",
            g integer generated always as (i4 * 2) stored, check (i4 > 0));
        create index s_expr on s (lower(t)) where i4 > 1;
        insert into s (b, i2, i4, o, f4, f8, n, n2, t, v, c, nm, by, d, tm, ts, tz, iv, u, j, jb, dj, e, ds, arr, ta, cmp, r, ip, mac, bits,
            mon, x, tsv, pt, ttz, ch)
        select k % 2 = 0, k, k, 4000000000, 0.1, 'NaN', '123456789012345678901234567890.5', k, E'tab\there\\', 'v' || k, 'ab', 'nm',
            '\x00ff', '0044-03-15 BC', '12:00:00.5', '-infinity', '2020-02-29 12:34:56.789+02', '1 mon -2 days 00:00:00.5',
            '01020304-0506-0708-090a-0b0c0d0e0f10', '{"a" :1}', '{"a": [1, 2]}', '{"z": null}', 'glad', 99.99, '{1,NULL}',
            array['a,b', 'c"d', null], row(k::int, 'x y')::pair, '[1,5)', '10.0.0.0/8', '08:00:2b:01:02:03', B'101',
            12.34, '<a/>', 'a:1 b', '(1,2)', '12:00+01', 'q'
        from generate_series(1, 300) k;
        insert into s (i4) values (7);
        """;

    [Theory]
    [InlineData(WriteMode.Insert)]
    [InlineData(WriteMode.Upsert)]
    public async Task Every_type_arrives_as_it_was_with_the_tables_own_clauses(WriteMode write)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync(Everything);
        await using var source = await fixture.OpenSourceAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal($"{fixture.Schema}.s"), default));
        var read = new ReadOptions();
        var plan = new TablePlan
        {
            Source = table.Name, Target = fixture.Name("t"), Generation = 1, SourceSchema = table,
            TargetSchema = table with { Name = fixture.Name("t") }, Read = read, Splits = await source.PlanAsync(table, read, default),
            Write = write, ResultHash = "x", SourceIdentity = source.Identity,
        };
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(plan);
        var rows = 0L;
        await using (var writer = await runner.OpenAsync(plan, [.. plan.Splits.Select(s => s.Index)]))
        {
            foreach (var split in plan.Splits)
            {
                var lane = plan.Lane(runner.Lease.Job, split.Index);
                await foreach (var e in source.ReadAsync(table, read, split, null, null, new BatchBudget(70, 1 << 20), default))
                {
                    if (e is RowsEvent arrived) await writer.WriteAsync(lane, plan.Source, arrived.Batch, default);
                }
                rows += (await writer.FlushAsync(default)).GetValueOrDefault(lane).Inserted;
                await writer.CommitAsync([], default);
            }
        }
        Assert.Equal(301, rows);
        await runner.Sink.FinishAsync(plan, runner.Lease, default);
        Assert.Equal(await fixture.QueryAsync("select x::text from s x order by id"),
            await fixture.QueryAsync("select x::text from t x order by id"));
        const string Shape = """
            select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attcollation,
                pg_get_expr(d.adbin, d.adrelid) from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attnum > 0 and a.attrelid =
            """;
        Assert.Equal(await fixture.QueryAsync($"{Shape} 's'::regclass order by a.attnum"),
            await fixture.QueryAsync($"{Shape} 't'::regclass order by a.attnum"));
        const string Indexes = "select regexp_replace(pg_get_indexdef(indexrelid), '^.* USING', ''), indisunique, indisprimary "
            + "from pg_index where indrelid = ";
        Assert.Equal(await fixture.QueryAsync($"{Indexes} 's'::regclass order by 1"),
            await fixture.QueryAsync($"{Indexes} 't'::regclass order by 1"));
        Assert.Equal(["301|302"], await fixture.QueryAsync("insert into t (i4) values (1) returning id - 1, id"));
    }
}
