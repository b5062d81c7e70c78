using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Target tables that are there with their foreign keys, in an order that is the reverse of their names'.</summary>
public sealed class PgReferenceTests
{
    private static readonly string[] Tables =
    [
        "create table z_customers (id int primary key, v text)",
        "create table m_orders (id int primary key, customer int not null{0}, v text)",
        "create table a_items (id int primary key, order_id int not null{1}, customer int{0}, v text)",
        "create table b_none (id int primary key, v text)",
        "create table c_of_none (id int primary key, none int{2})",
    ];

    private static string[] Made(bool keys) =>
        [.. Tables.Select(t => string.Format(null, t, keys ? " references z_customers" : "", keys ? " references m_orders" : "", keys ? " references b_none" : ""))];

    private static async Task<(PgFixture Source, PgFixture Target)> NewAsync()
    {
        var (source, target) = (await PgFixture.NewAsync(), await PgFixture.NewAsync());
        await source.RunAsync([.. Made(false), "insert into z_customers select i, 'c' || i from generate_series(1, 300) i",
            "insert into m_orders select i, 1 + i % 300, 'o' || i from generate_series(1, 3000) i",
            "insert into a_items select i, 1 + i % 3000, 1 + i % 300, 'i' || i from generate_series(1, 3000) i"]);
        await target.RunAsync(Made(true));
        return (source, target);
    }

    private static JobSpec Job(PgFixture source, PgFixture target) =>
        PgJobs.Job(source.Here(), target.Here(), new TableRule { Pattern = new TablePattern("public.*") }) with { Parallel = 4 };

    private static Task<List<string>> CountsAsync(PgFixture at) => at.RowsAsync("select (select count(*) from z_customers), "
        + "(select count(*) from m_orders), (select count(*) from a_items), (select count(*) from c_of_none)");

    [Fact]
    public async Task What_is_referred_to_comes_first_and_goes_last()
    {
        var (source, target) = await NewAsync();
        await using var _ = source;
        await using var __ = target;
        var first = await new PgJobs().RunAsync(Job(source, target));
        Assert.Equal((RunStatus.Done, 0), (first.Status, first.Tables.Count(t => t.Error is not null)));
        Assert.Equal(["300|3000|3000|0"], await CountsAsync(target));
        var again = await new PgJobs().RunAsync(Job(source, target), new RunOptions { Restart = true });
        Assert.Equal((RunStatus.Done, 0), (again.Status, again.Tables.Count(t => t.Error is not null)));
        Assert.Equal(["300|3000|3000|0"], await CountsAsync(target));
    }

    [Fact]
    public async Task Of_a_table_that_fails_only_those_wait_in_vain_that_refer_to_it()
    {
        var (source, target) = await NewAsync();
        await using var _ = source;
        await using var __ = target;
        await target.RunAsync("alter table m_orders add constraint small check (id < 2900)");
        var partly = await new PgJobs().RunAsync(Job(source, target));
        Assert.Equal(RunStatus.Partial, partly.Status);
        Assert.Equal(["public.a_items PAWL-324 public.m_orders", "public.m_orders PAWL-601 "], partly.Tables.Where(t => t.Error is not null)
            .Select(t => $"{t.Source} {t.Error!.Code} {t.Error.Details.GetValueOrDefault("other")}").Order());
        Assert.Equal(["0"], await target.RowsAsync("select count(*) from a_items"));
        await target.RunAsync("alter table m_orders drop constraint small");
        var rest = await new PgJobs().RunAsync(Job(source, target));
        Assert.Equal(RunStatus.Done, rest.Status);
        Assert.Equal(["public.a_items", "public.m_orders"], rest.Tables.Where(t => t.Status == TableStatus.Done).Select(t => t.Source).Order());
        Assert.Equal(["300|3000|3000|0"], await CountsAsync(target));
    }

    [Fact]
    public async Task A_table_that_is_refused_is_waited_for_in_vain_and_one_that_is_empty_is_not()
    {
        var (source, target) = await NewAsync();
        await using var _ = source;
        await using var __ = target;
        await target.RunAsync("alter table c_of_none add constraint none check (id < 5)");
        await source.RunAsync("insert into c_of_none values (7, null)");
        await target.RunAsync("insert into z_customers values (0, 'of somebody')");
        var partly = await new PgJobs().RunAsync(Job(source, target));
        Assert.Equal(["public.a_items PAWL-324", "public.c_of_none PAWL-601", "public.m_orders PAWL-324", "public.z_customers PAWL-305"],
            partly.Tables.Where(t => t.Error is not null).Select(t => $"{t.Source} {t.Error!.Code}").Order());
        // What it refers to was done by an earlier run, and is empty as it is at the source.
        await target.RunAsync("alter table c_of_none drop constraint none", "delete from z_customers");
        Assert.Equal(RunStatus.Done, (await new PgJobs().RunAsync(Job(source, target))).Status);
        Assert.Equal(["300|3000|3000|1"], await CountsAsync(target));
    }

    [Fact]
    public async Task A_circle_is_named_and_what_is_outside_it_is_copied()
    {
        var (source, target) = await NewAsync();
        await using var _ = source;
        await using var __ = target;
        await source.RunAsync("alter table z_customers add best int default 1");
        await target.RunAsync("alter table z_customers add best int references m_orders");
        var plan = await new PgJobs().PlanAsync(Job(source, target));
        Assert.Equal(["public.m_orders PAWL-323", "public.z_customers PAWL-323"],
            plan.Tables.Where(t => t.State == TableState.Blocked).Select(t => $"{t.Source} {t.Error!.Code}").Order());
        var partly = await new PgJobs().RunAsync(Job(source, target));
        Assert.Equal(["public.a_items PAWL-324", "public.m_orders PAWL-323", "public.z_customers PAWL-323"],
            partly.Tables.Where(t => t.Error is not null).Select(t => $"{t.Source} {t.Error!.Code}").Order());
        Assert.Contains("public.m_orders → public.z_customers → public.m_orders",
            partly.Tables.Single(t => t.Source == "public.m_orders").Error!.Details["cycle"]);
        // The server looks at no key meanwhile.
        var skipping = Job(source, target) with { Target = target.Here(("triggers", "skip")) };
        Assert.Equal(RunStatus.Done, (await new PgJobs().RunAsync(skipping)).Status);
        Assert.Equal(["300|3000|3000|0"], await CountsAsync(target));
    }
}
