using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Many tables share one budget of connections: the servers give these roles no more.</summary>
public sealed class PgBudgetTests
{
    private const int Tables = 300, Parallel = 3, SourceMost = 2 + 2 * Parallel, TargetMost = 6 + 4 * Parallel;

    [Fact]
    public async Task Three_hundred_tables_take_no_more_connections_than_a_few_and_each_of_them_arrives()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        var (reader, writer) = ($"reader_{source.Database}", $"writer_{target.Database}");
        try
        {
            await source.RunAsync($"create role {reader} login connection limit {SourceMost}",
                $"create role {writer} login connection limit {TargetMost}",
                $"alter database {target.Database} owner to {writer}", $$"""
                do $do$ begin for i in 1..{{Tables}} loop
                    execute format('create table t%s (id int primary key, v text)', i);
                    execute format('insert into t%s select j, ''v'' from generate_series(1, %s) j', i, i % 50);
                end loop; end $do$
                """, $"grant select on all tables in schema public to {reader}");
            await target.RunAsync($"grant create on schema public to {writer}");
            var job = PgJobs.Job(source.Here() with { User = reader }, target.Here() with { User = writer },
                new TableRule { Pattern = new TablePattern("public.t*") }) with { Parallel = Parallel };
            var summary = await new PgJobs().RunAsync(job);
            Assert.Null(summary.Error);
            // One that was refused would have been tried again.
            Assert.Equal((RunStatus.Done, Tables, 0), (summary.Status, summary.Tables.Count, summary.Retries));
            const string Look = "select string_agg(n, ',' order by n) from (select table_name || '=' || (xpath('/row/c/text()', query_to_xml("
                + "format('select count(*) as c from public.%I', table_name), false, true, '')))[1]::text as n from information_schema.tables "
                + "where table_schema = 'public' and table_name like 't%') x";
            Assert.Equal(await source.RowsAsync(Look), await target.RowsAsync(Look));
        }
        finally
        {
            await target.RunAsync($"alter database {target.Database} owner to postgres", $"drop owned by {writer} cascade");
            await source.RunAsync($"drop owned by {reader}", $"drop role {reader}", $"drop role {writer}");
        }
    }
}
