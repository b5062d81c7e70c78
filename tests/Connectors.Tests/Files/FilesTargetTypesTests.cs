using Pawl.Connectors.Files;
using Pawl.Connectors.Postgres;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Files;

/// <summary>Every type of a PostgreSQL table goes into files and is, read back from them, what it was; and goes into a table again.</summary>
public sealed class FilesTargetTypesTests
{
    private const string Back = "id, b, i2, i4, f4, f8, n, n2, t, v, by, d, tm, ts, tz, u, j";

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public async Task Every_type_is_equal_by_digest_and_comes_back(string scheme)
    {
        using var folder = new FilesFolder();
        await using var database = await PgFixture.NewAsync();
        await database.RunAsync("""
            create type mood as enum ('sad', 'glad');
            create table s (id bigint primary key, b boolean, i2 smallint, i4 integer, f4 real, f8 float8, n numeric, n2 numeric(10,2), t text,
              v varchar(9), nm name, by bytea, d date, tm time(6), ts timestamp, tz timestamptz, u uuid, jb jsonb, iv interval, j json, e mood,
              arr int[], ta text[], ip inet, bits bit(3), ttz timetz, o oid);
            insert into s select k, k % 2 = 0, k, -k, (array['0.1', 'NaN', '-Infinity', '3.4e38', '-0'])[k % 5 + 1]::real,
              (array['0.1', 'NaN', 'Infinity', '1e300', '-0'])[k % 5 + 1]::float8,
              (array['123456789012345678901234567890.50', 'NaN', '-Infinity', '0.00', '-7'])[k % 5 + 1]::numeric, k + 0.25,
              (array[E'tab\there\\', '', 'a "quote", a' || E'\r\n' || 'line', '棘爪', '123', null])[k % 6 + 1], 'v' || k, 'nm',
              decode(to_hex(k + 4096), 'hex'),
              (array['0044-03-15 BC', '2020-02-29', 'infinity', '12026-01-31'])[k % 4 + 1]::date,
              (array['24:00:00', '12:00:00.5', '00:00:00.000001'])[k % 3 + 1]::time,
              (array['-infinity', '2020-02-29 12:34:56.789', '0001-01-01 BC'])[k % 3 + 1]::timestamp,
              (array['infinity', '2020-02-29 12:34:56.789123+02', '200000-01-01 00:00Z'])[k % 3 + 1]::timestamptz,
              md5(k::text)::uuid, '{"a": [1, 2.50]}', '1 mon -2 days 00:00:00.5', '{"a" :1}', 'glad', '{1,NULL}', array['a,b', 'c"d', null],
              '10.0.0.0/8', B'101', '12:00+01', 4000000000 from generate_series(1, 300) k;
            insert into s (id) values (1000);
            create table r (like s including all);
            alter table r drop column iv, drop column jb, drop column e, drop column arr, drop column ta, drop column ip, drop column bits,
              drop column ttz, drop column o, drop column nm;
            """);
        var files = FilesFolder.At(Path.Combine(folder.Root, "out"), scheme);
        var there = await new JobRunner(Host()).RunAsync(Job("there", database.Here(), files, new TableRule
        {
            Pattern = new TablePattern("public.s"), Target = "s",
        }), new RunOptions(), new RunSignals(default, default));
        Assert.Null(Assert.Single(there.Tables).Error);
        Assert.True(there.Tables[0].Verdict is { Equal: true, Conclusive: true, SourceRows: 301 }, "equal by digest");

        var back = await new JobRunner(Host()).RunAsync(Job("back", files, database.Here(), new TableRule
        {
            Pattern = new TablePattern("s"), Target = "public.r", Select = [.. Back.Split(", ")],
        }), new RunOptions(), new RunSignals(default, default));
        Assert.Null(Assert.Single(back.Tables).Error);
        Assert.Equal(await database.RowsAsync($"select row({Back})::text from s order by id"),
            await database.RowsAsync($"select row({Back})::text from r order by id"));
    }

    private static JobSpec Job(string name, Endpoint source, Endpoint target, TableRule rule) => new()
    {
        Name = name, Source = source, Target = target, Tables = [rule], VerifyAfterRun = VerifyLevel.Digest,
    };

    private static JobHost Host() => new()
    {
        Time = TimeProvider.System, Random = new Random(1), Ids = new IdSource(new Random(7)), Connectors = new Three(), Events = new Deaf(),
        Runner = "test",
    };

    private sealed class Three : IConnectors
    {
        public IReadOnlyList<Connector> All { get; } = [new CsvConnector(), new JsonlConnector(), new PgConnector()];
        public Connector For(Endpoint at) => All.First(c => c.Spec.Schemes.Contains(at.Scheme));
    }

    private sealed class Deaf : IRunEvents
    {
        public void Emit(RunEvent e) { }
    }
}
