using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>A source with the short ways a test wants.</summary>
internal sealed class MyUnderTest(string database, ISource source) : IAsyncDisposable
{
    public ISource Source => source;

    public async Task<TableSchema> TableAsync(string name) =>
        Assert.Single(await source.DescribeAsync(TablePattern.Literal($"{database}.{name}"), default));

    /// <summary>Rows as JSON; the position stands beside the last row of each batch.</summary>
    public async Task<List<(string Row, Position? Commit)>> ReadAsync(TableSchema table, ReadOptions? options = null, Split? split = null,
        Position? after = null, Position? through = null, int rows = 1000, long bytes = 1 << 20)
    {
        var read = new List<(string, Position?)>();
        await foreach (var e in source.ReadAsync(table, options ?? new ReadOptions(), split ?? new Split { Index = 0 }, after, through,
            new BatchBudget(rows, bytes), TestContext.Current.CancellationToken))
        {
            using var batch = Assert.IsType<RowsEvent>(e).Batch;
            Assert.InRange(batch.Rows, 1, rows);
            for (var row = 0; row < batch.Rows; row++)
            {
                read.Add((RowJson.Write(batch, row), row == batch.Rows - 1 ? e.Commit : null));
            }
        }
        return read;
    }

    public async Task<List<string>> AllAsync(string table, string? where = null, params string[] columns) =>
        [.. (await ReadAsync(await TableAsync(table), new ReadOptions { Where = where, Columns = columns.Length == 0 ? null : columns }))
            .Select(r => r.Row)];

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
