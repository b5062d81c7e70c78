using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Conformance;

/// <summary>
/// What every source owes the engine: any number of interruptions, any batch size and any cut into splits give the same rows once.
/// </summary>
public abstract class SourceSuite
{
    private static readonly int[] Budgets = [1, 2, 3, 7, 1000];
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected abstract ValueTask<ISourceFixture> OpenAsync();

    /// <summary>Set where tables without a key cannot be read in a stable order.</summary>
    protected virtual Deviation? KeylessTables => null;

    /// <summary>Set where rows cannot be chosen by a condition.</summary>
    protected virtual Deviation? Conditions => null;

    /// <summary>Set where names cannot hold quotes, spaces, emoji, or more than 64 bytes.</summary>
    protected virtual Deviation? OddNames => null;

    [Fact]
    public async Task Restarting_after_every_batch_gives_every_row_once_and_in_order()
    {
        await using var fixture = await OpenAsync();
        foreach (var sample in Samples.Keyed()) await RestartAsync(fixture, sample);
    }

    [Fact]
    public Task A_table_without_a_key_restarts_the_same_way() => Deviation.HoldAsync(KeylessTables, async () =>
    {
        await using var fixture = await OpenAsync();
        await RestartAsync(fixture, Samples.Keyless());
    });

    private static async Task RestartAsync(ISourceFixture fixture, SampleTable sample)
    {
        var name = await fixture.CreateAsync(sample);
        await using var first = await fixture.OpenAsync();
        var table = await DescribeAsync(first, name);
        var whole = await ReadAsync(first, table, new(), Whole, null, null, 1000);
        AssertSame(sample.Rows.Select(Cells.Row), whole, sample.Name);
        foreach (var budget in Budgets)
        {
            var rows = new List<string>();
            Position? after = null;
            await using var source = await fixture.OpenAsync();
            var restarts = 0;
            for (var more = true; more;)
            {
                more = false;
                Assert.True(restarts++ <= sample.Rows.Count + 1, $"{sample.Name}, {budget} rows a batch: reading does not come to an end");
                await foreach (var e in source.ReadAsync(table, new(), Whole, after, null, new BatchBudget(budget, 1 << 20), Ct))
                {
                    rows.AddRange(Take(e, budget));
                    if (e.Commit is null) continue;
                    after = Stored(e.Commit);
                    more = true;
                    break;
                }
            }
            Assert.True(whole.SequenceEqual(rows), $"{sample.Name}, {budget} rows a batch:\n{Difference(whole, rows)}");
        }
    }

