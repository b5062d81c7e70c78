using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Rejects;

/// <summary>Values of many types, rejected and written later from their stored image.</summary>
public sealed class RetryTypesTests
{
    private const string Mood = "create type mood as enum ('sad', 'ok')";

    private const string Columns = """
        (id int primary key, n numeric, m numeric(10,2), at timestamptz, local timestamp(3), d date, tm time, iv interval, u uuid, j json,
        jb jsonb, b bytea, yes bool, f8 float8, f4 float4, list int[], e mood, txt text, small int2, big int8, c char(4))
        """;

    private const string Odd = """
        insert into t values
        (1, 'NaN', -0.01, 'infinity', '0044-03-15 BC', '-infinity', '23:59:59.999999', '-1 mon 3 days 00:00:00.000001',
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" : 1, "a":2}', '{"x": [1, null]}', '\\x00ff', true, 'NaN', 0.1, '{1,null,3}', 'ok',
        E'tab\tquote" 换行', -32768, 9223372036854775807, 'ab'),
        (2, 123456789012345678901234567890.000000001, 99999999.99, '2024-02-29 12:00:00.123456+00', '2024-02-29 01:02:03.456',
        '10000-01-01', '24:00:00', '178000000 years', null, 'null', '""', '', false, '-0', '-Infinity', '{}', 'sad', '', 0, -1, ''),
        (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
        """;

    [Fact]
    public async Task Every_value_arrives_from_the_stored_image_as_the_server_would_have_taken_it()
    {
        await using var rig = await PgRig.NewAsync(Mood, $"create table t {Columns}", Odd.Replace("\\\\", "\\", StringComparison.Ordinal));
        await rig.AtTargetAsync(Mood, $"create table t {Columns}", "alter table t add constraint none check (id > 9)");
        rig.WriteJob(more: "defaults: {on_error: {causes: {check: 10}}}");
        var run = await rig.RunAsync();
        Assert.True(run.Code == 3, run.ToString());
        Assert.Equal(["0|3"], await rig.RowsAsync("select (select count(*) from t), (select count(*) from pawl_reject)"));
        await rig.AtTargetAsync("alter table t drop constraint none");
        var retry = await PawlProcess.RunAsync(rig.Scratch, "rejects", "retry", rig.JobFile);
        Assert.True(retry.Code == 0, retry.ToString());
        await rig.SameRowsAsync();
        var verify = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "digest");
        Assert.True(verify.Code == 0, verify.ToString());
    }

    [Theory]
    [InlineData("text", "'it''s'", "'other'")]
    [InlineData("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'")]
    [InlineData("numeric(6,2)", "1.10", "1.20")]
    [InlineData("bytea", "'\\x00ff'", "'\\x00'")]
    [InlineData("timestamptz", "'2024-02-29 12:00:00.5+00'", "'infinity'")]
    [InlineData("varchar(3)", "'abc'", "'ab'")]
    [InlineData("date", "'2024-02-29'", "'-infinity'")]
    [InlineData("boolean", "true", "false")]
    public async Task A_newer_row_is_found_by_keys_of_any_type(string type, string one, string two)
    {
        var table = $"create table t (k {type}, part int, v int, primary key (k, part))";
        await using var rig = await PgRig.NewAsync(table, $"insert into t values ({one}, 1, 1), ({two}, 1, 1), ({one}, 2, 1)");
        await rig.AtTargetAsync(table, "alter table t add constraint none check (v <> 1)");
        rig.WriteJob(more: "defaults: {on_error: {reject_limit: 10}}");
        var run = await rig.RunAsync();
        Assert.True(run.Code == 3, run.ToString());
        await rig.AtTargetAsync($"insert into t values ({one}, 1, 2)");
        var retry = await PawlProcess.RunAsync(rig.Scratch, "rejects", "retry", rig.JobFile);
        Assert.True(retry.Code == 3, retry.ToString());
        Assert.Equal(["open|2", "superseded|1"], await rig.RowsAsync(
            "select state, count(*) from pawl_retry group by state order by state"));
    }
}
