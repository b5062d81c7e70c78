using Xunit;
using Pawl.Model;

namespace Pawl.Connectors.Tests.Sqlite;

public sealed class SqliteSmokeTests
{
    [Fact]
    public async Task A_table_is_described_and_read()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key, name text, price real)",
            "insert into t values (1,'a',1.5),(2,null,2.0),(3,'c','x')");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var rows = await source.ReadAsync(table, rows: 2);
        Assert.Equal(["""{"id":1,"name":"a","price":1.5}""", """{"id":2,"name":null,"price":2}""", """{"id":3,"name":"c","price":{"$text":"x"}}"""],
            rows.Select(r => r.Row));
        Assert.Equal(new Position("sqlite.key/1", "i:3"), rows[^1].Commit);
    }
}
