using System.Reflection;
using Pawl.Conformance;
using Xunit;

namespace Pawl.Core.Tests.Conformance;

/// <summary>A suite that cannot fail proves nothing: each planted bug makes the named rule fail.</summary>
public sealed class SuitesCanFailTests
{
    [Theory]
    [InlineData(MemoryBug.EmptyDescription, nameof(SpecSuite.The_spec_is_complete))]
    [InlineData(MemoryBug.UndocumentedOption, nameof(SpecSuite.Every_option_is_documented))]
    [InlineData(MemoryBug.OptionInOneLanguage, nameof(SpecSuite.Every_option_is_documented))]
    [InlineData(MemoryBug.NoWriters, nameof(SpecSuite.The_limits_are_sane))]
    [InlineData(MemoryBug.PrintsPassword, nameof(SpecSuite.No_secret_is_printed))]
    [InlineData(MemoryBug.ProbeThrows, nameof(SpecSuite.Probing_reports_and_does_not_throw))]
    public Task The_spec_suite_finds(MemoryBug bug, string rule) => FailsAsync(new MemorySpec_Conformance { Bug = bug }, rule);

    [Theory]
    [InlineData(MemoryBug.GreaterOrEqual, nameof(SourceSuite.Restarting_after_every_batch_gives_every_row_once_and_in_order))]
    [InlineData(MemoryBug.GreaterOrEqual, nameof(SourceSuite.A_table_without_a_key_restarts_the_same_way))]
    [InlineData(MemoryBug.DropsLastBatch, nameof(SourceSuite.Restarting_after_every_batch_gives_every_row_once_and_in_order))]
    [InlineData(MemoryBug.FirstKeyColumnOnly, nameof(SourceSuite.Restarting_after_every_batch_gives_every_row_once_and_in_order))]
    [InlineData(MemoryBug.SplitsOverlap, nameof(SourceSuite.Splits_cover_every_row_exactly_once))]
    [InlineData(MemoryBug.SplitsLeaveGap, nameof(SourceSuite.Splits_cover_every_row_exactly_once))]
    [InlineData(MemoryBug.SplitsOverlap, nameof(SourceSuite.Several_splits_can_be_read_at_the_same_time))]
    [InlineData(MemoryBug.ForgetsThrough, nameof(SourceSuite.Bounds_exclude_what_is_before_and_include_the_end))]
    [InlineData(MemoryBug.CompareReversed, nameof(SourceSuite.Comparing_positions_agrees_with_the_order_of_reading))]
    [InlineData(MemoryBug.IgnoresBudget, nameof(SourceSuite.No_batch_is_larger_than_its_budget_and_a_huge_row_travels_alone))]
    [InlineData(MemoryBug.ShowsPawlTables, nameof(SourceSuite.Patterns_choose_tables_in_name_order_and_never_Pawls_own))]
    [InlineData(MemoryBug.CutsNames, nameof(SourceSuite.Odd_names_are_only_names))]
    [InlineData(MemoryBug.IgnoresWhere, nameof(SourceSuite.A_condition_and_a_choice_of_columns_hold_in_every_restart))]
    [InlineData(MemoryBug.IgnoresColumnOrder, nameof(SourceSuite.Columns_come_in_the_order_asked_for))]
    [InlineData(MemoryBug.IgnoresCancel, nameof(SourceSuite.A_cancelled_read_ends))]
    [InlineData(MemoryBug.SameIdentityEverywhere, nameof(SourceSuite.Identity_is_stable_and_tells_databases_and_recreated_tables_apart))]
    [InlineData(MemoryBug.NameIsIdentity, nameof(SourceSuite.Identity_is_stable_and_tells_databases_and_recreated_tables_apart))]
    public Task The_source_suite_finds(MemoryBug bug, string rule) => FailsAsync(new MemorySource_Conformance { Bug = bug }, rule);

