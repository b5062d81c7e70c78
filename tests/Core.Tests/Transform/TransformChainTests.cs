using Pawl.Contracts;
using Pawl.Core.Tests.Model;
using Pawl.Model;
using Pawl.Transform;
using Xunit;

namespace Pawl.Core.Tests.Transform;

public sealed class TransformChainTests
{
    private static readonly LaneId Lane = new(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "t/g1/s0");

    private static readonly TableSchema Orders = Rows.Schema(
        [("id", LogicalType.Int64), ("status", new LogicalType(TypeKind.Text, 5)), ("amount", LogicalType.Float64)],
        new KeySchema([0], KeyKind.Primary)) with { UniqueSets = [["status", "amount"], ["amount"]] };

    private static ColumnChanges Rename(params (string From, string To)[] names) =>
        new() { Rename = names.ToDictionary(n => n.From, n => n.To) };

    private static ColumnChanges Set(params (string Name, object? Value)[] values) =>
        new() { Set = values.ToDictionary(n => n.Name, n => n.Value) };

    private static TablePlan Plan(ColumnChanges changes, StrayPolicy strays = StrayPolicy.Keep, TableSchema? schema = null) => new()
    {
        Source = new TableName(null, "t"),
        Target = new TableName(null, "u"),
        Generation = 1,
        SourceSchema = schema ?? Orders,
        TargetSchema = TransformChain.Output(schema ?? Orders, changes),
        Read = new ReadOptions(),
        Splits = [new Split { Index = 0 }],
        Columns = changes,
        Strays = strays,
        ResultHash = "",
        SourceIdentity = new SourceIdentity("s", "s"),
    };

