using FsCheck;
using FsCheck.Fluent;
using Pawl.Core.Tests.Verify;
using Pawl.Model;
using Pawl.Verify;
using Xunit;

namespace Pawl.Core.Tests.Model;

/// <summary>A stored row comes back as it was: what is replayed from it is what was rejected.</summary>
public sealed class RowJsonReadTests
{
    [Fact]
    public void Any_row_means_the_same_after_it_was_stored_and_read()
    {
        Prop.ForAll(CellGen.Rows.ToArbitrary(), row =>
        {
            using var batch = row.Batch();
            using var read = RowJson.Read(RowJson.Write(batch, 0), batch.Schema);
            return CanonicalRows.Encode(read, 0).AsSpan().SequenceEqual(CanonicalRows.Encode(batch, 0));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    [Theory]
    [InlineData(TypeKind.Text, "a\"b\\\n\0€😀")]
    [InlineData(TypeKind.Text, "")]
    [InlineData(TypeKind.Decimal, "-0.000000000000000000000000000000000000000012345678901234567890")]
    [InlineData(TypeKind.Float64, -0.0)]
    [InlineData(TypeKind.Float64, double.Epsilon)]
    [InlineData(TypeKind.Float64, 0.1)]
    [InlineData(TypeKind.Float32, 0.10000000149011612)]
    [InlineData(TypeKind.Integer, long.MinValue)]
    [InlineData(TypeKind.UnsignedInteger, -1L)]
    [InlineData(TypeKind.Instant, long.MaxValue)]
    [InlineData(TypeKind.Time, long.MinValue)]
    [InlineData(TypeKind.DateTime, -62_135_596_800_000_001L)]
    [InlineData(TypeKind.Date, -719_529L)]
    public void A_cell_comes_back_bit_by_bit(TypeKind kind, object cell)
    {
        var schema = Rows.Schema(("c", new LogicalType(kind)));
        using var batch = Rows.Batch(schema, [cell]);
        using var read = RowJson.Read(RowJson.Write(batch, 0), schema);
        Assert.Equal(Rows.Cell(batch.Columns[0], 0), Rows.Cell(read.Columns[0], 0));
        Assert.Null(read.Columns[0].Strays);
    }

    [Fact]
    public void Bytes_that_are_no_text_stay_text_or_bytes()
    {
        var schema = Rows.Schema(("t", LogicalType.Text), ("b", LogicalType.Text), ("n", new LogicalType(TypeKind.Float64)));
        using var batch = Rows.Batch(schema, [new byte[] { 255 }, Rows.Blob(255), Rows.Whole(5)]);
        using var read = RowJson.Read(RowJson.Write(batch, 0), schema);
        Assert.Null(read.Columns[0].Strays);
        Assert.Equal((TypeKind.Bytes, TypeKind.Integer), (read.Columns[1].Stray(0)!.Value.Kind, read.Columns[2].Stray(0)!.Value.Kind));
    }

    [Theory]
    [InlineData("""{"c":1}""")]
    [InlineData("""{"c":1,"d":2,"e":3}""")]
    [InlineData("""{"c":1,"e":2}""")]
    [InlineData("""{"c":{"$bytes":"/w=="},"d":2}""")]
    [InlineData("""{"c":[],"d":2}""")]
    [InlineData("""{"c":1,"d":2""")]
    [InlineData("""[1,2]""")]
    public void What_is_not_such_a_row_is_refused(string json) =>
        Assert.Throws<FormatException>(() => RowJson.Read(json, Rows.Schema(("c", LogicalType.Text), ("d", LogicalType.Int64))));
}
