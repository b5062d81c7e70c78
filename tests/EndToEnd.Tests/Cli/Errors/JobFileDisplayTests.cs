using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Errors;

public sealed class JobFileDisplayTests
{
    [Fact]
    public async Task Every_problem_is_shown_with_its_line_a_caret_and_a_guess()
    {
        using var at = new Scratch();
        at.Write("job.yaml", """
            version: 1
            name: shop
            source: sqlite:shop.db
            target: sqlite:copy.db
            tables:
              orders: {wriet: upsert}
            defaults: {commit: {rows: 3 million}}
            """);
        var shown = await PawlProcess.RunAsync(at, "validate");
        Assert.Equal(2, shown.Code);
        Assert.Empty(shown.Out);
        Assert.Equal("""
            error PAWL-103: unknown field
              job.yaml:6:12
              6 │   orders: {wriet: upsert}
                │            ^^^^^  did you mean write?
              There is no field wriet in tables.orders.
              why      A misspelt field would be ignored silently and the job would do something else than it
                       says, so every unknown field is an error.
              help     See the fields:
                         pawl explain tables
                       or give the editor the schema:
                         pawl schema > pawl.schema.json

            error PAWL-105: a value is not valid
              job.yaml:7:27
              7 │ defaults: {commit: {rows: 3 million}}
                │                           ^^^^^^^^^  did you mean 50k?
              3 million cannot be read as defaults.commit.rows; expected 1..100M.
              why      Durations are written like 10s, sizes like 64MB, counts like 100k; a list of words takes
                       one of its words.
              help     See type, range and default:
                         pawl explain defaults.commit.rows

            2 problems in job.yaml

            """.ReplaceLineEndings("\n").TrimEnd(), shown.Err.TrimEnd());
    }

    [Fact]
    public async Task Problems_are_data_under_json()
    {
        using var at = new Scratch();
        at.Write("job.yaml", "version: 1\nname: a\nsource: sqlite:a.db\ntarget: sqlite:b.db\ntables: {x: {wriet: upsert}}\n");
        var shown = await PawlProcess.RunAsync(at, "validate", "--json");
        Assert.Equal(2, shown.Code);
        var problem = Assert.Single(shown.Last().GetProperty("error").GetProperty("problems").EnumerateArray());
        Assert.Equal("PAWL-103", problem.GetProperty("code").GetString());
        Assert.Equal(5, problem.GetProperty("line").GetInt32());
        Assert.Equal("write", problem.GetProperty("suggestion").GetString());
        Assert.Empty(shown.Err);
    }

    [Fact]
    public async Task An_absent_job_file_is_named_with_a_way_out()
    {
        using var at = new Scratch();
        var shown = await PawlProcess.RunAsync(at, "run", "nowhere.yaml");
        Assert.Equal(2, shown.Code);
        Assert.Contains("PAWL-101", shown.Err);
        Assert.Contains("pawl init", shown.Err);
    }

    [Fact]
    public async Task An_absent_source_is_named_and_never_created()
    {
        using var shop = await CliShop.CreateAsync();
        File.Delete(shop.Source);
        var run = await shop.RunAsync("run");
        Assert.Equal(2, run.Code);
        Assert.Contains("PAWL-204", run.Err);
        Assert.Contains(shop.Source, run.Err);
        Assert.False(File.Exists(shop.Source));
    }
}
