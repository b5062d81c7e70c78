using Pawl.Contracts;
using Pawl.Core.Tests.Model;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Transform;
using Pawl.Verify;
using Xunit;

namespace Pawl.Core.Tests.Verify;

public sealed class TableComparerTests
{
    private static readonly (string, LogicalType)[] Columns =
        [("id", LogicalType.Int64), ("name", LogicalType.Text), ("amount", new LogicalType(TypeKind.Decimal)), ("extra", LogicalType.Any)];
    private static readonly TableSchema Orders = Rows.Schema(Columns, new KeySchema([0], KeyKind.Primary));
    private static readonly TableSchema Heap = Rows.Schema(Columns);

    private static List<object?[]> Some(int count = 1_000) =>
        [.. Enumerable.Range(1, count).Select(i => new object?[] { (long)i, $"name {i}", $"{i}.50", i % 3 == 0 ? null : Rows.Whole(i) })];

    private static TablePlan Plan(MemoryTable source, ColumnChanges? changes = null) => new()
    {
        Source = source.Schema.Name,
        Target = source.Schema.Name,
        Generation = 1,
        SourceSchema = source.Schema,
        TargetSchema = TransformChain.Output(source.Schema, changes ?? new ColumnChanges()),
        Read = new ReadOptions(),
        Splits = source.Cut(4),
        Columns = changes ?? new ColumnChanges(),
        ResultHash = "",
        SourceIdentity = source.Identity,
    };

    private static Task<TableVerdict> Compare(MemoryTable source, MemoryTable target, TablePlan? plan = null, long rejected = 0,
        VerifyLevel level = VerifyLevel.Digest, CompareOptions? options = null, long nulled = 0) =>
        TableComparer.CompareAsync(source, target, plan ?? Plan(source), rejected, level, TestContext.Current.CancellationToken,
            options ?? new CompareOptions { Budget = new BatchBudget(64, 1 << 20), PieceRows = 100 }, nulled: nulled);

    /// <summary>Every way a copy goes wrong that the verifier must see, with the range it must point at.</summary>
    public static TheoryData<string, int> Damages => new()
    {
        { "drop a row", 500 }, { "double a row", 500 }, { "swap two values", 501 }, { "null for empty", 500 }, { "text for number", 500 },
        { "float for number", 500 }, { "trailing space", 500 }, { "other case", 500 }, { "cut tail", 1_000 }, { "drop the first row", 1 },
        { "one row too many", 1_001 }, { "last digit", 500 }, { "bytes for text", 500 }, { "drop one, double another", 500 },
    };

    private static void Damage(string damage, List<object?[]> rows)
    {
        switch (damage)
        {
            case "drop a row": rows.RemoveAt(499); break;
            case "double a row": rows.Insert(499, rows[499]); break;
            case "swap two values": (rows[499][1], rows[500][1]) = (rows[500][1], rows[499][1]); break;
            case "null for empty": rows[499][1] = null; break;
            case "text for number": rows[499][3] = Rows.Text("500"); break;
            case "float for number": rows[499][3] = Rows.Real(500); break;
            case "trailing space": rows[499][1] += " "; break;
            case "other case": rows[499][1] = "Name 500"; break;
            case "cut tail": rows.RemoveRange(900, 100); break;
            case "drop the first row": rows.RemoveAt(0); break;
            case "one row too many": rows.Add([1_001L, "x", "1", null]); break;
            case "last digit": rows[499][2] = "500.5000000000000000000000000000000000000001"; break;
            case "bytes for text": rows[499][1] = Rows.Blob([.. "name 500"u8]); break;
            case "drop one, double another": rows.Insert(499, rows[499]); rows.RemoveAt(700); break;
            default: throw new ArgumentException(damage);
        }
    }

