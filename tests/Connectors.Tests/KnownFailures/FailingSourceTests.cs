using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>A full copy that is asked for again and cannot begin must leave the last one where it is.</summary>
public sealed class FailingSourceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_cannot_be_read_empties_nothing(bool garbled)
    {
        using var scratch = new Sqlite.Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key)", "insert into t values (1), (2), (3)");
        CopyJob job = new()
        {
            From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Tables = [CopyJob.Table("t")], Name = "failing",
        };
        await job.DoneAsync();
        File.Delete(scratch.Source);
        if (garbled) await File.WriteAllTextAsync(scratch.Source, new string('x', 8192), TestContext.Current.CancellationToken);
        var failed = await Record.ExceptionAsync(() => job.DoneAsync(restart: true));
        Assert.NotNull(failed);
        Assert.Equal(3, Sqlite.Scratch.Rows(scratch.Target, "select id from t").Count);
    }
}
