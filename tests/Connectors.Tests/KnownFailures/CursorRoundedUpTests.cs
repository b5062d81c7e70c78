using System.Globalization;
using Pawl.Connectors.Sqlite;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>
/// A stored cursor that was rounded up lies above every value there is: a row that comes into the gap is below the next window and never
/// read. Here the rows come into that gap.
/// </summary>
public sealed class CursorRoundedUpTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pawl-rounded").FullName;

    private static TableRule Rule(WriteMode write, params string[] cursor) => CopyJob.Table("public.t", "public.t") with
    {
        Write = write, Cursor = new CursorRule(cursor, default, null, null),
    };

    private static async Task<long> ReadAsync(Endpoint from, Endpoint to, TableRule rule) =>
        (await new CopyJob { From = from, To = to, Tables = [rule], Name = "rounded" }.RunAsync()).Tables.Single() is { Error: null } done
            ? done.ThisRun.Read : -1;

    private static async Task SameAsync(PgFixture from, PgFixture to)
    {
        const string all = "select t::text from public.t order by id";
        Assert.Equal(await from.RowsAsync(all), await to.RowsAsync(all));
    }

    [Fact]
    public async Task A_row_one_microsecond_behind_the_last_bound_arrives()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text, at timestamptz not null default clock_timestamp())",
            "insert into t select i, 'first' from generate_series(1, 50) i");
        await Task.Delay(2_200, TestContext.Current.CancellationToken);
        var rule = Rule(WriteMode.Upsert, "at", "id");
        Assert.Equal(50, await ReadAsync(from.Here(), to.Here(), rule));
        var bound = Assert.Single(await to.RowsAsync("select plan::json->'Read'->'Window'->>'Through' from pawl_plan"));
        await from.RunAsync(
            $"insert into t values (51, 'at the bound', '{bound}'), (52, 'behind it', timestamptz '{bound}' + interval '1 microsecond')");
        Assert.Equal(2, await ReadAsync(from.Here(), to.Here(), rule));
        await SameAsync(from, to);
    }

    [Fact]
    public async Task Whole_numbers_beyond_what_a_double_holds_are_not_passed()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        // As a double 2^53 + 3 is 2^53 + 4, which is the next row.
        await from.RunAsync("create table t (id bigint primary key)", "insert into t values (9007199254740993), (9007199254740995)");
        var rule = Rule(WriteMode.Insert, "id");
        Assert.Equal(2, await ReadAsync(from.Here(), to.Here(), rule));
        await from.RunAsync("insert into t values (9007199254740996), (9223372036854775806)");
        Assert.Equal(2, await ReadAsync(from.Here(), to.Here(), rule));
        await from.RunAsync("insert into t values (9223372036854775807)");
        Assert.Equal(1, await ReadAsync(from.Here(), to.Here(), rule));
        await SameAsync(from, to);
    }

    [Fact]
    public async Task The_last_digit_of_a_long_numeric_version_counts()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, version numeric not null)",
            "insert into t values (1, 12345678901234567890.0000000000000000001)");
        var rule = Rule(WriteMode.Upsert, "version");
        Assert.Equal(1, await ReadAsync(from.Here(), to.Here(), rule));
        await from.RunAsync("insert into t values (2, 12345678901234567890.0000000000000000002)");
        // The row at the bound is read again: others may share its value.
        Assert.Equal(2, await ReadAsync(from.Here(), to.Here(), rule));
        await from.RunAsync("update t set version = version + 0.0000000000000000002 where id = 1");
        Assert.Equal(2, await ReadAsync(from.Here(), to.Here(), rule));
        await SameAsync(from, to);
    }

    [Theory]
    [InlineData("text", "'2024-01-01 10:00:00.123456'", "'2024-01-01 10:00:00.1234565'", "'2024-01-01 10:00:00.123457'")]
    [InlineData("integer", "9007199254740993", "9007199254740994", "9007199254740995")]
    public async Task The_same_holds_for_sqlite(string type, string first, string second, string third)
    {
        var (file, copy) = (Path.Combine(folder, "shop.db"), Path.Combine(folder, "copy.db"));
        using var shop = SqliteFile.Open(file, SqliteAccess.Create, TimeSpan.FromSeconds(5));
        shop.Execute($"create table t (id integer primary key autoincrement, version {type} not null)");
        var rule = CopyJob.Table("t") with { Write = WriteMode.Upsert, Cursor = new CursorRule(["version"], default, null, null) };
        foreach (var version in new[] { first, second, third })
        {
            shop.Execute(string.Create(CultureInfo.InvariantCulture, $"insert into t(version) values ({version})"));
            await ReadAsync(CopyJob.File(file), CopyJob.File(copy), rule);
        }
        const string all = "select id, typeof(version), version from t order by id";
        Assert.Equal(Sqlite.Scratch.Rows(file, all), Sqlite.Scratch.Rows(copy, all));
        Assert.Equal(3, Sqlite.Scratch.Rows(copy, all).Count);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