    private static (MemoryTable Source, MemoryTable Target) Pair(string damage, TableSchema schema)
    {
        var before = Some();
        if (damage == "null for empty") before[499][1] = "";
        var after = before.Select(r => r.ToArray()).ToList();
        Damage(damage, after);
        return (new MemoryTable(schema, before), new MemoryTable(schema, after));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_copy_is_found_and_the_place_is_named(string damage, int key)
    {
        var (source, target) = Pair(damage, Orders);
        var verdict = await Compare(source, target);
        Assert.False(verdict.Equal);
        Assert.True(verdict.Conclusive);
        Assert.NotEqual(verdict.SourceDigest, verdict.TargetDigest);
        Assert.Contains(verdict.Differences, d => long.Parse(d.After ?? "0", null) < key && long.Parse(d.Through ?? "9999", null) >= key);
        Assert.All(verdict.Differences, d => Assert.True(d.Missing + d.Extra > 0 && d.SourceRows <= 128));
        Assert.Equal(verdict.SourceRows - verdict.TargetRows, verdict.Differences.Sum(d => d.Missing - d.Extra));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_copy_without_a_key_is_found(string damage, int key)
    {
        Assert.True(key > 0);
        var (source, target) = Pair(damage, Heap);
        var verdict = await Compare(source, target);
        Assert.False(verdict.Equal);
        Assert.Empty(verdict.Differences);
    }

    [Fact]
    public async Task An_exact_copy_is_equal()
    {
        var verdict = await Compare(new MemoryTable(Orders, Some()), new MemoryTable(Orders, Some()));
        Assert.True(verdict.Equal && verdict.Conclusive);
        Assert.Equal((1_000L, 1_000L), (verdict.SourceRows, verdict.TargetRows));
        Assert.Equal(verdict.SourceDigest, verdict.TargetDigest);
        Assert.Empty(verdict.Differences);
    }

    [Fact]
    public async Task The_same_rows_in_another_order_are_equal()
    {
        var shuffled = Some().ToArray();
        new Random(7).Shuffle(shuffled);
        Assert.True((await Compare(new MemoryTable(Heap, Some()), new MemoryTable(Heap, shuffled))).Equal);
    }

    [Fact]
    public async Task Two_empty_tables_are_equal() =>
        Assert.True((await Compare(new MemoryTable(Orders, []), new MemoryTable(Orders, []))).Equal);

    [Fact]
    public async Task Rows_in_an_emptied_source_are_found()
    {
        var verdict = await Compare(new MemoryTable(Orders, []), new MemoryTable(Orders, Some(5)));
        Assert.Equal((false, 0L, 5L), (verdict.Equal, verdict.SourceRows, verdict.TargetRows));
    }

    [Fact]
    public async Task Columns_in_another_order_and_company_are_matched_by_name()
    {
        var other = Rows.Schema([Columns[2], ("more", LogicalType.Text), Columns[3], ("ID", LogicalType.Int64), Columns[1]],
            new KeySchema([3], KeyKind.Primary));
        var target = new MemoryTable(other, Some().Select(r => new[] { r[2], "default", r[3], r[0], r[1] }));
        var verdict = await Compare(new MemoryTable(Orders, Some()), target);
        Assert.True(verdict.Equal);
        Assert.True(target.Ranges.Count > 3, "ranges were not shared");
    }

    [Fact]
    public async Task Two_columns_exchanged_are_a_difference()
    {
        (string, LogicalType)[] texts = [("id", LogicalType.Int64), ("a", LogicalType.Text), ("b", LogicalType.Text)];
        var schema = Rows.Schema(texts, new KeySchema([0], KeyKind.Primary));
        var verdict = await Compare(new MemoryTable(schema, [[1L, "x", "y"]]), new MemoryTable(schema, [[1L, "y", "x"]]));
        Assert.False(verdict.Equal);
    }

    [Fact]
    public async Task Numbers_of_equal_value_are_equal_whatever_the_type()
    {
        var whole = Rows.Schema([("id", LogicalType.Int64), ("v", LogicalType.Bool)], new KeySchema([0], KeyKind.Primary));
        var number = Rows.Schema([("id", LogicalType.Int64), ("v", new LogicalType(TypeKind.Decimal))], whole.Key);
        Assert.True((await Compare(new MemoryTable(whole, [[1L, 1L]]), new MemoryTable(number, [[1L, "1.0"]]))).Equal);
    }

    [Fact]
    public async Task A_decimal_kept_as_text_means_what_the_plan_says()
    {
        var text = Rows.Schema([Columns[0], Columns[1], ("amount", LogicalType.Text), Columns[3]], Orders.Key);
        Assert.True((await Compare(new MemoryTable(Orders, Some()), new MemoryTable(text, Some()))).Equal);
    }

    [Fact]
    public async Task Renames_and_constants_are_applied_before_comparing()
    {
        var changes = new ColumnChanges
        {
            Rename = new Dictionary<string, string> { ["id"] = "order_id" },
            Set = new Dictionary<string, object?> { ["name"] = "x", ["origin"] = 7L },
        };
        var source = new MemoryTable(Orders, Some());
        var plan = Plan(source, changes: changes);
        var target = new MemoryTable(plan.TargetSchema, Some().Select(r => new[] { r[0], "x", r[2], r[3], 7L }));
        var verdict = await Compare(source, target, plan);
        Assert.True(verdict.Equal);
        Assert.True(target.Ranges.Count > 3, "ranges were not shared");
        var wrong = new MemoryTable(plan.TargetSchema, Some().Select(r => new[] { r[0], "x", r[2], r[3], 8L }));
        Assert.False((await Compare(source, wrong, plan)).Equal);
    }

    [Fact]
    public async Task Every_split_of_the_source_is_compared()
    {
        var source = new MemoryTable(Orders, Some());
        var target = new MemoryTable(Orders, Some());
        await Compare(source, target);
        Assert.Equal(["(,250]", "(250,500]", "(500,750]", "(750,]"], target.Ranges.Skip(1));
    }

    public static TheoryData<string> Strangers => ["codec", "collation", "key name", "type", "no key"];

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task Ranges_are_not_shared_with_another_order(string stranger)
    {
        var column = Orders.Columns[0];
        var changed = stranger switch
        {
            "collation" => column with { Collation = "de" },
            "type" => column with { Type = new LogicalType(TypeKind.UnsignedInteger) },
            _ => column,
        };
        var schema = Orders with { Columns = [changed, .. Orders.Columns.Skip(1)] };
        if (stranger == "no key") schema = Heap;
        if (stranger == "key name") schema = Rows.Schema([.. Columns, ("k", LogicalType.Int64)], new KeySchema([4], KeyKind.Primary));
        var target = new MemoryTable(schema, Some().Select(r => stranger == "key name" ? [.. r, r[0]] : r))
        {
            Codec = stranger == "codec" ? "other/1" : "memory.key/1",
        };
        Assert.True((await Compare(new MemoryTable(Orders, Some()), target)).Equal);
        Assert.All(target.Ranges, r => Assert.Equal("(,]", r));
    }

    [Fact]
    public async Task A_key_that_falls_at_the_target_gives_no_row_twice()
    {
        Assert.True((await Compare(new MemoryTable(Orders, Some()), new MemoryTable(Orders, Some()) { Falls = true })).Equal);
        var source = new MemoryTable(Orders, Some());
        var damaged = new MemoryTable(Orders, Some().Skip(1)) { Falls = true };
        var verdict = await Compare(source, damaged, Plan(source) with { Splits = [new Split { Index = 0 }] });
        Assert.Equal((false, true, 999L), (verdict.Equal, verdict.Conclusive, verdict.TargetRows));
        Assert.Empty(verdict.Differences);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Splits_with_a_gap_do_not_hide_target_rows(int gap)
    {
        var source = new MemoryTable(Orders, Some().Where(r => ((long)r[0]! - 1) / 250 != gap));
        var splits = new MemoryTable(Orders, Some()).Cut(4).Where(s => s.Index != gap).ToArray();
        var verdict = await Compare(source, new MemoryTable(Orders, Some()), Plan(source) with { Splits = splits });
        Assert.Equal((false, 1_000L), (verdict.Equal, verdict.TargetRows));
    }

    [Fact]
    public async Task Bounds_of_a_lost_snapshot_are_made_anew()
    {
        var source = new MemoryTable(Orders, Some()) { Lifetime = SplitLifetime.Snapshot, Splits = 3 };
        var target = new MemoryTable(Orders, Some());
        var stale = new Split { Index = 0, Lifetime = SplitLifetime.Snapshot, Through = new Position("memory.key/1", "10") };
        var verdict = await Compare(source, target, Plan(source) with { Splits = [stale] });
        Assert.Equal((true, 1_000L), (verdict.Equal, verdict.SourceRows));
        Assert.Equal(["(,333]", "(333,666]", "(666,]"], source.Ranges);
        Assert.Equal(["(,]"], target.Ranges);
    }

    [Fact]
    public async Task Differences_are_listed_up_to_a_bound()
    {
        var target = new MemoryTable(Orders, Some().Select(r => new[] { r[0], r[1] + "!", r[2], r[3] }));
        var options = new CompareOptions { Budget = new BatchBudget(10, 1 << 20), PieceRows = 10, Differences = 5 };
        var verdict = await Compare(new MemoryTable(Orders, Some()), target, options: options);
        Assert.Equal((5, true), (verdict.Differences.Count, verdict.MoreDifferences));
        Assert.Equal(new RangeDifference(null, "10", 10, 10) { Missing = 10, Extra = 10 }, verdict.Differences[0]);
    }

    [Fact]
    public async Task No_batch_is_larger_than_the_budget()
    {
        var (source, target) = Pair("cut tail", Orders);
        await Compare(source, target, options: new CompareOptions { Budget = new BatchBudget(16, 1 << 20) });
        Assert.Equal((16, 16), (source.LargestBatch, target.LargestBatch));
    }

    [Fact]
    public async Task A_failing_side_ends_the_comparison_with_its_own_fault()
    {
        var fault = new PawlException(Fault.Transient, Codes.Unreachable);
        foreach (var schema in new[] { Orders, Heap })
        {
            var failing = new MemoryTable(schema, Some()) { Failure = fault };
            var hanging = new MemoryTable(schema, Some()) { Hangs = true };
            Assert.Same(fault, await Assert.ThrowsAsync<PawlException>(() => Compare(hanging, failing)));
            Assert.Same(fault, await Assert.ThrowsAsync<PawlException>(() => Compare(failing, hanging, Plan(failing))));
        }
    }

    [Fact]
    public async Task A_missing_table_or_column_is_an_error_not_a_difference()
    {
        var source = new MemoryTable(Orders, Some());
        var elsewhere = new MemoryTable(Orders with { Name = new TableName(null, "u") }, []);
        Assert.Equal(Codes.TableMissing, (await Assert.ThrowsAsync<PawlException>(() => Compare(source, elsewhere))).Code);
        var narrow = new MemoryTable(Rows.Schema([Columns[0]], Orders.Key), []);
        var error = await Assert.ThrowsAsync<PawlException>(() => Compare(source, narrow));
        Assert.Equal((Codes.TargetColumnMissing, "name"), (error.Code, error.Details["column"]));
    }

    [Fact]
    public async Task A_table_name_with_glob_characters_is_taken_as_it_stands()
    {
        var odd = Orders with { Name = new TableName(null, @"a*b?[c]\*") };
        var target = new MemoryTable(odd, Some());
        Assert.True((await Compare(new MemoryTable(odd, Some()), target)).Equal);
        Assert.False(target.Asked!.Matches(@"axxbyc\z"));
    }

    [Fact]
    public async Task As_many_rows_may_differ_as_cells_were_written_as_null_and_that_proves_nothing()
    {
        var (before, after) = (Some(), Some());
        (after[10][1], after[700][1]) = (null, null);
        var (source, target) = (new MemoryTable(Orders, before), new MemoryTable(Orders, after));
        Assert.False((await Compare(source, target, nulled: 1)).Equal);
        var accounted = await Compare(source, target, nulled: 2);
        Assert.Equal((true, false), (accounted.Equal, accounted.Conclusive));
        Assert.True((await Compare(source, source, nulled: 2)).Conclusive);
        // A row that is missing is none that differs.
        after.RemoveAt(500);
        Assert.False((await Compare(source, new MemoryTable(Orders, after), nulled: 9)).Equal);
    }

    [Fact]
    public async Task Cells_that_the_plan_makes_null_are_null_on_both_sides()
    {
        var (before, after) = (Some(), Some());
        (before[10][1], after[10][1]) = (Rows.Whole(7), null);
        var (source, target) = (new MemoryTable(Orders, before), new MemoryTable(Orders, after));
        var plan = Plan(source) with { Strays = StrayPolicy.Reject, NullCauses = ["type"] };
        var same = await Compare(source, target, plan, nulled: 1);
        Assert.Equal((true, true), (same.Equal, same.Conclusive));
        // The one cell is accounted for: another row that differs is one too many.
        after[20][1] = "other";
        Assert.False((await Compare(source, new MemoryTable(Orders, after), plan, nulled: 1)).Equal);
    }
}
