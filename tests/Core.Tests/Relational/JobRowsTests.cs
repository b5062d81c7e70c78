using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Core.Tests.Relational;

public sealed class JobRowsTests
{
    private static readonly LaneId Lane = new(Guid.Parse("00000000-0000-0000-0000-0000000000aa"), "t/g1/s0");

    private static ControlRow Row(ControlTable table, IEnumerable<(string Column, object? Value)> set)
    {
        var values = table.Columns.ToDictionary(c => c.Name, _ => (object?)null);
        foreach (var (column, value) in set)
        {
            Assert.Contains(table.Columns, c => c.Name == column);
            values[column] = value == Computed.Now ? 1_700_000_000_123L : value;
        }
        return new ControlRow(values, 0);
    }

    public static TheoryData<long, long, long, long, long, long, long, long> SomeCounts => new()
    {
        { 0, 0, 0, 0, 0, 0, 0, 0 },
        { 1, 2, 3, 4, 5, 6, 7, 8 },
        { long.MaxValue, 0, long.MaxValue, 0, 0, 0, 0, 0 },
        { 0, 0, 0, 0, 0, 0, 0, 1 },
    };

    [Theory]
    [MemberData(nameof(SomeCounts))]
    public void Counts_come_back_as_they_were(long read, long expanded, long inserted, long updated, long unchanged, long filtered,
        long collapsed, long rejected)
    {
        var counts = new WriteCounts
        {
            Read = read, Expanded = expanded, Inserted = inserted, Updated = updated, Unchanged = unchanged, Filtered = filtered,
            Collapsed = collapsed, Rejected = rejected,
        };
        Assert.Equal(counts, JobRows.Counts(JobRows.Counts(counts)));
    }

