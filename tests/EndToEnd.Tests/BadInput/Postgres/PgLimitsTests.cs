using System.Globalization;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.Postgres;

/// <summary>Names, numbers of columns, sizes and values at the edge of what a server takes.</summary>
public sealed class PgLimitsTests
{
    private static readonly string[] Odd =
    [
        "a\"; drop table x;--", "it's", "two words", "select", "user", "dot.ted", "Üb 数据 🦀", new('n', 63),
        new('長', 21), "back\\slash", "$1 {0} %s",
        "star*", "null",
    ];

    [Fact]
    public async Task Odd_names_of_schemas_tables_and_columns_are_only_names()
    {
        static string Q(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        await using var rig = await PgRig.NewAsync(["create table x (id int)", .. Odd.SelectMany(n => new[]
        {
            $"create schema {Q(n)}", $"create table {Q(n)}.{Q(n)} ({Q(n)} int primary key, {Q("o" + n[..Math.Min(n.Length, 20)])} text)",
            $"insert into {Q(n)}.{Q(n)} select i, 'v' || i from generate_series(1, 250) i",
        })]);
        await rig.AtTargetAsync("create table x (id int)");
        rig.WriteJob("'*': {target: '{schema}.{table}', exclude: [public.x]}");
        await rig.LeaveHalfDoneAsync("commit-done:20");
        await rig.DoneAsync();
        foreach (var name in Odd) await rig.SameRowsAsync($"{Q(name)}.{Q(name)}");
        Assert.Equal(["x"], await rig.RowsAsync("select relname from pg_class where relname = 'x'"));
    }

    [Fact]
    public async Task A_name_of_64_bytes_is_refused_where_the_server_would_cut_it()
    {
        await using var rig = await PgRig.NewAsync();
        var (table, column) = (new string('t', 64), new string('長', 22));
        var file = rig.Scratch.At("source.db");
        await Sqlite3.RunAsync(file, $"create table {table}(id integer primary key); create table c(\"{column}\" integer primary key);");
        rig.Source = "sqlite:" + file;
        rig.WriteJob($"{table}: {{}}");
        await rig.RefusedAsync(2, Codes.NameTooLong, "63", "Cutting it could make two names one.");
        rig.WriteJob("c: {}", name: "columns");
        await rig.RefusedAsync(2, Codes.NameTooLong, "63");
        rig.WriteJob($"{table}: short\nc: {{transform: {{rename: {{'{column}': id}}}}}}", name: "renamed");
        await rig.DoneAsync();
    }

    [Fact]
    public async Task A_table_of_1600_columns_is_copied_and_one_of_1601_refused()
    {
        var columns = string.Join(", ", Enumerable.Range(1, 1599).Select(i => FormattableString.Invariant($"c{i} smallint")));
        await using var rig = await PgRig.NewAsync($"create table t (id int primary key, {columns})",
            $"insert into t select i, {string.Join(", ", Enumerable.Range(1, 1599).Select(i => FormattableString.Invariant($"i * {i} % 999")))} "
            + "from generate_series(1, 20) i");
        await rig.DoneAsync();
        await rig.SameRowsAsync();

        var file = rig.Scratch.At("source.db");
        await Sqlite3.RunAsync(file, $"create table w(id integer primary key, {columns}); insert into w(id, c7) values(1, 5), (2, 6);");
        rig.Source = "sqlite:" + file;
        rig.WriteJob("w: {}", name: "from sqlite");
        await rig.DoneAsync();
        Assert.Equal(["1|5|∅", "2|6|∅"], await rig.RowsAsync("select id, c7, c1599 from w order by id"));

        await Sqlite3.RunAsync(file, "alter table w add column more int;");
        rig.WriteJob("w: wide", name: "too wide");
        await rig.RefusedAsync(2, Codes.TargetTypeUnfit, "tables have at most 1600 columns, this one would have 1601", "drop: [more]");
        rig.WriteJob("w: {write: upsert, transform: {drop: [more]}}", name: "upsert");
        await rig.RefusedAsync(2, Codes.TargetTypeUnfit, "an upsert goes by a table with one column more");
    }

    [Fact]
    public async Task A_value_beyond_the_jobs_memory_is_refused_with_its_size_and_one_within_it_is_copied()
    {
        await using var rig = await PgRig.NewAsync("create table t (id int primary key, b bytea)",
            "alter table t alter b set storage external",
            // 48 MB fit into the usual memory, 144 MB do not.
            "insert into t select 1, convert_to(repeat('0123456789abcdef', 3000000), 'UTF8')",
            "insert into t select 2, b || b || b from t where id = 1");
        rig.WriteJob("public.t: {transform: {where: id = 1}}");
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select length(b), md5(b) from t where id = 1"),
            await rig.RowsAsync("select length(b), md5(b) from t"));
        rig.WriteJob("public.t: two", name: "two");
        await rig.RefusedAsync(1, Codes.ValueTooLarge, "in column b", "is too large: 144000", "at most 67108864", "memory: 2GB");
        Assert.Equal(["0"], await rig.RowsAsync("select count(*) from two where id = 2"));
        rig.WriteJob("public.t: two", PgRig.Hasty + "\nmemory: 1GB", name: "two");
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select id, length(b), md5(b) from t order by id"),
            await rig.RowsAsync("select id, length(b), md5(b) from two order by id"));
    }

    /// <summary>Takes some gigabytes of the server's memory.</summary>
    [Fact(Explicit = true)]
    public async Task A_row_beyond_the_servers_own_message_is_told_as_such_and_one_just_below_it_is_copied()
    {
        await using var rig = await PgRig.NewAsync("create view a as select 1 as id, repeat('x', 600000000) as v, repeat('y', 600000000) as w",
            "create view b as select 1 as id, repeat('x', 900000000) as v");
        rig.WriteJob("public.a: a", PgRig.Hasty + "\nmemory: 4GB", sourceOptions: "?view_key=public.a(id)");
        await rig.RefusedAsync(1, Codes.ValueTooLarge, "out of memory");
        rig.WriteJob("public.b: b", PgRig.Hasty + "\nmemory: 4GB", sourceOptions: "?view_key=public.b(id)", name: "below");
        await rig.DoneAsync();
        Assert.Equal(["1|900000000"], await rig.RowsAsync("select id, length(v) from b where v = repeat('x', 900000000)"));
    }

    [Fact]
    public async Task Texts_that_the_server_cannot_keep_are_rejected_counted_and_listed_or_stop_the_table()
    {
        await using var rig = await PgRig.NewAsync();
        var file = rig.Scratch.At("source.db");
        // A NUL, half of a pair of surrogates, a byte that is never UTF-8, and a character cut in two.
        await Sqlite3.RunAsync(file, """
            create table t(id integer primary key, v text);
            insert into t values(1, 'good'), (2, cast(x'610062' as text)), (3, cast(x'eda0bd' as text)), (4, cast(x'ff' as text)),
              (5, cast(x'e6a3' as text)), (6, 'good too'), (7, '');
            """);
        rig.Source = "sqlite:" + file;
        rig.WriteJob("t: {}");
        await rig.RefusedAsync(1, Codes.TextUnfit, "in column v of public.t", "text with a NUL in it, which PostgreSQL cannot store",
            "Let such rows go to the reject store");
        Assert.Equal(0, await rig.CountAsync());
        rig.WriteJob("t: {on_error: {reject_limit: 3}}");
        await rig.RefusedAsync(1, Codes.RejectLimit, "the limit is 3");
        rig.WriteJob("t: {on_error: {reject_limit: 4}}");
        var end = await rig.RunAsync();
        Assert.True(end.Code == 3, end.ToString());
        Assert.Equal(["1|good", "6|good too", "7|"], await rig.RowsAsync("select * from t order by id"));
        Assert.Equal(["{\"id\":2}|PAWL-607|v", "{\"id\":3}|PAWL-607|v", "{\"id\":4}|PAWL-607|v", "{\"id\":5}|PAWL-607|v"],
            await rig.RowsAsync("select row_where, code, column_name from pawl_reject order by row_where"));
        var again = await rig.RunAsync();
        Assert.True(again.Code == 0 && again.Out.Contains("Nothing to do", StringComparison.Ordinal), again.ToString());
    }

    [Fact]
    public async Task A_number_too_large_for_its_column_is_refused_before_or_at_its_row_never_changed()
    {
        await using var rig = await PgRig.NewAsync("create table t (id int primary key, n numeric(12,2), b bigint)",
            "insert into t values (1, 12345678.90, 3000000000), (2, 1.5, 5)");
        await rig.AtTargetAsync("create table t (id int primary key, n numeric(8,2), b bigint)",
            "create table u (id int primary key, n numeric(12,2), b int)");
        await rig.RefusedAsync(2, Codes.TargetTypeUnfit, "Column n of public.t", "numeric(8,2)", "it would be rounded");
        rig.WriteJob("public.t: u", name: "whole");
        await rig.RefusedAsync(2, Codes.TargetTypeUnfit, "Column b of public.u", "it holds 4 bytes");

        var file = rig.Scratch.At("source.db");
        await Sqlite3.RunAsync(file, "create table d(id integer primary key, n decimal(12,2)); insert into d values(1, 123456.78), (2, 1.555), "
            + "(3, 99.5), (4, 'many');");
        rig.Source = "sqlite:" + file;
        await rig.AtTargetAsync("create table d (id bigint primary key, n numeric(5,2))");
        rig.WriteJob("d: {on_error: {reject_limit: 9}}", name: "decimals");
        var end = await rig.RunAsync();
        Assert.True(end.Code == 3, end.ToString());
        Assert.Equal(["3|99.50"], await rig.RowsAsync("select * from d"));
        Assert.Equal(["{\"id\":1}|6 digits before the point, numeric(5,2) holds 3",
            "{\"id\":2}|3 digits after the point, numeric(5,2) would round to 2", "{\"id\":4}|text in a column of decimals"],
            await rig.RowsAsync("select row_where, cause from pawl_reject order by row_where"));
    }

    [Fact]
    public async Task Tables_without_columns_or_rows_are_copied_as_they_are()
    {
        await using var rig = await PgRig.NewAsync("create table nothing ()", "insert into nothing default values",
            "insert into nothing default values", "create table empty (id int primary key, v text)", "create table bare ()",
            "create table keyless (v text)", "insert into keyless values (null), (null), ('x')");
        rig.WriteJob("public.*: {target: '{table}', exclude: [public.nothing, public.bare]}");
        await rig.DoneAsync();
        Assert.Equal(["0|3"], await rig.RowsAsync("select (select count(*) from empty), (select count(*) from keyless)"));
        rig.WriteJob("public.bare: bare\npublic.nothing: nothing", name: "bare");
        await rig.DoneAsync();
        Assert.Equal(["0|2"], await rig.RowsAsync("select (select count(*) from bare), (select count(*) from nothing)"));
    }

    [Fact]
    public async Task A_row_that_does_not_fit_into_a_page_is_refused_in_the_servers_words()
    {
        var columns = string.Join(", ", Enumerable.Range(1, 1500).Select(i => string.Create(CultureInfo.InvariantCulture, $"c{i} int")));
        await using var rig = await PgRig.NewAsync();
        var file = rig.Scratch.At("source.db");
        var values = string.Join(", ", Enumerable.Range(1, 1500));
        var wide = columns.Replace(" int", " bigint", StringComparison.Ordinal);
        await Sqlite3.RunAsync(file, $"create table t(id integer primary key, {wide}); insert into t(id) values(1); insert into t values(2, {values});");
        rig.Source = "sqlite:" + file;
        rig.WriteJob("t: {on_error: {reject_limit: 1}}");
        var end = await rig.RunAsync();
        Assert.True(end.Code == 3, end.ToString());
        Assert.Equal(["{\"id\":2}|PAWL-604|row is too big: size 12032, maximum size 8160"],
            await rig.RowsAsync("select row_where, code, cause from pawl_reject"));
    }
}
