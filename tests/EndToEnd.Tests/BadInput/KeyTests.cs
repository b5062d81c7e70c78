using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>
/// Keys that are no good as a place to go on from: another order is used, or the table is refused; no row is lost in silence.
/// </summary>
public sealed class KeyTests
{
    private const string Numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 900)";

    [Fact]
    public async Task Nulls_in_a_primary_key_are_carried_and_resumed()
    {
        // SQLite lets a primary key be null unless NOT NULL is said.
        using var rig = await JobRig.WithAsync($"""
            create table k(code text primary key, v integer);
            {Numbers} insert into k select case when i % 3 > 0 then 'c' || i end, i from n;
            """);
        await rig.LeaveHalfDoneAsync();
        await rig.DoneAsync();
        await rig.SameRowsAsync("k");
        Assert.Equal(300, await Sqlite3.NumberAsync(rig.Target, "select count(*) from k where code is null"));
    }

    [Fact]
    public async Task A_null_in_a_key_that_says_not_null_is_never_skipped_in_silence()
    {
        using var rig = await JobRig.WithAsync($"""
            create table k(code text, v integer, unique(code));
            {Numbers} insert into k select case when i % 100 > 0 then 'c' || i end, i from n;
            pragma writable_schema = on;
            update sqlite_schema set sql = replace(sql, 'code text,', 'code text not null,') where name = 'k';
            """);
        var end = await rig.RunAsync();
        if (end.Code == 0) await rig.SameRowsAsync("k");
        else Assert.True(end.Code is 1 or 2 && (end.Err.Contains(Codes.KeyNull, StringComparison.Ordinal)
            || end.Err.Contains(Codes.RowRefused, StringComparison.Ordinal)), end.ToString());
    }

    [Fact]
    public async Task A_float_key_without_row_numbers_is_refused()
    {
        using var rig = await JobRig.WithAsync($"""
            create table f(x real primary key, v integer) without rowid;
            {Numbers} insert into f select i / 7.0, i from n;
            """);
        await rig.RefusedAsync(2, Codes.KeyUnfit);
        Assert.Equal(0, await Sqlite3.NumberAsync(rig.Target, "select count(*) from sqlite_schema where name = 'f'"));
    }

    [Fact]
    public async Task A_float_key_with_row_numbers_is_carried_by_those()
    {
        using var rig = await JobRig.WithAsync($"""
            create table f(x real primary key not null, v integer);
            {Numbers} insert into f select i / 7.0, i from n;
            insert into f values(9e999, 0), (-0.0, 0);
            """);
        await rig.LeaveHalfDoneAsync();
        await rig.DoneAsync();
        await rig.SameRowsAsync("f");
    }

    [Fact]
    public async Task Keys_at_the_ends_of_their_range_are_carried()
    {
        using var rig = await JobRig.WithAsync($"""
            create table k(id integer primary key, v text);
            insert into k values(-9223372036854775808, 'least'), (-1, 'a'), (0, 'b');
            insert into k values(9223372036854775806, 'last but one'), (9223372036854775807, 'most');
            {Numbers} insert into k select i * 1000000007, 'x' || i from n;
            """);
        rig.WriteJob("k: {splits: 7}");
        await rig.LeaveHalfDoneAsync();
        await rig.DoneAsync();
        await rig.SameRowsAsync("k");
    }

    [Fact]
    public async Task Text_keys_of_odd_letters_are_resumed_exactly()
    {
        using var rig = await JobRig.WithAsync($"""
            create table k(a text not null, b text collate rtrim not null, c blob not null, primary key(a, b, c)) without rowid;
            {Numbers} insert into k select case i % 6 when 0 then '' when 1 then 'a,b' when 2 then 'back\slash' when 3 then char(10, 9, 1)
              when 4 then '🦀é' else 'i:5' end, 'b' || i || case i % 2 when 0 then '  ' else '' end, zeroblob(i % 3) from n;
            insert into k values(cast(x'ff00fe' as text), 'not utf-8', x''), ('nul' || char(0) || 'inside', 'z', x'2c');
            """);
        foreach (var n in new[] { 1, 2, 4 }) await rig.LeaveHalfDoneAsync($"commit-done:{n}");
        await rig.DoneAsync();
        await rig.SameRowsAsync("k");
    }
}
