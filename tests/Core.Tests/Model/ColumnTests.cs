using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Model;

public sealed class ColumnTests
{
    /// <summary>What is done to a column: append a cell, copy a cell from itself or from another, or give the arrays back.</summary>
    private sealed record Step(string Do, int Pick);

    private static readonly Gen<Step[]> Steps =
        Gen.Frequency((12, Gen.Constant("value")), (4, Gen.Constant("null")), (3, Gen.Constant("stray")), (3, Gen.Constant("self")),
            (3, Gen.Constant("other")), (1, Gen.Constant("dispose")))
        .SelectMany(what => Gen.Choose(0, 10_000).Select(pick => new Step(what, pick))).ArrayOf(700);

    private static readonly TypeKind[] Kinds = [TypeKind.Integer, TypeKind.Float64, TypeKind.Uuid, TypeKind.Text];

    private static object Value(TypeKind kind, int pick) => kind switch
    {
        TypeKind.Integer => (long)pick,
        TypeKind.Float64 => pick / 3.0,
        TypeKind.Uuid => (UInt128)pick,
        _ => Enumerable.Repeat((byte)pick, pick % 40).ToArray(),
    };

    private static object Stray(int pick) => pick % 2 == 0 ? Rows.Whole(pick) : Rows.Blob((byte)pick, 7);

    private static Column New(TypeKind kind) => Column.Create(new ColumnSchema { Name = "c", Type = new LogicalType(kind) });

    /// <summary>Leaves arrays full of ones in the pool, as the last user of a pool may.</summary>
    private static void SoilThePool()
    {
        foreach (var size in (int[])[16, 256, 512, 1_024])
        {
            var words = ArrayPool<ulong>.Shared.Rent(size);
            Array.Fill(words, ulong.MaxValue);
            ArrayPool<ulong>.Shared.Return(words);
        }
    }

    [Fact]
    public void A_column_behaves_like_a_list_of_cells()
    {
        Prop.ForAll(Gen.Elements(Kinds).ToArbitrary(), Steps.ToArbitrary(), (kind, steps) =>
        {
            SoilThePool();
            using var other = New(kind);
            object?[] others = [Value(kind, 5), null, Stray(4), Stray(5)];
            foreach (var cell in others) Rows.Append(other, cell);
            using var column = New(kind);
            var model = new List<object?>();
            foreach (var (what, pick) in steps) Do(what, pick, kind, column, other, others, model);
            return Holds(column, model);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private static void Do(string what, int pick, TypeKind kind, Column column, Column other, object?[] others, List<object?> model)
    {
        switch (what)
        {
            case "dispose":
                column.Dispose();
                if (pick % 2 == 0) column.Dispose();
                model.Clear();
                return;
            case "self" when model.Count > 0:
                model.Add(model[pick % model.Count]);
                column.AppendFrom(column, pick % (model.Count - 1));
                return;
            case "other":
                model.Add(others[pick % 4]);
                column.AppendFrom(other, pick % 4);
                return;
        }
        model.Add(what switch { "null" => null, "stray" => Stray(pick), _ => Value(kind, pick) });
        Rows.Append(column, model[^1]);
    }

    private static bool Holds(Column column, List<object?> model)
    {
        var strays = model.Where(c => c is StrayCell).Select(c => (StrayCell)c!).ToArray();
        var width = column switch { BytesColumn => 4L, Fixed16Column => 16, _ => 8 };
        var payload = model.Sum(c => c is byte[] b ? b.Length : 0) + model.Count * width;
        return column.Count == model.Count
            && column.HasNulls == model.Contains(null)
            && (column.Strays?.Count ?? 0) == strays.Length
            && column.Bytes == payload + strays.Sum(s => 12L + (s.Data?.Length ?? 0))
            && Enumerable.Range(0, model.Count).All(i => Rows.Show(Rows.Cell(column, i)) == Rows.Show(model[i]))
            && Enumerable.Range(0, model.Count).Reverse().All(i => Rows.Show(Rows.Cell(column, i)) == Rows.Show(model[i]))
            && !column.IsNull(model.Count) && column.Stray(model.Count) is null;
    }

    [Fact]
    public void Strays_are_found_from_any_side()
    {
        using var column = New(TypeKind.Text);
        var random = new Random(5);
        var strays = new HashSet<int>();
        for (var row = 0; row < 20_000; row++)
        {
            if (random.Next(3) > 0) Rows.Append(column, "x");
            else
            {
                Rows.Append(column, Rows.Whole(row));
                strays.Add(row);
            }
        }
        Assert.Equal(strays.Order(), column.Strays!.Rows.ToArray());
        for (var i = 0; i < 20_000; i++)
        {
            var row = random.Next(-5, 20_005);
            Assert.Equal(strays.Contains(row) ? Rows.Whole(row) : null, column.Stray(row));
        }
    }

    [Fact]
    public void A_value_over_the_limit_is_refused_and_the_column_stays_as_it_was()
    {
        using var column = (BytesColumn)New(TypeKind.Text);
        Rows.Append(column, "abc");
        var error = Assert.Throws<PawlException>(() => column.Reserve(BytesColumn.MaxBytes - 2));
        Assert.Equal((Fault.Data, Codes.ValueTooLarge, "c"), (error.Fault, error.Code, error.Details["column"]));
        Assert.Equal((BytesColumn.MaxBytes + 1L).ToString(System.Globalization.CultureInfo.InvariantCulture), error.Details["bytes"]);
        Assert.Throws<PawlException>(() => column.Reserve(int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => column.Reserve(-1));
        Rows.Append(column, "d");
        Assert.Equal((2, 4, "d"), (column.Count, column.Data.Length, System.Text.Encoding.UTF8.GetString(column[1])));
    }

    [Fact]
    public void One_large_value_takes_no_more_memory_than_it_has()
    {
        using var column = (BytesColumn)New(TypeKind.Bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        column.Reserve(65 << 20)[^1] = 9;
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(taken, 65 << 20, 66 << 20);
        Assert.Equal(9, column[0][^1]);
    }

    [Fact]
    public void A_growing_heap_keeps_its_bytes()
    {
        using var column = (BytesColumn)New(TypeKind.Bytes);
        for (var i = 0; i < 40; i++) column.Reserve(1 << 20).Fill((byte)i);
        for (var i = 0; i < 40; i++) Assert.True(!column[i].ContainsAnyExcept((byte)i) && column[i].Length == 1 << 20);
    }

    [Fact]
    public void A_batch_may_be_disposed_twice()
    {
        var schema = Rows.Schema(("a", LogicalType.Int64), ("b", LogicalType.Text));
        var batch = new RowBatch(schema, Rows.Batch(schema, [1, "x"]).Columns, 1) { Before = Rows.Batch(schema, [0, null]) };
        Assert.Equal(8 + 5 + 8 + 4, batch.Bytes);
        batch.Dispose();
        batch.Dispose();
        Assert.Equal((0L, 0), (batch.Bytes, batch.Columns[0].Count));
    }
}
