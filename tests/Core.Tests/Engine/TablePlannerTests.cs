using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class TablePlannerTests
{
    private static readonly Guid JobId = Guid.Parse("00000000-0000-0000-0000-000000000001");
    private readonly EngineWorld world = new();
    private long generation = 4;

    public TablePlannerTests() => world.Fill("a", 40);

    private TableRule Rule => world.Job.Tables[0];

    private async Task<TableDecision> DecideAsync(TablePlan? stored = null, bool restart = false, long written = 0, ISource? source = null,
        Func<LedgerEntry, LedgerEntry>? end = null)
    {
        source ??= new MemorySource(world.Source, MemoryBug.None);
        await using var sink = new TransactionalSink(new MemoryTarget(world.Target, MemoryBug.None),
            new OpenContext(TimeProvider.System, new IdSource(new Random(3)), NoCrashPoints.Instance));
        var schema = (await source.DescribeAsync(new TablePattern("a"), default)).Single();
        var last = new Dictionary<LaneId, LedgerEntry>();
        if (stored is not null && written > 0) last[stored.Lane(JobId, 0)] = (end ?? (e => e))(Entry(stored, written));
        return await new TablePlanner(source, sink, world.Spec, world.Job).DecideAsync(Rule, schema, stored, JobId,
            new JobProgress([], last, new Dictionary<TableName, long>(), generation), () => ++generation, restart, default);
    }

    private static LedgerEntry Entry(TablePlan plan, long rows) => new()
    {
        Lane = plan.Lane(JobId, 0),
        Sequence = 1,
        Position = new Position("c/1", "1"),
        Counts = new WriteCounts { Read = rows, Updated = rows },
        Total = new WriteCounts { Read = rows, Updated = rows },
    };

    private async Task<TablePlan> StoredAsync(TablePhase phase = TablePhase.Copying) => (await DecideAsync()).Plan! with { Phase = phase };

    private async Task RefusedAsync(string code, TablePlan? stored = null, bool restart = false, long written = 0, ISource? source = null)
    {
        var decision = await DecideAsync(stored, restart, written, source);
        Assert.Equal((TableState.Blocked, code), (decision.State, decision.Error?.Code));
    }

    [Fact]
    public async Task A_table_without_a_plan_is_new_and_takes_the_next_generation()
    {
        var decision = await DecideAsync();
        Assert.Equal((TableState.New, 5L, false), (decision.State, decision.Plan!.Generation, decision.EmptyTarget));
        Assert.NotEmpty(decision.Plan.Splits);
    }

    [Fact]
    public async Task An_unfinished_plan_is_resumed_with_its_own_splits_and_generation()
    {
        var stored = await StoredAsync();
        var decision = await DecideAsync(stored);
        Assert.Equal((TableState.Resumes, stored.Generation), (decision.State, decision.Plan!.Generation));
        Assert.Same(stored.Splits, decision.Plan.Splits);
    }

    [Theory]
    [InlineData(TablePhase.Done)]
    [InlineData(TablePhase.Verified)]
    public async Task A_done_plan_is_finished(TablePhase phase)
    {
        var stored = await StoredAsync(phase);
        EngineWorld.Fill(world.Target, "a", 0);
        Assert.Equal(TableState.Finished, (await DecideAsync(stored)).State);
    }

    [Theory]
    [InlineData(TablePhase.Done)]
    [InlineData(TablePhase.Verified)]
    public async Task A_done_table_that_is_gone_without_having_had_rows_is_made_again(TablePhase phase)
    {
        var decision = await DecideAsync(await StoredAsync(phase));
        Assert.Equal((TableState.Resumes, 5L), (decision.State, decision.Plan!.Generation));
    }

    [Fact]
    public async Task A_restart_that_was_asked_for_and_not_begun_is_carried_out()
    {
        var stored = await StoredAsync(TablePhase.Restarting);
        var decision = await DecideAsync(stored);
        Assert.Equal(TableState.Restarts, decision.State);
        Assert.True(decision.Plan!.Generation > stored.Generation);
    }

    [Fact]
    public async Task A_limit_that_was_raised_counts_for_a_resumed_table()
    {
        var stored = await StoredAsync();
        world.Rule(r => r with { RejectLimit = 12 });
        Assert.Equal(12, (await DecideAsync(stored)).Plan!.RejectLimit);
    }

    [Fact]
    public async Task Other_changes_of_the_rule_are_refused_and_named()
    {
        var stored = await StoredAsync();
        var changes = new (string Name, Func<TableRule, TableRule> Change)[]
        {
            ("target", r => r with { Target = "b" }),
            ("target", r => r with { Target = "A" }),
            ("where", r => r with { Where = "id < 5" }),
            ("write", r => r with { Write = WriteMode.Upsert }),
            ("mistyped", r => r with { Strays = StrayPolicy.Reject }),
            ("columns", r => r with { Drop = ["note"] }),
            ("columns", r => r with { Rename = new Dictionary<string, string> { ["note"] = "n" } }),
            ("columns", r => r with { Set = new Dictionary<string, object?> { ["x"] = 1L } }),
            ("columns", r => r with { Set = new Dictionary<string, object?> { ["x"] = null } }),
        };
        var rule = Rule;
        foreach (var (name, change) in changes)
        {
            world.Rule(_ => change(rule));
            foreach (var phase in new[] { TablePhase.Copying, TablePhase.Verified })
            {
                var decision = await DecideAsync(stored with { Phase = phase });
                Assert.Equal(Codes.DefinitionChanged, decision.Error?.Code);
                Assert.Equal(name, decision.Error!.Details["changed"]);
            }
        }
    }

    [Fact]
    public async Task Every_constant_has_a_definition_of_its_own()
    {
        var constants = new object?[] { null, 1L, 1.0, "1", true, "True", false, "", "-", double.NaN, "NaN" };
        var hashes = new HashSet<string>();
        foreach (var constant in constants)
        {
            world.Rule(r => r with { Set = new Dictionary<string, object?> { ["x"] = constant } });
            Assert.True(hashes.Add((await DecideAsync()).Plan!.ResultHash), $"{constant} ({constant?.GetType().Name})");
        }
    }

    [Fact]
    public async Task Another_source_is_refused_even_for_a_table_that_is_done()
    {
        foreach (var phase in new[] { TablePhase.Copying, TablePhase.Done, TablePhase.Verified })
        {
            var stored = await StoredAsync(phase) with { SourceIdentity = new SourceIdentity("memory:other", "memory") };
            await RefusedAsync(Codes.SourceReplaced, stored);
        }
    }

    [Fact]
    public async Task A_changed_schema_and_a_recreated_table_are_refused_until_it_is_done()
    {
        var stored = await StoredAsync();
        var columns = stored.SourceSchema.Columns;
        var changed = stored with { SourceSchema = stored.SourceSchema with { Columns = [.. columns.Take(2),
            columns[2] with { Name = "sum" }] } };
        var recreated = stored with { SourceSchema = stored.SourceSchema with { Identity = "another" } };
        await RefusedAsync(Codes.SchemaChanged, changed);
        await RefusedAsync(Codes.TableRecreated, recreated);
        EngineWorld.Fill(world.Target, "a", 0);
        Assert.Equal(TableState.Finished, (await DecideAsync(changed with { Phase = TablePhase.Done })).State);
    }

    [Theory]
    [InlineData(TablePhase.Copying)]
    [InlineData(TablePhase.Done)]
    public async Task A_target_that_lost_what_the_ledger_says_is_refused(TablePhase phase)
    {
        var stored = await StoredAsync(phase);
        await RefusedAsync(Codes.TargetTruncated, stored, written: 10);
        EngineWorld.Fill(world.Target, "a", 0);
        await RefusedAsync(Codes.TargetTruncated, stored, written: 10);
        EngineWorld.Fill(world.Target, "a", 1);
        Assert.Null((await DecideAsync(stored, written: 10)).Error);
    }

    [Fact]
    public async Task Rows_that_are_not_ours_are_refused_for_insert_and_kept_for_upsert_and_append()
    {
        EngineWorld.Fill(world.Target, "a", 3);
        await RefusedAsync(Codes.TargetNotEmpty);
        foreach (var write in new[] { WriteMode.Upsert, WriteMode.Append })
        {
            world.Rule(r => r with { Write = write });
            Assert.Equal(TableState.New, (await DecideAsync()).State);
        }
    }

    [Fact]
    public async Task A_replace_keeps_what_is_there_goes_on_with_its_copy_and_begins_the_next_when_it_is_published()
    {
        EngineWorld.Fill(world.Target, "a", 3);
        world.Rule(r => r with { Write = WriteMode.Replace });
        var first = await DecideAsync();
        Assert.Equal((TableState.New, false), (first.State, first.EmptyTarget));
        var stored = first.Plan! with { Stage = new TableName(null, "pawl_stage_0_5_1") };
        Assert.Equal((TableState.Resumes, 5L), ((await DecideAsync(stored)).State, (await DecideAsync(stored)).Plan!.Generation));
        // The ledger's rows are looked for where they are staged, not in the target.
        await RefusedAsync(Codes.StageLost, stored, written: 10);
        EngineWorld.Fill(world.Target, "pawl_stage_0_5_1", 10);
        Assert.Equal(TableState.Resumes, (await DecideAsync(stored, written: 10)).State);
        foreach (var phase in new[] { TablePhase.Published, TablePhase.Done, TablePhase.Verified })
        {
            var next = await DecideAsync(stored with { Phase = phase, ResultHash = "another definition" }, written: 10);
            Assert.Equal((TableState.Renews, false, null), (next.State, next.EmptyTarget, next.Plan!.Stage));
            Assert.True(next.Plan.Generation > stored.Generation);
        }
        Assert.Equal((TableState.Restarts, false), ((await DecideAsync(stored, restart: true)).State,
            (await DecideAsync(stored, restart: true)).EmptyTarget));
        world.Rule(r => r with { Write = WriteMode.Insert });
        await RefusedAsync(Codes.DefinitionChanged, stored with { Phase = TablePhase.Done }, written: 10);
        await RefusedAsync(Codes.TargetNotEmpty, stored with { Phase = TablePhase.Done }, restart: true);
    }

    [Fact]
    public async Task A_staged_copy_of_no_rows_is_read_again_and_one_that_is_not_complete_is_gone_on_with()
    {
        world.Rule(r => r with { Write = WriteMode.Replace });
        var stored = (await DecideAsync()).Plan! with { Stage = new TableName(null, "pawl_stage_0_5_1"), Splits = [new Split { Index = 0 }] };
        Assert.Equal(TableState.Renews, (await DecideAsync(stored, written: 1, end: e => e with { Total = default, Final = true })).State);
        Assert.Equal(TableState.Resumes, (await DecideAsync(stored, written: 1, end: e => e with { Total = default })).State);
    }

    [Fact]
    public async Task A_replace_is_refused_where_the_target_has_no_way_to_publish()
    {
        world.Rule(r => r with { Write = WriteMode.Replace });
        world.Replaces = false;
        await RefusedAsync(Codes.JobValueInvalid);
    }

    [Fact]
    public async Task A_restart_empties_only_what_its_own_insert_plan_filled()
    {
        var stored = await StoredAsync();
        EngineWorld.Fill(world.Target, "a", 3);
        var own = await DecideAsync(stored, restart: true);
        Assert.Equal((TableState.Restarts, true, 6L), (own.State, own.EmptyTarget, own.Plan!.Generation));
        await RefusedAsync(Codes.TargetNotEmpty, stored with { Write = WriteMode.Upsert }, restart: true);
        await RefusedAsync(Codes.TargetNotEmpty, stored with { Write = WriteMode.Append }, restart: true);
        await RefusedAsync(Codes.TargetNotEmpty, stored with { Target = new TableName(null, "b") }, restart: true);
        foreach (var write in new[] { WriteMode.Upsert, WriteMode.Append })
        {
            world.Rule(r => r with { Write = write });
            var over = await DecideAsync(stored, restart: true);
            Assert.Equal((TableState.Restarts, false), (over.State, over.EmptyTarget));
        }
    }

    [Fact]
    public async Task A_lost_snapshot_restarts_a_table_by_itself_unless_appended_rows_would_double()
    {
        EngineWorld.Fill(world.Target, "a", 12);
        foreach (var write in new[] { WriteMode.Append, WriteMode.Upsert })
        {
            world.Rule(r => r with { Write = write });
            var stored = await StoredAsync();
            stored = stored with { Read = stored.Read with { Snapshot = "gone" } };
            foreach (var (phase, restart, written) in new[] { (TablePhase.Copying, false, 0), (TablePhase.Copying, true, 10),
                (TablePhase.Restarting, false, 10) })
            {
                var decision = await DecideAsync(stored with { Phase = phase }, restart, written);
                Assert.Equal((TableState.Restarts, false), (decision.State, decision.EmptyTarget));
            }
            if (write == WriteMode.Upsert)
            {
                Assert.Equal(TableState.Restarts, (await DecideAsync(stored, written: 10)).State);
                continue;
            }
            var refused = await DecideAsync(stored, written: 10);
            Assert.Equal((TableState.Blocked, Codes.SnapshotLost), (refused.State, refused.Error?.Code));
            Assert.Equal(("a", "10"), (refused.Error!.Details["target"], refused.Error.Details["appended"]));
        }
    }

    [Fact]
    public async Task An_absent_target_is_refused_where_it_may_not_be_created()
    {
        world.Job = world.Job with { CreateTables = false };
        await RefusedAsync(Codes.TargetTableMissing);
        EngineWorld.Fill(world.Target, "a", 0);
        Assert.Equal(TableState.New, (await DecideAsync()).State);
    }

    [Theory]
    [InlineData("pawl_mine", Codes.ReservedName)]
    [InlineData("PAWL_x", Codes.ReservedName)]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234", Codes.NameTooLong)]
    public async Task A_target_name_that_cannot_be_is_refused(string target, string code)
    {
        world.Rule(r => r with { Target = target });
        await RefusedAsync(code);
    }

    [Fact]
    public async Task A_column_name_that_is_too_long_for_the_target_is_refused()
    {
        world.Rule(r => r with { Rename = new Dictionary<string, string> { ["note"] = new('n', 64) } });
        await RefusedAsync(Codes.NameTooLong);
    }

    [Fact]
    public async Task Columns_that_are_not_there_or_clash_are_refused()
    {
        world.Rule(r => r with { Select = ["id", "nothing"] });
        await RefusedAsync(Codes.ColumnMissing);
        world.Rule(r => r with { Select = null, Rename = new Dictionary<string, string> { ["note"] = "id" } });
        await RefusedAsync(Codes.ColumnClash);
    }

    [Fact]
    public async Task A_fault_that_may_pass_is_left_to_the_retries()
    {
        var source = new SourceInTheWay(new MemorySource(world.Source, MemoryBug.None))
        {
            Plan = _ => throw new PawlException(Fault.Transient, Codes.Busy),
        };
        await Assert.ThrowsAsync<PawlException>(() => DecideAsync(source: source));
    }
}
