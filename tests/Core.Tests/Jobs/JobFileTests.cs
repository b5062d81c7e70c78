using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobFileTests
{
    [Fact]
    public void Six_lines_are_a_job_and_everything_else_has_a_default()
    {
        var job = JobText.Job(JobText.Head + "tables:\n  orders: dw_orders\n");
        Assert.Equal("n", job.Name);
        Assert.Equal("/jobs/a.db", job.Source.Path);
        Assert.Equal("/jobs/b.db", job.Target.Path);
        Assert.Equal("sqlite:/jobs/b.db", job.Target.Display);
        Assert.Equal("/jobs/job.yaml", job.File);
        var rule = Assert.Single(job.Tables);
        Assert.Equal(("orders", "dw_orders", 6), (rule.Pattern.Text, rule.Target, rule.Line));
        var made = new JobSpec { Name = "n", Source = job.Source, Target = job.Target, Tables = job.Tables };
        Assert.Equal(made with { File = job.File, Was = job.Was }, job);
    }

    [Fact]
    public void Every_field_of_a_full_job_arrives()
    {
        var job = JobText.Job("""
            version: 1
            name: shop-to-dw
            was: [shop, old shop]
            source: sqlite:shop.db?busy=10s
            target: postgres://etl:pw@dw:5433/warehouse?tls=off
            defaults:
              mode: snapshot
              write: upsert
              commit: {rows: 100k, bytes: 8MB, every: 500ms}
              on_error: {reject_limit: 1000, mistyped: reject, retry: {times: 3, backoff: 2s..1m, run_budget: 50}}
            transform: {drop: [note]}
            tables:
              "*": {target: "dw.{table}", exclude: ["tmp_*", x]}
              orders:
                write: insert
                splits: 8
                on_error: {mistyped: stop}
                transform:
                  where: amount > 0
                  rename: {id: order_id}
                  set: {origin: shop, n: 1, r: 1.5, flag: true, none: null, text: "1"}
            schema: {create: false, changes: fail}
            verify: {after: run, level: digest, on_diff: report}
            parallel: 4
            memory: 1GB
            """);
        Assert.Equal(["shop", "old shop"], job.Was);
        Assert.Equal("10s", job.Source.Options["busy"]);
        var target = job.Target;
        Assert.Equal(("dw", 5433, "etl", "pw", "warehouse"), (target.Host, target.Port, target.User, target.Password, target.Path));
        Assert.Equal(new CommitPolicy { Rows = 100_000, Bytes = 8 << 20, Every = TimeSpan.FromMilliseconds(500) }, job.Commit);
        var (first, longest) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
        Assert.Equal(new RetryPolicy { Times = 3, BackoffMin = first, BackoffMax = longest, RunBudget = 50 }, job.Retry);
        Assert.Equal((false, VerifyLevel.Digest, 4, 1L << 30), (job.CreateTables, job.VerifyAfterRun, job.Parallel, job.MemoryBytes));

        var all = job.Tables[0];
        Assert.Equal(["tmp_*", "x"], all.Exclude.Select(e => e.Text));
        Assert.Equal((WriteMode.Upsert, StrayPolicy.Reject, 1000L, (int?)null), (all.Write, all.Strays, all.RejectLimit, all.Splits));
        var orders = job.Tables[1];
        Assert.Equal((WriteMode.Insert, StrayPolicy.Stop), (orders.Write, orders.Strays));
        Assert.Equal((1000L, (int?)8), (orders.RejectLimit, orders.Splits));
        Assert.Equal(("dw.{table}", "amount > 0"), (orders.Target, orders.Where));
        Assert.Equal(["note"], orders.Drop);
        Assert.Equal("order_id", orders.Rename["id"]);
        Assert.Equal(["origin", "n", "r", "flag", "none", "text"], orders.Set.Keys);
        Assert.Equal(["shop", 1L, 1.5, true, null, "1"], orders.Set.Values);
    }

    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        var result = JobText.Parse("""
            version: 2
            nam: x
            source: sqlit:a.db
            target: sqlite:b.db?bussy=1
            tables:
              orders: {mode: cdc, splits: 0}
            notify: []
            """);
        Assert.Null(result.Job);
        Assert.Equal(
            [
                (Codes.JobFieldMissing, 0), (Codes.JobValueInvalid, 1), (Codes.JobFieldUnknown, 2), (Codes.SchemeUnknown, 3),
                (Codes.OptionUnknown, 4), (Codes.JobFieldLater, 6), (Codes.JobValueInvalid, 6), (Codes.JobFieldLater, 7),
            ],
            result.Problems.Select(p => (p.Code, p.Line)));
        Assert.Equal(["name: orders", "1", "name", "sqlite", "busy", null, "1", null], result.Problems.Select(p => p.Suggestion));
    }
}
