using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>Values beyond what a server or a column takes: located, judged one by one, set aside, and nothing else is lost.</summary>
public sealed class MyLimitsTests(OddMariaDb odd) : IClassFixture<OddMariaDb>
{
    /// <summary>20 MB in row 7, and two values in row 9 of which each fits into a packet and both do not.</summary>
    private async Task<MyRig> LargeAsync()
    {
        var rig = await MyRig.NewAsync(odd.Server, "create table t (id int primary key, v longtext, b longblob)",
            "insert into t select seq, if(seq = 7, repeat('0123456789abcdef', 1310720), repeat('x', 700000)), "
            + "if(seq = 9, repeat('b', 400000), null) from seq_1_to_50");
        rig.WriteJob("t: {on_error: {reject_limit: 5}}");
        return rig;
    }

    private static async Task SaysAsync(MyRig rig, int exit, string[] command, params string[] words)
    {
        var end = await PawlProcess.RunAsync(rig.Scratch, command);
        Assert.True(end.Code == exit && words.All(w => end.Out.Contains(w, StringComparison.Ordinal)), end.ToString());
    }

    [Fact]
    public async Task Values_of_20_MB_arrive_in_a_target_whose_packets_have_1_MB_where_they_may_be_loaded()
    {
        await using var rig = await LargeAsync();
        await using var _ = await odd.SetAsync("max_allowed_packet", "1048576");
        await rig.DoneAsync();
        await rig.SameRowsAsync(columns: "id, length(v), sha2(v, 256), sha2(b, 256)");
        // Such a value is read again, too.
        await SaysAsync(rig, 0, ["verify", rig.JobFile, "--level", "digest"], "Equal");
    }

    [Fact]
    public async Task Rows_that_no_statement_holds_are_set_aside_with_what_fits_of_their_image_and_stay_open()
    {
        await using var rig = await LargeAsync();
        await using (await odd.SetAsync("max_allowed_packet", "1048576"))
        {
            rig.WriteJob("t: {}", options: "?load_data=off");
            await rig.RefusedAsync(1, Codes.ValueTooLarge, "20971520 bytes, at most 104", "max_allowed_packet",
                "Let the server take more, then run again", "set global max_allowed_packet = 67108864", "drop: [v]");
            rig.WriteJob("t: {on_error: {reject_limit: 1}}", options: "?load_data=off");
            await rig.RefusedAsync(1, Codes.RejectLimit, "the limit is 1");
            rig.WriteJob("t: {on_error: {reject_limit: 5}}", options: "?load_data=off");
            var end = await rig.RunAsync();
            Assert.True(end.Code == 3, end.ToString());
            Assert.Equal(["48|48|33600000|0"],
                await rig.RowsAsync("select count(*), count(distinct id), sum(length(v)), sum(id in (7, 9)) from t"));
            Assert.Equal(["""{"id":7}|PAWL-604|{"id":7,"v":{"$cut":"20971522"},"b":null}""",
                """{"id":9}|PAWL-604|{"id":9,"v":{"$cut":"700002"},"b":{"$cut":"533338"}}"""],
                await rig.RowsAsync("select row_where, code, row_json from pawl_reject order by row_where"));
            await SaysAsync(rig, 0, ["rejects", "show", rig.JobFile], "too_large", "$cut",
                "a row longer than max_allowed_packet of the server");
        }
        // The image is not whole: nothing is written from it, whatever the server takes by now.
        await SaysAsync(rig, 3, ["rejects", "retry", rig.JobFile]);
        Assert.Equal(["48|2"], await rig.RowsAsync("select (select count(*) from t), (select count(*) from pawl_reject)"));
        await SaysAsync(rig, 0, ["run", rig.JobFile, "--restart", "--tables", "t", "--yes"], "50 rows");
        await rig.SameRowsAsync(columns: "id, length(v), sha2(v, 256), sha2(b, 256)");
    }

