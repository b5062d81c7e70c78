using Pawl.Engine;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

public sealed class SqliteJobTests
{
    [Fact]
    public async Task A_job_copies_every_table_with_its_keys_and_indexes()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source,
            "create table orders(id integer primary key autoincrement, customer text collate nocase not null, total decimal(10,2), "
                + "note blob, at datetime default current_timestamp)",
            "create index by_customer on orders(customer, total desc)",
            "create unique index one_note on orders(note)",
            "create table lines(order_id int not null, line int not null, sku text, primary key(order_id, line desc)) without rowid",
            "create table bag(a, b)",
            "insert into orders(customer,total,note) values ('A',1,x'00'),('b',2.5,null),('c','n/a',x'')",
            "insert into lines values (1,1,'x'),(1,2,'y'),(2,1,null)",
            "insert into bag values (1,'1'),(1,'1'),(null,x'31')");
        var summary = await SqliteJobs.RunAsync(SqliteJobs.Job(scratch));
        Assert.Null(summary.Error);
        Assert.All(summary.Tables, t => Assert.Null(t.Error));
        Assert.Equal(RunStatus.Done, summary.Status);
        foreach (var (table, columns) in new[] { ("orders", new[] { "id", "customer", "total", "note", "at" }),
            ("lines", ["order_id", "line", "sku"]), ("bag", ["a", "b"]) })
        {
            Assert.Equal(Scratch.Cells(scratch.Source, table, "1,2", columns), Scratch.Cells(scratch.Target, table, "1,2", columns));
        }
        Assert.Equal(["tCREATE INDEX \"by_customer\" on \"orders\" (\"customer\", \"total\" desc)"],
            Scratch.Rows(scratch.Target, "select sql from sqlite_schema where name = 'by_customer'"));
        Assert.Equal(["tCREATE TABLE \"orders\" (\"id\" INTEGER primary key autoincrement, \"customer\" TEXT collate NOCASE not null, "
            + "\"total\" decimal(10,2), \"note\" BLOB, \"at\" datetime default current_timestamp)"],
            Scratch.Rows(scratch.Target, "select sql from sqlite_schema where name = 'orders'"));
        Assert.Equal(RunStatus.NothingToDo, (await SqliteJobs.RunAsync(SqliteJobs.Job(scratch))).Status);
    }
}