    [Theory]
    [InlineData(MemoryBug.CommitsOnRollback, nameof(SinkSuite.The_same_rows_again_in_other_slices_do_not_double))]
    [InlineData(MemoryBug.RowsBesideTheTransaction, nameof(SinkSuite.The_same_rows_again_in_other_slices_do_not_double))]
    [InlineData(MemoryBug.CommitDoesNothing, nameof(SinkSuite.Rows_and_ledger_become_durable_together))]
    [InlineData(MemoryBug.CommitsOnRollback, nameof(SinkSuite.An_abandoned_writer_leaves_nothing))]
    [InlineData(MemoryBug.Miscounts, nameof(SinkSuite.The_books_say_what_the_server_counted))]
    [InlineData(MemoryBug.UpsertInserts, nameof(SinkSuite.An_upsert_brings_rows_to_what_the_source_holds))]
    [InlineData(MemoryBug.SwallowsRejects, nameof(SinkSuite.A_row_the_target_refuses_is_stored_with_its_place))]
    [InlineData(MemoryBug.SwallowsRefusal, nameof(SinkSuite.A_row_the_target_refuses_stops_the_group_where_no_reject_is_allowed))]
    [InlineData(MemoryBug.RowsBesideTheTransaction, nameof(SinkSuite.A_commit_whose_answer_is_lost_is_found_out))]
    [InlineData(MemoryBug.CommitsOnRollback, nameof(SinkSuite.A_commit_the_server_turned_into_a_rollback_is_no_success))]
    [InlineData(MemoryBug.CreatesTwice, nameof(SinkSuite.Preparing_and_finishing_twice_changes_nothing))]
    [InlineData(MemoryBug.IgnoresEpoch, nameof(SinkSuite.A_writer_of_an_older_epoch_is_fenced))]
    [InlineData(MemoryBug.IgnoresHolder, nameof(SinkSuite.A_writer_of_another_holder_with_the_same_epoch_number_is_fenced))]
    [InlineData(MemoryBug.IgnoresGuard, nameof(SinkSuite.A_change_tied_to_a_row_elsewhere_touches_nothing_without_it))]
    [InlineData(MemoryBug.PreparesUnfenced, nameof(SinkSuite.A_job_that_was_taken_over_can_open_prepare_plan_and_beat_no_more))]
    [InlineData(MemoryBug.NeverLocked, nameof(SinkSuite.A_job_whose_holder_is_alive_is_not_taken_over))]
    [InlineData(MemoryBug.EmptyDoesNothing, nameof(SinkSuite.A_restarted_table_fences_the_lanes_of_its_older_generation))]
    public Task The_sink_suite_finds(MemoryBug bug, string rule) => FailsAsync(new MemorySink_Conformance { Bug = bug }, rule);

    [Theory]
    [InlineData(MemoryBug.KeepsLock)]
    [InlineData(MemoryBug.RetriesWrite)]
    [InlineData(MemoryBug.RowsBesideTheTransaction)]
    [InlineData(MemoryBug.CommitsOnRollback)]
    public Task The_faults_suite_finds(MemoryBug bug) =>
        FailsAsync(new MemoryFaults_Conformance { Bug = bug },
            nameof(FaultsSuite.A_failing_call_leaves_nothing_that_the_next_run_cannot_finish));

    [Theory]
    [InlineData(MemoryBug.RoundsFloats, nameof(TypesSuite.Every_value_of_every_claimed_type_comes_back_as_it_was_written))]
    [InlineData(MemoryBug.TrimsText, nameof(TypesSuite.Every_value_of_every_claimed_type_comes_back_as_it_was_written))]
    [InlineData(MemoryBug.EmptyIsNull, nameof(TypesSuite.Every_value_of_every_claimed_type_comes_back_as_it_was_written))]
    [InlineData(MemoryBug.AcceptsNaN, nameof(TypesSuite.A_value_the_system_cannot_hold_is_refused_and_nothing_of_its_group_stays))]
    [InlineData(MemoryBug.StraysBecomeText,
        nameof(TypesSuite.A_cell_of_another_type_than_its_columns_is_kept_exactly_where_the_connector_says_so))]
    public Task The_types_suite_finds(MemoryBug bug, string rule) => FailsAsync(new MemoryTypes_Conformance { Bug = bug }, rule);

    [Fact]
    public void Every_planted_bug_is_used()
    {
        var used = typeof(SuitesCanFailTests).GetMethods().SelectMany(m => m.GetCustomAttributesData())
            .Where(a => a.AttributeType == typeof(InlineDataAttribute))
            .SelectMany(a => (IEnumerable<CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)
            .Where(v => v.ArgumentType == typeof(MemoryBug)).Select(v => (MemoryBug)(int)v.Value!);
        Assert.Equal(Enum.GetValues<MemoryBug>().Where(b => b != MemoryBug.None), used.Distinct().Order());
    }

    [Fact]
    public async Task A_deviation_that_is_no_longer_needed_fails()
    {
        await Deviation.HoldAsync(new Deviation("cannot"), () => throw new InvalidOperationException());
        await Assert.ThrowsAnyAsync<Exception>(() => Deviation.HoldAsync(new Deviation("can by now"), () => Task.CompletedTask));
    }

    private static async Task FailsAsync(object suite, string rule)
    {
        var method = suite.GetType().GetMethod(rule)!;
        var cases = method.GetCustomAttributes<InlineDataAttribute>().Select(d => d.Data).DefaultIfEmpty([]);
        var failed = false;
        foreach (var arguments in cases) failed |= await Record.ExceptionAsync(() => InvokeAsync(suite, method, arguments!)) is not null;
        Assert.True(failed, $"{rule} does not notice");
    }

    private static async Task InvokeAsync(object suite, MethodInfo method, object?[] arguments)
    {
        if (method.Invoke(suite, arguments) is Task task) await task;
    }
}
