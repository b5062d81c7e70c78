using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>A table that is added to a job must not cost the others their progress, nor their rows.</summary>
public sealed class AddedTableTests
{
    [Fact]
    public async Task The_tables_that_were_there_are_neither_read_nor_written_again()
    {
        using var scratch = new Sqlite.Scratch();
        scratch.Run(scratch.Source, "create table a(id integer primary key)", "create table b(id integer primary key)",
            "insert into a values (1), (2), (3)", "insert into b values (1), (2)");
        CopyJob Job(params string[] tables) => new()
        {
            From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Tables = [.. tables.Select(t => CopyJob.Table(t))],
            Name = "added",
        };
        await Job("a").DoneAsync();
        var ledger = Sqlite.Scratch.Rows(scratch.Target, "select lane, seq, epoch, at from pawl_ledger");
        var summary = await Job("b", "a").DoneAsync();
        Assert.Equal([("b", 2L), ("a", 0L)], summary.Tables.OrderByDescending(t => t.Source).Select(t => (t.Source, t.ThisRun.Read)));
        Assert.Equal(ledger, Sqlite.Scratch.Rows(scratch.Target, "select lane, seq, epoch, at from pawl_ledger where source_table = 'a'"));
        Assert.Equal(3, Sqlite.Scratch.Rows(scratch.Target, "select id from a").Count);
    }
}
