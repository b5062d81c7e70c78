using Pawl.Cli;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Pawl.Verify;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Errors;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(Fault.Transient, Codes.Unreachable, 5)]
    [InlineData(Fault.Throttled, Codes.Busy, 5)]
    [InlineData(Fault.Configuration, Codes.JobFieldUnknown, 2)]
    [InlineData(Fault.Schema, Codes.ColumnMissing, 2)]
    [InlineData(Fault.Permission, Codes.AccessDenied, 1)]
    [InlineData(Fault.Data, Codes.RowRefused, 1)]
    [InlineData(Fault.Bug, Codes.Unexpected, 1)]
    [InlineData(Fault.PositionLost, Codes.SourceReplaced, 7)]
    [InlineData(Fault.Schema, Codes.SchemaChanged, 7)]
    [InlineData(Fault.Fenced, Codes.JobHeld, 6)]
    [InlineData(Fault.Fenced, Codes.Fenced, 6)]
    [InlineData(Fault.Data, Codes.CountsDiffer, 4)]
    [InlineData(Fault.Configuration, Codes.JobUnknown, 2)]
    public void An_error_says_whose_turn_it_is(Fault fault, string code, int exit) =>
        Assert.Equal(exit, ExitCode.Of(new PawlException(fault, code)));

    [Theory]
    [InlineData(RunStatus.Done, 0)]
    [InlineData(RunStatus.NothingToDo, 0)]
    [InlineData(RunStatus.Partial, 3)]
    [InlineData(RunStatus.Paused, 130)]
    [InlineData(RunStatus.Interrupted, 130)]
    [InlineData(RunStatus.Fenced, 6)]
    public void A_run_s_status_has_one_code(RunStatus status, int exit) => Assert.Equal(exit, ExitCode.Of(Run(status, Table()),
        terminated: false));

    [Fact]
    public void SIGTERM_has_a_code_of_its_own() => Assert.Equal(143, ExitCode.Of(Run(RunStatus.Interrupted, Table()), terminated: true));

    [Fact]
    public void Rejected_rows_are_not_a_full_success() =>
        Assert.Equal(3, ExitCode.Of(Run(RunStatus.Done, Table() with { Total = new WriteCounts { Read = 2, Inserted = 1,
            Rejected = 1 } }), false));

    [Fact]
    public void A_difference_weighs_more_than_a_failed_table()
    {
        var verdict = new TableVerdict { Source = "a", Target = "a", Level = Jobs.VerifyLevel.Count, Equal = false, SourceRows = 2,
            TargetRows = 1 };
        Assert.Equal(4, ExitCode.Of(Run(RunStatus.Partial, Table() with { Verdict = verdict }), false));
    }

    [Fact]
    public void Tables_that_failed_for_one_reason_give_the_run_that_reason_s_code()
    {
        var lost = Table() with { Status = TableStatus.Failed, Error = new PawlException(Fault.PositionLost, Codes.TableRecreated) };
        var wrong = Table() with { Status = TableStatus.Failed, Error = new PawlException(Fault.Configuration, Codes.TargetNotEmpty) };
        Assert.Equal(7, ExitCode.Of(Run(RunStatus.Failed, lost, lost), false));
        Assert.Equal(1, ExitCode.Of(Run(RunStatus.Failed, lost, wrong), false));
    }

    private static RunSummary Run(RunStatus status, params TableOutcome[] tables) => new() { Run = Guid.Empty, Status = status,
        Tables = tables };

    private static TableOutcome Table() => new() { Source = "a", Target = "a", Status = TableStatus.Done,
        Guarantee = Guarantee.OncePerRow };
}
