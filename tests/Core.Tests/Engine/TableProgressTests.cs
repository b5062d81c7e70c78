using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

/// <summary>How many rows of a table may be rejected, for what, over all its lanes.</summary>
public sealed class TableProgressTests
{
    private static readonly Guid Job = Guid.NewGuid();

    private static TablePlan Plan(long limit, params (string Cause, long Limit)[] causes) =>
        Plans.For(new MemoryFixture(MemoryBug.None), Plans.OrderTable("t"), 1, splits: 2, rejectLimit: limit) with
        {
            CauseLimits = causes.ToDictionary(c => c.Cause, c => c.Limit),
        };

    private static LedgerEntry Entry(int lane, long sequence, long rejected, long before = 0) => new()
    {
        Lane = new LaneId(Job, $"t/g1/s{lane}"), Sequence = sequence, Position = null,
        Counts = new WriteCounts { Read = rejected, Rejected = rejected },
        Total = new WriteCounts { Read = before + rejected, Rejected = before + rejected },
    };

    private static RejectedRow[] Rejects(int count, string cause = "not_null") => [.. Enumerable.Repeat(new RejectedRow
    {
        Lane = default, Table = new TableName(null, "t"), Row = "{}", Code = RejectCause.Code(cause), Cause = "said", Column = "v",
    }, count)];

    [Fact]
    public void Each_cause_has_one_code_and_a_name()
    {
        Assert.Equal(RejectCause.All, RejectCause.All.Select(name => RejectCause.Of(RejectCause.Code(name))));
        Assert.Equal(RejectCause.All.Count, RejectCause.All.Select(RejectCause.Code).Distinct().Count());
        Assert.Equal("other", RejectCause.Of("PAWL-999"));
    }

    [Fact]
    public void A_cause_counts_what_was_found_what_is_durable_and_what_other_lanes_are_about_to_commit()
    {
        var plan = Plan(100, ("not_null", 6));
        var progress = new TableProgress([]);
        progress.Found(new Dictionary<string, long> { ["not_null"] = 1, ["check"] = 50 });
        progress.CheckRejects(plan, Entry(0, 1, 2), Rejects(2));
        progress.Durable(Entry(0, 1, 2));
        progress.CheckRejects(plan, Entry(0, 2, 1, 2), Rejects(1));
        progress.CheckRejects(plan, Entry(1, 1, 2), Rejects(2));
        var full = Assert.Throws<PawlException>(() => progress.CheckRejects(plan, Entry(1, 1, 3), Rejects(3)));
        Assert.Equal((Codes.RejectLimit, "not_null", "7", "6", "v"), (full.Code, full.Details["reject_cause"], full.Details["rejected"],
            full.Details["limit"], full.Details["column"]));
        // Another cause has room, and only the limit for all.
        progress.CheckRejects(plan, Entry(1, 1, 90), Rejects(90, "check"));
        Assert.Throws<PawlException>(() => progress.CheckRejects(plan, Entry(1, 1, 99), Rejects(99, "check")));
    }

    [Fact]
    public void A_commit_whose_answer_was_lost_counts_when_the_ledger_has_it()
    {
        var plan = Plan(100, ("not_null", 3));
        foreach (var happened in new[] { true, false })
        {
            var progress = new TableProgress([]);
            progress.CheckRejects(plan, Entry(0, 1, 1), Rejects(1));
            progress.Durable(Entry(0, 1, 1));
            progress.CheckRejects(plan, Entry(0, 2, 2, 1), Rejects(2));
            progress.Durable(happened ? Entry(0, 2, 2, 1) : Entry(0, 1, 1));
            var again = Record.Exception(() => progress.CheckRejects(plan, Entry(0, happened ? 3 : 2, 2, happened ? 3 : 1), Rejects(2)));
            Assert.Equal(happened, again is PawlException);
        }
    }

    [Fact]
    public void A_cause_that_is_to_stop_the_table_names_its_own_code()
    {
        var stopped = Assert.Throws<PawlException>(() =>
            new TableProgress([]).CheckRejects(Plan(9, ("duplicate", 0)), Entry(0, 1, 2), [.. Rejects(1), .. Rejects(1, "duplicate")]));
        Assert.Equal((Codes.DuplicateRefused, "said"), (stopped.Code, stopped.Details["cause"]));
    }
}