    [Fact]
    public async Task Splits_cover_every_row_exactly_once()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        foreach (var sample in Samples.Keyed())
        {
            var name = await fixture.CreateAsync(sample);
            var table = await DescribeAsync(source, name);
            foreach (var wanted in new[] { 1, 2, 3, 8, 64 })
            {
                var options = new ReadOptions { Splits = wanted };
                var splits = await source.PlanAsync(table, options, Ct);
                Assert.InRange(splits.Count, 1, 4096);
                Assert.Equal(Enumerable.Range(0, splits.Count), splits.Select(s => s.Index));
                var rows = new List<string>();
                foreach (var split in splits) rows.AddRange(await ReadAsync(source, table, options, Stored(split), null, null, 5));
                AssertSame(sample.Rows.Select(Cells.Row), rows, $"{sample.Name}, {wanted} splits wanted, {splits.Count} made");
            }
        }
    }

    [Fact]
    public async Task Several_splits_can_be_read_at_the_same_time()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        var sample = Samples.Skewed();
        var table = await DescribeAsync(source, await fixture.CreateAsync(sample));
        var options = new ReadOptions { Splits = 8 };
        var splits = await source.PlanAsync(table, options, Ct);
        var parts = await Task.WhenAll(splits.Select(s => ReadAsync(source, table, options, s, null, null, 3)));
        AssertSame(sample.Rows.Select(Cells.Row), parts.SelectMany(p => p), "read in parallel");
    }

    [Fact]
    public async Task Bounds_exclude_what_is_before_and_include_the_end()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        foreach (var sample in new[] { Samples.Integers(), Samples.Texts(), Samples.Composite() })
        {
            var table = await DescribeAsync(source, await fixture.CreateAsync(sample));
            var (rows, positions) = await StepAsync(source, table);
            for (var from = -1; from < rows.Count; from += 3)
            {
                for (var to = Math.Max(from, 0); to < rows.Count; to += 4)
                {
                    var after = from < 0 ? null : positions[from];
                    var expected = rows.Skip(from + 1).Take(to - from);
                    Assert.Equal(expected, await ReadAsync(source, table, new(), Whole, after, positions[to], 4));
                    Assert.Equal(expected, await ReadAsync(source, table, new(), Bounded(after, positions[to]), null, null, 4));
                }
            }
        }
    }

    [Fact]
    public async Task Comparing_positions_agrees_with_the_order_of_reading()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        foreach (var sample in new[] { Samples.Integers(), Samples.Texts(), Samples.Composite() })
        {
            var table = await DescribeAsync(source, await fixture.CreateAsync(sample));
            var (_, positions) = await StepAsync(source, table);
            for (var i = 0; i < positions.Count; i++)
            {
                for (var j = 0; j < positions.Count; j++)
                {
                    var expected = i < j ? PositionOrder.Before : i > j ? PositionOrder.After : PositionOrder.Same;
                    Assert.Equal(expected, await source.CompareAsync(table, Stored(positions[i]), Stored(positions[j]), Ct));
                }
            }
        }
    }

    [Fact]
    public async Task No_batch_is_larger_than_its_budget_and_a_huge_row_travels_alone()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        var sample = Samples.Wide();
        var table = await DescribeAsync(source, await fixture.CreateAsync(sample));
        var seen = 0;
        await foreach (var e in source.ReadAsync(table, new(), Whole, null, null, new BatchBudget(4, 50_000), Ct))
        {
            if (e is not RowsEvent rows) continue;
            using var batch = rows.Batch;
            seen += batch.Rows;
            Assert.InRange(batch.Rows, 1, 4);
            // The row that crosses the line is in; nothing after it.
            Assert.True(batch.Rows == 1 || Payload(batch, batch.Rows - 1) < 50_000, "the budget was full before the last row");
        }
        Assert.Equal(sample.Rows.Count, seen);
    }

    [Fact]
    public async Task Patterns_choose_tables_in_name_order_and_never_Pawls_own()
    {
        await using var fixture = await OpenAsync();
        foreach (var name in new[] { "orders", "order_items", "customers", "pawl_job",
            "pawl_ledger" }) await fixture.CreateAsync(Samples.Empty(name));
        await using var source = await fixture.OpenAsync();
        var schema = (await DescribeAsync(source, await fixture.CreateAsync(Samples.Empty("zz")))).Name.Schema;
        string Qualified(string name) => schema is null ? name : $"{schema}.{name}";
        async Task<string[]> Names(string pattern) =>
            [.. (await source.DescribeAsync(new TablePattern(Qualified(pattern)), Ct)).Select(t => t.Name.Name)];
        Assert.Equal(["customers", "order_items", "orders", "zz"], await Names("*"));
        Assert.Equal(["order_items", "orders"], await Names("order*"));
        Assert.Equal(["orders"], await Names("orders"));
        Assert.Empty(await Names("nothing*"));
        Assert.Empty(await Names("pawl_*"));
        Assert.Empty(await Names("pawl_job"));
    }

    [Fact]
    public Task Odd_names_are_only_names() => Deviation.HoldAsync(OddNames, async () =>
    {
        await using var fixture = await OpenAsync();
        foreach (var odd in new[] { "a\"b", "it's", "select", "two words", "半 角", "🦀 crab", "semi;colon--", new string('n', 70),
            "brack[et]", "st*r?", "back\\slash" })
        {
            var sample = new SampleTable(odd, [new(odd + " id", LogicalType.Int64, false), new(odd + " v", LogicalType.Text)],
                [odd + " id"],
                [[1L, "a"], [2L, "b"], [3L, null]]);
            var name = await fixture.CreateAsync(sample);
            await using var source = await fixture.OpenAsync();
            var table = await DescribeAsync(source, name);
            Assert.Equal(sample.Columns.Select(c => c.Name), table.Columns.Select(c => c.Name));
            Assert.Equal(sample.Rows.Select(Cells.Row), await ReadAsync(source, table, new(), Whole, null, null, 2));
        }
    });

    [Fact]
    public Task A_condition_and_a_choice_of_columns_hold_in_every_restart() => Deviation.HoldAsync(Conditions, async () =>
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        var sample = Samples.Skewed();
        var table = await DescribeAsync(source, await fixture.CreateAsync(sample));
        var options = new ReadOptions { Columns = ["note"], Where = fixture.LessThan("id", 50), Splits = 4 };
        var rows = new List<string>();
        foreach (var split in await source.PlanAsync(table, options, Ct))
        {
            Position? after = null;
            var restarts = 0;
            for (var more = true; more;)
            {
                more = false;
                Assert.True(restarts++ <= sample.Rows.Count + 1, "reading does not come to an end");
                await foreach (var e in source.ReadAsync(table, options, split, after, null, new BatchBudget(7, 1 << 20), Ct))
                {
                    rows.AddRange(Take(e, 7));
                    if (e.Commit is null) continue;
                    after = Stored(e.Commit);
                    more = true;
                    break;
                }
            }
        }
        AssertSame(sample.Rows.Take(50).Select(r => Cells.Row([r[1]])), rows, "under a condition");
    });

    [Fact]
    public async Task Columns_come_in_the_order_asked_for()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        var sample = Samples.Integers();
        var table = await DescribeAsync(source, await fixture.CreateAsync(sample));
        var rows = await ReadAsync(source, table, new ReadOptions { Columns = ["amount", "id"] }, Whole, null, null, 4);
        Assert.Equal(sample.Rows.Select(r => Cells.Row([r[2], r[0]])), rows);
    }

    [Fact]
    public async Task A_cancelled_read_ends()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        var table = await DescribeAsync(source, await fixture.CreateAsync(Samples.Skewed()));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var e in source.ReadAsync(table, new(), Whole, null, null, new BatchBudget(1, 1 << 20), cancel.Token))
            {
                if (e is RowsEvent rows) rows.Batch.Dispose();
                await cancel.CancelAsync();
            }
        });
    }

    [Fact]
    public async Task Identity_is_stable_and_tells_databases_and_recreated_tables_apart()
    {
        await using var fixture = await OpenAsync();
        var name = await fixture.CreateAsync(Samples.Integers());
        await using var first = await fixture.OpenAsync();
        await using var second = await fixture.OpenAsync();
        Assert.Equal(first.Identity.Text, second.Identity.Text);
        Assert.Equal((await DescribeAsync(first, name)).Identity, (await DescribeAsync(second, name)).Identity);

        await using var elsewhere = await fixture.AnotherAsync();
        await elsewhere.CreateAsync(Samples.Integers());
        await using var other = await elsewhere.OpenAsync();
        Assert.NotEqual(first.Identity.Text, other.Identity.Text);

        var before = (await DescribeAsync(first, name)).Identity;
        await fixture.DropAsync(name);
        await fixture.CreateAsync(Samples.Single("between"));
        await fixture.CreateAsync(Samples.Integers());
        await using var later = await fixture.OpenAsync();
        Assert.NotEqual(before, (await DescribeAsync(later, name)).Identity);
    }

    [Fact]
    public async Task The_schema_says_what_the_table_is()
    {
        await using var fixture = await OpenAsync();
        await using var source = await fixture.OpenAsync();
        var table = await DescribeAsync(source, await fixture.CreateAsync(Samples.Composite()));
        Assert.Equal(["shop", "number", "note"], table.Columns.Select(c => c.Name));
        Assert.Equal([0, 1], table.Key.Columns);
        Assert.True(table.Key.Kind is KeyKind.Primary or KeyKind.Unique, "the key is one");
        Assert.True(table.Columns[2].Nullable, "a column that may be null says so");
        Assert.Equal(table.Hash(), (await DescribeAsync(source, table.Name)).Hash());
    }

    private static readonly Split Whole = new() { Index = 0 };

    private static Split Bounded(Position? after, Position through) => new() { Index = 0, After = after, Through = through };

    /// <summary>As it comes back from the ledger: by its texts alone.</summary>
    private static Position Stored(Position p) => new(new string(p.Codec.AsSpan()), new string(p.Text.AsSpan()));

    private static Split Stored(Split s) =>
        s with { After = s.After is null ? null : Stored(s.After), Through = s.Through is null ? null : Stored(s.Through) };

    private static async Task<TableSchema> DescribeAsync(ISource source, TableName name)
    {
        var found = await source.DescribeAsync(TablePattern.Literal(name.ToString()), Ct);
        return Assert.Single(found);
    }

    private static async Task<List<string>> ReadAsync(ISource source, TableSchema table, ReadOptions options, Split split, Position? after,
        Position? through, int budget)
    {
        var rows = new List<string>();
        await foreach (var e in source.ReadAsync(table, options, split, after, through, new BatchBudget(budget, 1 << 20), Ct))
        {
            rows.AddRange(Take(e, budget));
        }
        return rows;
    }

    /// <summary>Row by row, with the position after each.</summary>
    private static async Task<(List<string> Rows, List<Position> Positions)> StepAsync(ISource source, TableSchema table)
    {
        var rows = new List<string>();
        var positions = new List<Position>();
        await foreach (var e in source.ReadAsync(table, new(), Whole, null, null, new BatchBudget(1, 1 << 20), Ct))
        {
            var taken = Take(e, 1);
            if (taken.Count == 0) continue;
            rows.AddRange(taken);
            positions.Add(e.Commit ?? throw new InvalidOperationException("a row of a keyed table is a place to commit at"));
        }
        return (rows, positions);
    }

    private static List<string> Take(SourceEvent e, int budget)
    {
        if (e is not RowsEvent rows) return [];
        using var batch = rows.Batch;
        Assert.InRange(batch.Rows, 1, budget);
        Assert.All(batch.Columns, c => Assert.Equal(batch.Rows, c.Count));
        return [.. Cells.Rows(batch)];
    }

    private static long Payload(RowBatch batch, int rows)
    {
        var bytes = (BytesColumn)batch.Columns.Single(c => c is BytesColumn);
        return bytes.Ends[rows - 1];
    }

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual, string what)
    {
        var left = expected.Order(StringComparer.Ordinal).ToList();
        var right = actual.Order(StringComparer.Ordinal).ToList();
        Assert.True(left.SequenceEqual(right), $"{what}:\n{Difference(left, right)}");
    }

    private static string Difference(List<string> expected, List<string> actual)
    {
        var extra = actual.ToList();
        var missing = expected.Where(r => !extra.Remove(r)).ToList();
        static string Some(List<string> rows) => string.Join(", ", rows.Take(5).Select(r => r.Length > 80 ? r[..80] : r));
        return $"{expected.Count} expected, {actual.Count} read; {missing.Count} missing: {Some(missing)}; "
            + $"{extra.Count} extra: {Some(extra)}";
    }
}
