using System.Text.RegularExpressions;
using Pawl.Connectors.MySql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What tables that Pawl makes keep of their source's, from one kind of server into another.</summary>
public sealed partial class MyMadeTableTests
{
    private static CopyJob Job(MyFixture from, MyFixture to, WriteMode write = WriteMode.Insert) => new()
    {
        From = from.Here(), To = to.Here(), Tables = [CopyJob.Table($"{from.Database}.t", $"{to.Database}.t") with { Write = write }],
        Verify = VerifyLevel.Digest,
    };

    [Theory]
    [InlineData("(`v` in (_utf8mb4\\'a\\',_utf8mb4\\'b\\\\\\'c\\'))", "(`v` in (_utf8mb4'a',_utf8mb4'b\\'c'))")]
    [InlineData("(`v` < 5)", "(`v` < 5)")]
    public void An_expression_of_MySQL_is_read_as_it_was_meant(string written, string meant)
    {
        Assert.Equal(meant, MyDefaults.Expression(written, isMariaDb: false));
        Assert.Equal(written, MyDefaults.Expression(written, isMariaDb: true));
    }

    [Fact]
    [Trait("needs", "mysql")]
    public async Task MySQL_to_MySQL_makes_the_same_table()
    {
        await using var from = await MyFixture.NewAsync(await MySqlServer.SharedAsync());
        await using var to = await MyFixture.NewAsync(await MySqlServer.SharedAsync());
        await from.RunAsync("""
            create table t (id int not null auto_increment primary key, v varchar(20) default 'it''s', b bit(3) default b'101',
                e enum('a', 'b''c') not null default 'b''c', n decimal(9,2) default 1.50,
                ts timestamp(3) null default current_timestamp(3) on update current_timestamp(3),
                dt datetime default '2000-01-02 03:04:05', plain datetime default current_timestamp,
                g varchar(50) generated always as (concat(v, '\'"', n)) stored,
                check (v in ('a', 'b''c', 'it''s', 'x\\y')), check (n < 1000))
            """, "insert into t (id, v, ts) values (1, 'a', '2001-01-01 00:00:00.123'), (2, 'b''c', null), (40, 'x\\\\y', '2002-02-02')");
        await Job(from, to).DoneAsync();
        // A server names checks in the order in which they come, and repeats a charset that was stated.
        const string Made = "show create table t";
        static IEnumerable<string> Lines(List<string> made) => made[0].Split('\n').Select(l => Chk().Replace(l.TrimEnd(','), "")).Order();
        Assert.Equal(Lines(await from.RowsAsync(Made)), Lines(await to.RowsAsync(Made)));
        Assert.Equal(await from.RowsAsync("select * from t order by id"), await to.RowsAsync("select * from t order by id"));
        await to.RunAsync("insert into t (v) values ('a')");
        Assert.Equal(["41"], await to.RowsAsync("select max(id) from t"));
    }

    [GeneratedRegex("CONSTRAINT `t_chk_[0-9]+` |CHARACTER SET utf8mb4 (COLLATE utf8mb4_0900_ai_ci )?")]
    private static partial Regex Chk();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("needs", "mysql")]
    public async Task Between_MySQL_and_MariaDB_numbering_and_plain_defaults_come_along(bool intoMariaDb)
    {
        MyServer one = await MySqlServer.SharedAsync(), other = await MariaDbServer.SharedAsync();
        await using var from = await MyFixture.NewAsync(intoMariaDb ? one : other);
        await using var to = await MyFixture.NewAsync(intoMariaDb ? other : one);
        await from.RunAsync("""
            create table t (id int unsigned not null auto_increment primary key, v varchar(20) character set utf8mb4 default 'it''s é',
                b bit(3) default b'101', n decimal(9,2) default 1.50, e enum('a', 'b') not null default 'b', none varchar(5) default null,
                ts timestamp(3) null default current_timestamp(3) on update current_timestamp(3),
                dt datetime default '2000-01-02 03:04:05', made varchar(50) default (uuid()), body text)
            """, "insert into t (id, v, ts, made) values (1, 'a', '2001-01-01 00:00:00.123', 'x'), (2, 'b', null, 'x'), "
            + "(40, 'c', '2002-02-02', 'x')");
        await Job(from, to).DoneAsync();
        await to.RunAsync("insert into t (body) values ('new')");
        Assert.Equal(["41|it's é|5|1.50|b|∅|1|2000-01-02 03:04:05"],
            await to.RowsAsync("select id, v, b + 0, n, e, none, ts > now() - interval 1 hour, dt from t where id > 40"));
        await to.RunAsync("update t set v = 'z', ts = ts where id = 1", "update t set v = 'z' where id = 2",
            "delete from t where id > 40");
        Assert.Equal(["1|0", "2|1"], await to.RowsAsync("select id, ts > now() - interval 1 hour from t where id < 3 order by id"));
        // Written over, a row takes the source's time and not the server's.
        await Job(from, to, WriteMode.Upsert).DoneAsync();
        const string All = "select id, v, ts from t order by id";
        Assert.Equal(await from.RowsAsync(All), await to.RowsAsync(All));
    }
}