    [Fact]
    public void Counts_are_readable_and_leave_zeros_out()
    {
        Assert.Equal("read=5 inserted=4 rejected=1", JobRows.Counts(new WriteCounts { Read = 5, Inserted = 4, Rejected = 1 }));
        Assert.Equal("", JobRows.Counts(default(WriteCounts)));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, "k\0 '\"\u96ea")]
    [InlineData("", "")]
    [InlineData("5", "6")]
    public void Positions_come_back_as_they_were_and_nothing_is_not_empty(string? after, string? position)
    {
        var entry = new LedgerEntry
        {
            Lane = Lane,
            Sequence = 7,
            After = after is null ? null : new Position("c/1", after),
            Position = position is null ? null : new Position("c/1", position),
            Counts = new WriteCounts { Read = 3, Inserted = 3 },
            Total = new WriteCounts { Read = 9, Inserted = 9 },
            Bytes = 11,
            TotalBytes = 33,
            Digest = "00ff",
            Final = position is null,
        };
        var back = JobRows.Ledger(Row(ControlTables.Ledger, JobRows.Ledger(entry, new TableName("s", "t"), 4)));
        Assert.Equal(entry with { Epoch = 4, At = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123) }, back);
    }

    [Fact]
    public void A_lane_of_no_single_table_is_marked()
    {
        Assert.Equal("*", JobRows.Owner(null));
        Assert.Equal("s.t", JobRows.Owner(new TableName("s", "t")));
    }

    public static TheoryData<object> Constants =>
    [
        0L, -1L, long.MinValue, long.MaxValue, 1.0, -0.0, 0.1, 1e300, 1e16, 5e-324, double.NaN, double.PositiveInfinity,
        double.NegativeInfinity, true, false, "", "1", "null", "\0NaN", "\0\0NaN", "\0", "\"\\\n\u96ea\ud83e\udd80",
    ];

    [Theory]
    [InlineData(null)]
    [MemberData(nameof(Constants))]
    public void A_constant_comes_back_as_the_type_and_value_it_was(object? constant)
    {
        var back = Back(Plan() with { Columns = new ColumnChanges { Set = new Dictionary<string, object?> { ["x"] = constant } } });
        var value = back.Columns.Set["x"];
        Assert.Equal(constant?.GetType(), value?.GetType());
        if (constant is double real) Assert.Equal(BitConverter.DoubleToInt64Bits(real), BitConverter.DoubleToInt64Bits((double)value!));
        else Assert.Equal(constant, value);
    }

    private static TablePlan Plan() => Plans.For(new MemoryFixture(MemoryBug.None), Plans.OrderTable());

    private static TablePlan Back(TablePlan plan) => JobRows.Plan(Row(ControlTables.Plan,
        [("source_table", "orders"), ("phase", "copying"), ("plan", JobRows.Plan(plan))]));

    [Fact]
    public void A_plan_comes_back_whole()
    {
        var plan = Plan() with
        {
            Source = new TableName("sch\u96ea", "a\"b"),
            Read = new ReadOptions { Columns = ["id", "note"], Where = "id < 5 -- '\n", Splits = 3 },
            Columns = new ColumnChanges { Rename = new Dictionary<string, string> { ["note"] = "n" } },
            Strays = StrayPolicy.Reject,
            Create = false,
            RejectLimit = 9,
            Write = WriteMode.Upsert,
            Splits =
            [
                .. Enumerable.Range(0, 4_096).Select(i => new Split
                {
                    Index = i,
                    After = i == 0 ? null : new Position("c/1", $"k{i}"),
                    Through = i == 4_095 ? null : new Position("c/1", $"k{i + 1}"),
                    Lifetime = i % 2 == 0 ? SplitLifetime.Durable : SplitLifetime.Snapshot, EstimatedRows = i,
                }),
            ],
        };
        var text = JobRows.Plan(plan);
        var back = Back(plan);
        Assert.Equal(text, JobRows.Plan(back));
        Assert.Equal(plan.Splits, back.Splits);
        Assert.Equal((plan.Source, plan.Target, plan.Write, plan.Strays, plan.Create, plan.RejectLimit, plan.ResultHash),
            (back.Source, back.Target, back.Write, back.Strays, back.Create, back.RejectLimit, back.ResultHash));
        Assert.Equal(plan.SourceSchema.Hash(), back.SourceSchema.Hash());
        Assert.InRange(text.Length, 1, 4_096 * 200);
    }

    /// <summary>The codec is written by hand: a property it forgets would be lost without a sound.</summary>
    [Fact]
    public void Every_property_of_a_plan_is_stored()
    {
        var options = new JsonSerializerOptions
        {
            Converters = { new JsonStringEnumConverter() },
            IgnoreReadOnlyProperties = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        var table = new TableSchema
        {
            Name = new TableName("s", "t"), Key = new KeySchema([0], KeyKind.Unique), Identity = "i", EstimatedRows = 7,
            NativeDefinition = "n", UniqueSets = [["a", "b"], []],
            Columns =
            [
                new ColumnSchema
                {
                    Name = "a", Type = new LogicalType(TypeKind.Decimal, 3, 9, 2), NativeType = "decimal(9,2)", Nullable = false, Dynamic = true,
                    Generated = true, Collation = "c",
                },
            ],
        };
        var plan = new TablePlan
        {
            Source = new TableName("s", "t"), Target = new TableName(null, "u"), Generation = 4, SourceSchema = table,
            TargetSchema = table with { Name = new TableName(null, "u") },
            Read = new ReadOptions
            {
                Columns = ["a"], Where = "w", Splits = 3, Snapshot = "n",
                Window = new CursorWindow { Column = "a", After = "1", AfterIncluded = true, Through = "2", ThroughIncluded = true },
            },
            Splits =
            [
                new Split
                {
                    Index = 1, After = new("c", "1"), Through = new("c", "2"), Lifetime = SplitLifetime.Snapshot, EstimatedRows = 5,
                },
            ],
            Write = WriteMode.Upsert,
            Columns = new ColumnChanges
            {
                Rename = new Dictionary<string, string> { ["a"] = "b" },
                Set = new Dictionary<string, object?> { ["z"] = "x" },
                SourceColumn = "z",
            },
            Strays = StrayPolicy.Stop, Create = false, RejectLimit = 8, NullCauses = ["text"], ResultHash = "h",
            SourceIdentity = new SourceIdentity("text", "display"),
            RowsBefore = 5, SourceMark = "m", SourceClock = "k", Phase = TablePhase.Indexing,
            Stage = new TableName("s", "pawl_stage_1_4_2"), AllowEmpty = true,
        };
        var generic = JsonSerializer.Serialize(plan, options);
        Assert.Equal(JsonNode.Parse(generic)!.ToJsonString(),
            JsonNode.Parse(JobRows.Plan(plan))!.ToJsonString());
        Assert.Equal(generic, JsonSerializer.Serialize(PlanJson.Read(JobRows.Plan(plan)), options));
    }

    /// <summary>What format 1 wrote stays readable: fields may be added, never required, renamed or taken for something else.</summary>
    [Fact]
    public void A_plan_of_the_first_format_stays_readable()
    {
        const string first = """
            {"Source":{"Name":"t"},"Target":{"Schema":"public","Name":"t"},"Generation":3,
             "SourceSchema":{"Name":{"Name":"t"},"Columns":[{"Name":"id","Type":{"Kind":"Integer","Length":8,"Precision":0,"Scale":0},
               "NativeType":"INTEGER","Nullable":false,"Dynamic":true,"Generated":false}],"Key":{"Columns":[0],"Kind":"Primary"},
               "Identity":"i","EstimatedRows":5,"UniqueSets":[]},
             "TargetSchema":{"Name":{"Name":"t"},"Columns":[],"Key":{"Columns":[],"Kind":"None"},"Identity":"i"},
             "Read":{"Splits":2},"Splits":[{"Index":0,"Through":{"Codec":"c/1","Text":"9"},"Lifetime":"Durable","EstimatedRows":-1}],
             "Write":"Upsert","Columns":{"Rename":{},"Set":{"x":1.0,"y":1}},"ResultHash":"h",
             "SourceIdentity":{"Text":"s","Display":"s"},"SomethingOfALaterProgram":{"a":[1]}}
            """;
        var plan = JobRows.Plan(Row(ControlTables.Plan, [("source_table", "t"), ("phase", "verified"), ("plan", first)]));
        Assert.Equal((3L, TablePhase.Verified, WriteMode.Upsert, StrayPolicy.Keep, 0L),
            (plan.Generation, plan.Phase, plan.Write, plan.Strays, plan.RejectLimit));
        Assert.Equal(new Position("c/1", "9"), plan.Splits.Single().Through);
        Assert.IsType<double>(plan.Columns.Set["x"]);
        Assert.IsType<long>(plan.Columns.Set["y"]);
        Assert.True(plan.SourceSchema.Columns.Single().Dynamic);
    }

    [Theory]
    [InlineData("{", "copying")]
    [InlineData("null", "copying")]
    [InlineData("{}", "copying")]
    [InlineData("[]", "copying")]
    public void A_plan_that_cannot_be_read_is_never_guessed(string text, string phase)
    {
        var row = Row(ControlTables.Plan, [("source_table", "t"), ("phase", phase), ("plan", text)]);
        Assert.Equal(Codes.LedgerInconsistent, Assert.Throws<PawlException>(() => JobRows.Plan(row)).Code);
    }
}