    private static async Task<TransformResult> Apply(TablePlan plan, RowBatch batch, bool accepts = true)
    {
        await using var chain = TransformChain.For(plan, accepts);
        return await chain.ApplyAsync(Lane, batch, new Position("c/1", "p9"), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Without_changes_the_same_batch_leaves()
    {
        using var batch = Rows.Batch(Orders, [1, "new", 1.5]);
        var result = await Apply(Plan(new ColumnChanges()), batch);
        Assert.Same(batch, Assert.Single(result.Batches));
        Assert.Empty(result.Rejected);
    }

    [Fact]
    public async Task A_rename_moves_no_cells_and_keeps_the_key()
    {
        var batch = Rows.Batch(Orders, [1, "new", 1.5]);
        var id = batch.Columns[0];
        var result = await Apply(Plan(Rename(("id", "order_id"))), batch);
        using var made = Assert.Single(result.Batches);
        Assert.Same(id, made.Columns[0]);
        Assert.Equal("order_id", made.Schema.Columns[0].Name);
        Assert.Equal("order_id", made.Columns[0].Schema.Name);
        Assert.Equal([0], made.Schema.Key.Columns);
        Assert.Equal("t", made.Schema.Name.Name);
    }

    [Fact]
    public void Two_columns_may_swap_names()
    {
        var schema = TransformChain.Output(Orders, Rename(("status", "amount"), ("amount", "status")));
        Assert.Equal(["id", "amount", "status"], schema.Columns.Select(c => c.Name));
        Assert.Equal([["amount", "status"], ["status"]], schema.UniqueSets);
    }

    [Fact]
    public void An_unknown_rename_is_refused()
    {
        var error = Assert.Throws<PawlException>(() => TransformChain.Output(Orders, Rename(("amuont", "x"))));
        Assert.Equal((Codes.ColumnMissing, Fault.Schema, "amount"), (error.Code, error.Fault, error.Details["suggestion"]));
    }

    [Fact]
    public void Two_columns_with_one_name_are_refused() =>
        Assert.Equal(Codes.ColumnClash, Assert.Throws<PawlException>(() => TransformChain.Output(Orders, Rename(("id", "status")))).Code);

    [Fact]
    public async Task Constants_are_appended_in_order_with_their_own_types()
    {
        var changes = Set(("l", 7L), ("d", -0.5), ("s", "é"), ("b", true), ("n", null));
        var result = await Apply(Plan(changes), Rows.Batch(Orders, [1, "new", 1.5], [2, null, null]));
        using var made = Assert.Single(result.Batches);
        Assert.Equal([TypeKind.Integer, TypeKind.Float64, TypeKind.Text, TypeKind.Bool, TypeKind.Any],
            made.Schema.Columns.Skip(3).Select(c => c.Type.Kind));
        Assert.Equal("""
            {"id":1,"status":"new","amount":1.5,"l":7,"d":-0.5,"s":"é","b":true,"n":null}
            {"id":2,"status":null,"amount":null,"l":7,"d":-0.5,"s":"é","b":true,"n":null}
            """, RowJson.Write(made, 0) + "\n" + RowJson.Write(made, 1));
    }

    [Theory]
    [InlineData("short", TypeKind.Text, 5)]
    [InlineData("too long", TypeKind.Text, 0)]
    [InlineData(3L, TypeKind.Integer, 8)]
    [InlineData(null, TypeKind.Text, 5)]
    public async Task A_replaced_column_keeps_its_type_when_the_constant_fits(object? value, TypeKind kind, int length)
    {
        var result = await Apply(Plan(Set(("status", value))), Rows.Batch(Orders, [1, "new", 1.5]));
        using var made = Assert.Single(result.Batches);
        Assert.Equal(new LogicalType(kind, length), made.Schema.Columns[1].Type);
        Assert.Equal(3, made.Columns.Length);
        Assert.Equal(KeyKind.Primary, made.Schema.Key.Kind);
        Assert.Equal([["amount"]], made.Schema.UniqueSets);
    }

    [Fact]
    public void A_constant_in_a_key_column_ends_the_key() =>
        Assert.Equal(KeyKind.None, TransformChain.Output(Orders, Set(("id", 1L))).Key.Kind);

    [Fact]
    public void What_tells_merged_tables_apart_belongs_to_every_key()
    {
        var merged = TransformChain.Output(Orders, Set(("from", "a")) with { SourceColumn = "from" });
        Assert.Equal([3, 0], merged.Key.Columns);
        Assert.Equal(["from status amount", "from amount"], merged.UniqueSets.Select(set => string.Join(' ', set)));
    }

    [Fact]
    public async Task A_constant_takes_the_name_after_renaming()
    {
        var changes = Set(("state", "x")) with { Rename = Rename(("status", "state")).Rename };
        var result = await Apply(Plan(changes), Rows.Batch(Orders, [1, "new", 1.5]));
        using var made = Assert.Single(result.Batches);
        Assert.Equal("""{"id":1,"state":"x","amount":1.5}""", RowJson.Write(made, 0));
    }

    [Fact]
    public async Task Changes_keep_their_ops_and_old_keys_under_new_names()
    {
        var keys = Rows.Schema([("id", LogicalType.Int64)], new KeySchema([0], KeyKind.Primary));
        using var filled = Rows.Batch(Orders, [1, "new", 1.5]);
        var batch = new RowBatch(Orders, filled.Columns, 1)
        {
            Ops = [Op.Update],
            Absent = [null, [true], null],
            Before = Rows.Batch(keys, [9]),
        };
        var result = await Apply(Plan(Rename(("id", "k"))), batch);
        using var made = Assert.Single(result.Batches);
        Assert.Equal([Op.Update], made.Ops!);
        Assert.Equal("""{"k":1,"amount":1.5}""", RowJson.Write(made, 0));
        Assert.Equal("""{"k":9}""", RowJson.Write(made.Before!, 0));
    }

    [Fact]
    public async Task A_wire_image_survives_a_rename_undecoded()
    {
        var wire = new CountedWire(Rows.Batch(Orders, [1, "new", 1.5]));
        var made = Assert.Single((await Apply(Plan(Rename(("id", "k"))), new RowBatch(Orders, wire, 1))).Batches);
        Assert.Same(wire, made.Wire);
        Assert.Equal((0, 7), (wire.Decoded, made.Bytes));
        Assert.Equal("""{"k":1,"status":"new","amount":1.5}""", RowJson.Write(made, 0));
        Assert.Equal("""{"k":1,"status":"new","amount":1.5}""", RowJson.Write(made, 0));
        Assert.Equal(1, wire.Decoded);
        made.Dispose();
        Assert.True(wire.IsDisposed);
    }

    [Fact]
    public async Task A_constant_decodes_a_wire_image_and_lets_go_of_it()
    {
        var wire = new CountedWire(Rows.Batch(Orders, [1, "new", 1.5]));
        using var made = Assert.Single((await Apply(Plan(Set(("id", 5L))), new RowBatch(Orders, wire, 1))).Batches);
        Assert.Null(made.Wire);
        Assert.True(wire.IsDisposed);
        Assert.Equal("""{"id":5,"status":"new","amount":1.5}""", RowJson.Write(made, 0));
    }

    private sealed class CountedWire(RowBatch rows) : WireImage("w/1")
    {
        public int Decoded { get; private set; }
        public bool IsDisposed { get; private set; }
        public override long Bytes => 7;

        public override Column[] Decode()
        {
            Decoded++;
            return rows.Columns;
        }

        public override void Dispose() => IsDisposed = true;
    }

    [Fact]
    public async Task Keep_carries_mistyped_cells_where_the_sink_takes_them()
    {
        using var batch = Rows.Batch(Orders, [Rows.Text("x"), "new", 1.5]);
        var result = await Apply(Plan(new ColumnChanges()), batch);
        Assert.True(Assert.Single(result.Batches).HasStrays);
    }

    [Theory]
    [InlineData(StrayPolicy.Stop, true)]
    [InlineData(StrayPolicy.Keep, false)]
    public async Task A_mistyped_cell_stops_the_table(StrayPolicy policy, bool accepts)
    {
        using var batch = Rows.Batch(Orders, [1, "a", 1.5], [2, Rows.Blob(1), 1.5]);
        var error = await Assert.ThrowsAsync<PawlException>(() => Apply(Plan(new ColumnChanges(), policy), batch, accepts));
        Assert.Equal((Codes.TypeMismatch, Fault.Data, "status", "bytes"),
            (error.Code, error.Fault, error.Details["column"], error.Details["found"]));
        Assert.Equal("""{"id":2}""", error.Details["row"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reject_takes_mistyped_rows_out_and_the_books_balance(bool accepts)
    {
        var batch = Rows.Batch(Orders, [1, "a", 1.5], [2, Rows.Whole(8), Rows.Text("z")], [3, null, 2.5], [Rows.Real(4), "d", null]);
        var changes = Rename(("status", "state"), ("id", "k"));
        var result = await Apply(Plan(changes, StrayPolicy.Reject), batch, accepts);
        using var kept = Assert.Single(result.Batches);
        Assert.Equal(4, kept.Rows + result.Rejected.Count);
        Assert.Equal(["""{"k":1,"state":"a","amount":1.5}""", """{"k":3,"state":null,"amount":2.5}"""],
            [RowJson.Write(kept, 0), RowJson.Write(kept, 1)]);
        Assert.False(kept.HasStrays);
        var first = result.Rejected[0];
        Assert.Equal((Lane, "t", "status", Codes.TypeMismatch, """{"id":2}"""),
            (first.Lane, first.Table.Name, first.Column, first.Code, first.Where));
        Assert.Equal("""{"id":2,"status":8,"amount":{"$text":"z"}}""", first.Row);
        Assert.Equal("integer in text(5)", first.Cause);
        Assert.Equal("""{"id":4.0,"status":"d","amount":null}""", result.Rejected[1].Row);
    }

    [Fact]
    public async Task When_every_row_is_rejected_no_batch_leaves()
    {
        var result = await Apply(Plan(new ColumnChanges(), StrayPolicy.Reject), Rows.Batch(Orders, [1, Rows.Whole(8), 1.5]));
        Assert.Empty(result.Batches);
        Assert.Single(result.Rejected);
    }

    [Fact]
    public async Task A_reject_without_a_key_tells_the_position()
    {
        var schema = Orders with { Key = new KeySchema([], KeyKind.RowId) };
        var result = await Apply(Plan(new ColumnChanges(), StrayPolicy.Reject, schema), Rows.Batch(schema, [1, Rows.Whole(8), 1.5]));
        Assert.Equal("p9", Assert.Single(result.Rejected).Where);
    }

    [Fact]
    public async Task Cells_of_an_untyped_column_are_never_mistyped()
    {
        var schema = Rows.Schema(("a", LogicalType.Any));
        using var batch = Rows.Batch(schema, [Rows.Whole(1)], ["x"], [Rows.Blob(2)]);
        var result = await Apply(Plan(new ColumnChanges(), StrayPolicy.Stop, schema), batch);
        Assert.Equal(3, Assert.Single(result.Batches).Rows);
    }

    [Fact]
    public async Task A_cell_that_a_constant_replaces_is_not_judged()
    {
        var result = await Apply(Plan(Set(("status", "x")), StrayPolicy.Stop), Rows.Batch(Orders, [1, Rows.Whole(8), 1.5]));
        using var made = Assert.Single(result.Batches);
        Assert.Equal("""{"id":1,"status":"x","amount":1.5}""", RowJson.Write(made, 0));
    }

    [Fact]
    public async Task Columns_other_than_planned_are_refused()
    {
        var other = Rows.Schema(("id", LogicalType.Int64), ("amount", LogicalType.Float64), ("status", LogicalType.Text));
        var error = await Assert.ThrowsAsync<PawlException>(() => Apply(Plan(new ColumnChanges()), Rows.Batch(other, [1, 1.5, "a"])));
        Assert.Equal(Codes.ContractBroken, error.Code);
    }

    [Theory]
    [InlineData(StrayPolicy.Reject, true)]
    [InlineData(StrayPolicy.Stop, true)]
    [InlineData(StrayPolicy.Keep, false)]
    public async Task A_mistyped_cell_that_is_to_be_null_keeps_its_row_and_is_told(StrayPolicy policy, bool accepts)
    {
        var plan = Plan(Rename(("amount", "sum")), policy) with { NullCauses = ["type"] };
        var result = await Apply(plan, Rows.Batch(Orders, [1, "new", 1.5], [2, Rows.Whole(8), Rows.Whole(9)], [3, "x", 2.5]), accepts);
        using var made = Assert.Single(result.Batches);
        Assert.False(made.HasStrays);
        Assert.Equal("""{"id":1,"status":"new","sum":1.5}|{"id":2,"status":null,"sum":null}|{"id":3,"status":"x","sum":2.5}""",
            string.Join('|', Enumerable.Range(0, 3).Select(row => RowJson.Write(made, row))));
        Assert.Empty(result.Rejected);
        Assert.Equal(["status", "amount"], result.Nulled.Select(c => c.Column));
        Assert.All(result.Nulled, cell => Assert.Equal((Codes.TypeMismatch, """{"id":2}""", Lane, true),
            (cell.Code, cell.Where, cell.Lane, cell.IsNulled)));
        // The row as it was, in both.
        Assert.Single(result.Nulled.Select(c => c.Row).Distinct());
        Assert.Contains("\"status\":8", result.Nulled[0].Row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistyped_cell_of_the_key_or_of_a_column_without_nulls_is_never_null()
    {
        var columns = Orders.Columns.Select(c => c with { Nullable = c.Name != "amount" }).ToArray();
        var schema = Orders with { Columns = columns };
        RowBatch Batch() => Rows.Batch(schema, [Rows.Text("k"), "a", 1.5], [2, Rows.Whole(8), Rows.Whole(9)], [3, Rows.Whole(8), 2.5]);
        var result = await Apply(Plan(new ColumnChanges(), StrayPolicy.Reject, schema) with { NullCauses = ["type"] }, Batch());
        using var made = Assert.Single(result.Batches);
        Assert.Equal("""{"id":3,"status":null,"amount":2.5}""", RowJson.Write(made, 0));
        Assert.Equal((1, "id", "amount"), (made.Rows, result.Rejected[0].Column, result.Rejected[1].Column));
        // Of a row that is not written nothing became null.
        Assert.Equal("""{"id":3}""", Assert.Single(result.Nulled).Where);
        Assert.Contains("\"status\":8", result.Rejected[1].Row, StringComparison.Ordinal);
        var stops = Plan(new ColumnChanges(), StrayPolicy.Stop, schema) with { NullCauses = ["type"] };
        Assert.Equal("id", (await Assert.ThrowsAsync<PawlException>(() => Apply(stops, Batch()))).Details["column"]);
    }
}
