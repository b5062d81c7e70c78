using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Short ways to plans and writes on a <see cref="MySinkFixture"/>.</summary>
internal static class MyWriting
{
    public static readonly LaneId Lane = new(Guid.Empty, "test/g1/s0");

    /// <summary>A plan for a table whose first columns are its key.</summary>
    public static TablePlan Plan(this MySinkFixture fixture, string table, ColumnSchema[] columns, int keys = 1,
        WriteMode write = WriteMode.Insert, long rejectLimit = 0)
    {
        var sample = new SampleTable(table, [.. columns.Select(c => new SampleColumn(c.Name, c.Type, c.Nullable))],
            [.. columns.Take(keys).Select(c => c.Name)], []);
        var plan = Plans.For(fixture, sample, splits: 1, write: write, rejectLimit: rejectLimit);
        return plan with { TargetSchema = plan.TargetSchema with { Columns = columns } };
    }

    /// <summary>The plan as if its source were a server of this kind, with the columns' native types.</summary>
    public static TablePlan FromServer(this TablePlan plan, bool mariaDb = true)
    {
        var shape = new MyShape
        {
            MariaDb = mariaDb, Columns = [.. plan.TargetSchema.Columns.Select(c => new MyTableColumn
            {
                Name = c.Name, Type = c.NativeType, Base = c.NativeType.Split('(', ' ')[0], Wire = MyForm.Utf8,
            })],
        };
        return plan with { SourceSchema = plan.SourceSchema with { NativeDefinition = shape.Write() } };
    }

    public static ColumnSchema Column(string name, LogicalType type, string native = "", bool dynamic = false, bool nullable = true) =>
        new() { Name = name, Type = type, NativeType = native, Dynamic = dynamic, Nullable = nullable };

    public static ColumnSchema Id => Column("id", LogicalType.Int64, nullable: false);

    /// <summary>One transaction on a session of its own.</summary>
    public static async Task<RowsWritten> WriteAsync(this MySinkFixture fixture, TablePlan plan, IEnumerable<object?[]> rows,
        MyTargetOptions? options = null)
    {
        await using var database = new MyDatabase(fixture.Going(options ?? fixture.Options), SinkRunner.Context());
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        var ended = false;
        try
        {
            using var batch = Cells.Batch(plan.TargetSchema, rows);
            var written = await session.WriteRowsAsync(plan, Lane, [batch], default);
            ended = true;
            await session.EndAsync(commit: true);
            return written;
        }
        finally
        {
            if (!ended) await session.EndAsync(commit: false);
        }
    }

    public static async Task<PawlException> RefusedAsync(this MySinkFixture fixture, TablePlan plan, params object?[][] rows)
    {
        var refused = await Xunit.Record.ExceptionAsync(() => fixture.WriteAsync(plan, rows));
        return Xunit.Assert.IsType<PawlException>(refused);
    }
}
