using Pawl.Core.Tests.Model;
using Pawl.Model;
using Pawl.Transform;
using Xunit;

namespace Pawl.Core.Tests.Transform;

public sealed class ProjectionTests
{
    private static readonly TableSchema Orders = Rows.Schema(
        [("region", LogicalType.Text), ("id", LogicalType.Int64), ("status", LogicalType.Text), ("note", LogicalType.Text)],
        new KeySchema([0, 1], KeyKind.Primary)) with { UniqueSets = [["status", "note"], ["id"]], NativeDefinition = "strict" };

    [Fact]
    public void Nothing_chosen_reads_all() => Assert.Null(Projection.Apply(Orders, null, []));

    [Fact]
    public void Select_keeps_its_order_and_drop_leaves_out()
    {
        Assert.Equal(["note", "id"], Projection.Apply(Orders, ["note", "region", "id"], ["region"])!);
        Assert.Equal(["region", "id", "status"], Projection.Apply(Orders, null, ["note"])!);
    }

    [Theory]
    [InlineData("statsu", "status")]
    [InlineData("NOTE", "note")]
    [InlineData("elephant", null)]
    public void An_unknown_column_is_refused_with_what_was_meant(string column, string? suggestion)
    {
        foreach (var act in new Action[] { () => Projection.Apply(Orders, [column], []), () => Projection.Apply(Orders, null, [column]) })
        {
            var error = Assert.Throws<PawlException>(act);
            Assert.Equal(Codes.ColumnMissing, error.Code);
            Assert.Equal(Fault.Schema, error.Fault);
            Assert.Equal(column, error.Details["column"]);
            Assert.Equal(suggestion, error.Details.GetValueOrDefault("suggestion"));
        }
    }

    [Fact]
    public void A_column_selected_twice_or_none_left_is_refused()
    {
        Assert.Equal(Codes.ColumnClash, Assert.Throws<PawlException>(() => Projection.Apply(Orders, ["id", "id"], [])).Code);
        Assert.Equal(Codes.JobValueInvalid, Assert.Throws<PawlException>(() => Projection.Apply(Orders, ["id"], ["id"])).Code);
    }

    [Fact]
    public void The_key_follows_its_columns()
    {
        var schema = Projection.Schema(Orders, ["note", "id", "region"]);
        Assert.Equal([2, 1], schema.Key.Columns);
        Assert.Equal(KeyKind.Primary, schema.Key.Kind);
        Assert.Equal([["id"]], schema.UniqueSets);
    }

    [Fact]
    public void A_key_column_that_is_not_read_ends_the_key()
    {
        var schema = Projection.Schema(Orders, ["note", "region"]);
        Assert.Equal(KeyKind.None, schema.Key.Kind);
        Assert.Empty(schema.Key.Columns);
    }

    [Fact]
    public void All_columns_in_order_leave_the_schema_as_it_is() =>
        Assert.Same(Orders, Projection.Schema(Orders, ["region", "id", "status", "note"]));
}
