using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Verbs;

/// <summary>Verbs that look and tell: version, help, explain, schema, validate, plan.</summary>
public sealed class LookingTests
{
    [Fact]
    public async Task Version_names_itself_and_its_systems_as_text_and_json()
    {
        using var at = new Scratch();
        var text = await PawlProcess.RunAsync(at, "version");
        Assert.Equal(0, text.Code);
        Assert.StartsWith("pawl 0.", text.Out, StringComparison.Ordinal);
        Assert.Contains("SQLite (sqlite:)", text.Out);
        Assert.Empty(text.Err);
        var json = (await PawlProcess.RunAsync(at, "version", "--json")).Last();
        Assert.Equal("summary", json.GetProperty("code").GetString());
        Assert.Equal(1, json.GetProperty("v").GetInt32());
        Assert.Contains(json.GetProperty("data").GetProperty("systems").EnumerateArray(), s => s.GetProperty("name")
            .GetString() == "SQLite");
    }

    [Fact]
    public async Task Help_lists_the_verbs_that_work_and_no_other()
    {
        using var at = new Scratch();
        var help = await PawlProcess.RunAsync(at, "--help");
        Assert.Equal(0, help.Code);
        var verbs = help.Out[help.Out.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n').Skip(1)
            .Select(l => l.Trim().Split(' ')[0]).Where(w => w.Length > 0);
        Assert.Equal(["demo", "init", "conn", "doctor", "validate", "plan", "run", "progress", "pause", "rewind",
            "checkpoint", "verify", "rejects", "runs", "schema", "explain", "completion", "version"],
            verbs);
    }

    [Theory]
    [InlineData("PAWL-401", "this is another source")]
    [InlineData("pawl-501", "another runner holds this job")]
    [InlineData("lane.committed", "a group of rows is durable")]
    [InlineData("probe.right.missing", "RIGHT on KIND ON is missing")]
    [InlineData("pawl-215", "no such saved connection")]
    [InlineData("defaults.commit.rows", "one commit")]
    [InlineData("csv.delimiter", "between two fields")]
    [InlineData("postgres", "lock_timeout")]
    public async Task Explain_knows_codes_events_and_fields(string topic, string says)
    {
        using var at = new Scratch();
        var told = await PawlProcess.RunAsync(at, "explain", topic);
        Assert.Equal(0, told.Code);
        Assert.Contains(says, told.Out, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Misspelt_words_are_usage_errors_with_a_guess()
    {
        using var at = new Scratch();
        var verb = await PawlProcess.RunAsync(at, "verfy");
        Assert.Equal(2, verb.Code);
        Assert.Contains("did you mean verify?", verb.Err);
        var field = await PawlProcess.RunAsync(at, "explain", "tabels");
        Assert.Equal(2, field.Code);
        Assert.Contains("did you mean tables?", field.Err);
        var option = await PawlProcess.RunAsync(at, "run", "job.yaml", "--restrt");
        Assert.Equal(2, option.Code);
        Assert.Contains("PAWL-111", option.Err);
    }

    [Fact]
    public async Task Schema_is_the_schema_of_the_job_file()
    {
        using var at = new Scratch();
        var schema = JsonDocument.Parse((await PawlProcess.RunAsync(at, "schema")).Out).RootElement;
        Assert.True(schema.GetProperty("properties").TryGetProperty("tables", out _));
    }

    [Fact]
    public async Task Validate_accepts_a_good_job_without_opening_anything()
    {
        using var shop = await CliShop.CreateAsync();
        File.Delete(shop.Source);
        var good = await shop.RunAsync("validate");
        Assert.Equal(0, good.Code);
        Assert.Contains("job.yaml is a valid job: shop", good.Out);
        Assert.False(File.Exists(shop.Target));
    }

    [Fact]
    public async Task Plan_says_what_a_run_would_do_and_changes_nothing()
    {
        using var shop = await CliShop.CreateAsync();
        var before = await shop.RunAsync("plan", "--detailed-exitcode");
        Assert.Equal(8, before.Code);
        Assert.Contains("copy it all", before.Out);
        Assert.Contains("once per row", before.Out);
        Assert.False(File.Exists(shop.Target));
        Assert.Equal(0, (await shop.RunAsync("plan")).Code);
        Assert.Equal(0, (await shop.RunAsync("run")).Code);
        var after = await shop.RunAsync("plan", "--detailed-exitcode");
        Assert.Equal(0, after.Code);
        Assert.Contains("Nothing to do", after.Out);
    }
}
