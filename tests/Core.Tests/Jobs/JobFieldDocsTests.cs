using System.Collections;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobFieldDocsTests
{
    public static TheoryData<string> Working => new(JobFieldDocs.All.Where(f => f.Capability is null).Select(f => f.Path));
    public static TheoryData<string> Coming => new(JobFieldDocs.All.Where(f => f.Capability is not null).Select(f => f.Path));

    [Theory]
    [MemberData(nameof(Working))]
    public void A_field_that_works_takes_its_example_and_its_default(string path)
    {
        var field = JobFieldDocs.At(path)!;
        Assert.NotNull(field.Since);
        Assert.NotNull(field.Example);
        var plain = Shape(JobText.Job(With(path, null)));
        var example = Shape(JobText.Job(With(path, field.Example)));
        // The only word of a choice, and what the job must have anyway, change nothing.
        var fixedWord = field.Kind == FieldKind.Choice && field.Allowed.Count == 1;
        if (fixedWord || field.Required || path is "source" or "target") Assert.NotNull(example);
        else Assert.NotEqual(plain, example);
        if (field.Default is { } standard && path != "tables.*") Assert.Equal(plain, Shape(JobText.Job(With(path, standard))));
    }

    [Theory]
    [MemberData(nameof(Coming))]
    public void A_field_that_does_not_work_yet_is_refused_as_known(string path)
    {
        var field = JobFieldDocs.At(path)!;
        Assert.Null(field.Since);
        var problem = JobText.Problem(With(path, "x"));
        Assert.Equal((Codes.JobFieldLater, field.Capability), (problem.Code, problem.Details["capability"]));
    }

    [Theory]
    [MemberData(nameof(Working))]
    public void Every_word_and_both_ends_of_every_range_are_taken(string path)
    {
        var field = JobFieldDocs.At(path)!;
        foreach (var word in field.Allowed) JobText.Job(With(path, word));
        foreach (var word in field.LaterWords) Assert.Equal(Codes.JobFieldLater, JobText.Problem(With(path, word)).Code);
        if (field.Kind == FieldKind.DurationRange) JobText.Job(With(path, $"{field.Min}..{field.Max}"));
        else foreach (var end in new[] { field.Min, field.Max }.OfType<string>()) JobText.Job(With(path, end));
    }

    [Fact]
    public void Every_field_says_what_it_is_in_both_languages()
    {
        Assert.Equal(JobFieldDocs.All.Count, JobFieldDocs.All.Select(f => f.Path).Distinct().Count());
        foreach (var field in JobFieldDocs.All)
        {
            Assert.True(field.English.Length > 10 && field.English.EndsWith('.'), $"{field.Path}: {field.English}");
            Assert.True(field.Chinese.EndsWith('。') && field.Chinese.Count(c => c > 0x2E80) > 4, $"{field.Path}: {field.Chinese}");
            Assert.DoesNotContain(field.English, c => c > 0x2E80);
            Assert.True(field.Parent.Length == 0 || JobFieldDocs.At(field.Parent) is not null, $"{field.Path} has no parent");
            Assert.Equal((field.English, field.Chinese), (field.Text("en"), field.Text("zh-CN")));
            var number = field.Kind is FieldKind.Count or FieldKind.Size or FieldKind.Duration or FieldKind.DurationRange;
            var bounded = field.Unit is not null && field.Min is not null && field.Max is not null;
            Assert.True(!number || bounded, $"{field.Path} has no unit or range");
        }
    }

    [Fact]
    public void A_field_is_found_by_its_path_or_the_end_of_it()
    {
        Assert.Equal("defaults.commit.rows", Assert.Single(JobFieldDocs.Find("commit.rows")).Path);
        Assert.Equal("memory", Assert.Single(JobFieldDocs.Find("Memory")).Path);
        Assert.Equal(3, JobFieldDocs.Find("where").Count);
        Assert.Empty(JobFieldDocs.Find("nothing"));
        Assert.Empty(JobFieldDocs.Find(""));
    }

    [Fact]
    public void Documented_defaults_are_those_of_the_model()
    {
        var job = new JobSpec { Name = "", Source = new Endpoint { Scheme = "" }, Target = new Endpoint { Scheme = "" }, Tables = [] };
        Assert.Equal(job.Commit.Rows, Quantity.Count(Default("defaults.commit.rows")));
        Assert.Equal(job.Commit.Bytes, Quantity.Size(Default("defaults.commit.bytes")));
        Assert.Equal(job.Commit.Every, Quantity.Duration(Default("defaults.commit.every")));
        Assert.Equal(job.Retry.Times, Quantity.Count(Default("defaults.on_error.retry.times")));
        var backoff = new DurationRange(job.Retry.BackoffMin, job.Retry.BackoffMax);
        Assert.Equal(backoff, Quantity.Range(Default("defaults.on_error.retry.backoff")));
        Assert.Equal(job.Retry.RunBudget, Quantity.Count(Default("defaults.on_error.retry.run_budget")));
        Assert.Equal(job.Parallel, Quantity.Count(Default("parallel")));
        Assert.Equal(job.MemoryBytes, Quantity.Size(Default("memory")));
    }

    private static string Default(string path) => JobFieldDocs.At(path)!.Default!;

    /// <summary>A job in which one field has the given value, in flow style, built along its path; null leaves it out.</summary>
    private static string With(string path, string? value)
    {
        var top = new Dictionary<string, string>
        {
            ["version"] = "1", ["name"] = "n", ["source"] = "sqlite:a.db", ["target"] = "sqlite:b.db", ["tables"] = "{orders: {}}",
        };
        var parts = path.Replace("*", "orders").Split('.');
        if (value is not null)
        {
            var below = parts.Skip(1).Reverse().Aggregate(value, (inner, name) => $"{{{name}: {inner}{Company(name, inner)}}}");
            top[parts[0]] = below;
        }
        // What belongs to an incremental table needs one.
        else if (parts[^1] is "cursor" or "overlap" or "lag" or "zone") return With(path[..^parts[^1].Length] + "mode", "incremental");
        else if (parts[^1] == "source_value") return With(path.Replace("source_value", "source_column"), "shard");
        else if (parts[^1] is "allow_empty") return With(path[..^parts[^1].Length] + "write", "replace");
        return string.Concat(top.Select(t => $"{t.Key}: {t.Value}\n"));
    }

    private static string Company(string name, string value) => name switch
    {
        "mode" when value == "incremental" => ", cursor: x",
        "allow_empty" => ", write: replace",
        "cursor" => ", mode: incremental",
        "overlap" or "lag" or "zone" => ", mode: incremental, cursor: x",
        "source_value" => ", source_column: shard",
        _ => "",
    };

    /// <summary>Everything in a job, as text, so that two jobs can be compared; places in the file left out.</summary>
    internal static string Shape(object? value) => value switch
    {
        null => "null",
        string or long or int or bool or double or TimeSpan or Enum => $"{value}",
        TablePattern pattern => pattern.Text,
        IDictionary map => "{" + string.Join(',', map.Keys.Cast<object>().Select(k => $"{k}:{Shape(map[k])}")) + "}",
        IEnumerable list => "[" + string.Join(',', list.Cast<object?>().Select(Shape)) + "]",
        _ => value.GetType().Name + "(" + string.Join(',', value.GetType().GetProperties().Where(p => p.Name is not ("Line" or "File"))
            .Select(p => $"{p.Name}={Shape(p.GetValue(value))}")) + ")",
    };
}