    [Fact]
    public async Task A_long_row_that_is_refused_for_another_reason_keeps_its_whole_image_and_is_tried_again()
    {
        await using var rig = await LargeAsync();
        await rig.AtTargetAsync("create table t (id int primary key, v longtext, b longblob, check (id not in (3, 7)))");
        await using var _ = await odd.SetAsync("max_allowed_packet", "1048576");
        var end = await rig.RunAsync();
        Assert.True(end.Code == 3, end.ToString());
        Assert.Equal(["{\"id\":3}|PAWL-611|0", "{\"id\":7}|PAWL-611|0"],
            await rig.RowsAsync("select row_where, code, instr(row_json, '$cut') from pawl_reject order by row_where"));
        await rig.AtTargetAsync("alter table t drop constraint CONSTRAINT_1");
        await SaysAsync(rig, 0, ["rejects", "retry", rig.JobFile]);
        await rig.SameRowsAsync(columns: "id, length(v), sha2(v, 256), sha2(b, 256)");
    }

    [Fact]
    public async Task A_text_that_the_source_converts_is_read_whole_or_told_never_as_null()
    {
        await using var rig = await MyRig.NewAsync(odd.Server, "create table t (id int primary key, v longtext character set gbk)",
            "insert into t values (1, 'short?'), (2, repeat('你好', 500000))",
            "create table q (id int primary key, v longtext character set gbk)", "insert into q select id, concat(v, '?') from t");
        await using var _ = await odd.SetAsync("max_allowed_packet", "1048576");
        rig.WriteJob("t: t");
        await rig.DoneAsync();
        Assert.Equal(["1|6|6", "2|2000000|1000000"], await rig.RowsAsync("select id, length(v), char_length(v) from t order by id"));
        rig.WriteJob("q: q", name: "marks");
        await rig.RefusedAsync(1, Codes.ValueTooLarge, "in column v",
            "the server converts no text that is longer than its max_allowed_packet", "set global max_allowed_packet = 1073741824");
    }

    [Fact]
    public async Task Numbers_of_a_source_without_types_are_judged_one_by_one_and_never_rounded()
    {
        await using var rig = await MyRig.NewAsync(odd.Server);
        var file = rig.Scratch.At("source.db");
        await Sqlite3.RunAsync(file, "create table d(id integer primary key, n decimal(12,2), a, w); insert into d values"
            + "(1, 123456.78, 1, 1), (2, 1.555, 1, 1), (3, 99.5, 0.001, 7), (4, 'many', 1, 1), (5, -999.99, 1e-7, -128), (6, 1000, 1, 1), "
            + "(7, 1, 1.5e-8, 1), (8, 1, x'00', 1), (9, 1, 1, 128), (10, 1, 1, 'a'), (11, 1, 1, 1.5), (12, null, 1e3, null);");
        rig.Source = "sqlite:" + file;
        await rig.AtTargetAsync("create table d (id bigint primary key, n decimal(5,2), a decimal(12,7), w tinyint)");
        rig.WriteJob("d: {}");
        await rig.RefusedAsync(1, Codes.ValueBeyond, "column n", "it holds fewer digits");
        rig.WriteJob("d: {on_error: {reject_limit: 9}}", name: "decimals");
        var end = await rig.RunAsync();
        Assert.True(end.Code == 3, end.ToString());
        Assert.Equal(["3|99.50|0.0010000|7", "5|-999.99|0.0000001|-128", "12|∅|1000.0000000|∅"],
            await rig.RowsAsync("select * from d order by id"));
        Assert.Equal(["{\"id\":10}|text in a column of whole numbers", "{\"id\":11}|a cell of another type (float64)",
            "{\"id\":1}|it holds fewer digits", "{\"id\":2}|it would be rounded", "{\"id\":4}|text in a column of decimals",
            "{\"id\":6}|it holds fewer digits", "{\"id\":7}|it would be rounded", "{\"id\":8}|a cell of another type (bytes)",
            "{\"id\":9}|beyond the range of the column"],
            await rig.RowsAsync("select row_where, cause from pawl_reject order by row_where"));
    }
}
