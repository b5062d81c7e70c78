using System.Text.Json;
using Pawl.Core.Tests.House;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;
using YamlDotNet.RepresentationModel;
using YamlNode = YamlDotNet.RepresentationModel.YamlNode;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobSchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(JobSchema.ToJson()).RootElement;

    /// <summary>Job files that show every field; those in the repository join them.</summary>
    public static TheoryData<string> Samples => new((string[])
    [
        JobText.Head + "tables:\n  shop.orders: dw.orders\n",
        JobText.Head + "tables: [a, b*, 2024]\nwas: old\n",
        JobText.Head + """
            was: [a, b]
            defaults:
              mode: snapshot
              write: upsert
              commit: {rows: 50k, bytes: 64MB, every: 5s}
              on_error: {reject_limit: 10, mistyped: stop, retry: {times: 10, backoff: 1s..60s, run_budget: 100}}
            transform: {drop: x, set: {a: 1, b: null, c: true, d: 1.5, e: text}}
            tables:
              o*:
                target: "dw.{table}"
                exclude: [o_tmp*]
                splits: 4
                transform: {where: a > 1, select: [a], rename: {a: b}, drop: []}
                on_error: {reject_limit: 5M}
              p:
            schema: {create: true, changes: fail}
            verify: {after: run, level: digest, on_diff: report}
            parallel: 4
            memory: 268435456
            """,
        .. Repo.Under("samples/", ".yaml", ".yml").Select(Repo.Read),
    ]);

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_job_fits_the_schema_and_the_parser(string text)
    {
        Assert.Empty(SchemaCheck.Faults(Schema, Json(text)));
        // What only the machine or the connectors at hand decide is left out.
        string[] outside = [Codes.SecretMissing, Codes.SchemeUnknown, Codes.OptionUnknown];
        var known = JobText.Parse(text).Problems.Where(p => !outside.Contains(p.Code));
        Assert.Empty(known.Select(p => $"{p.Code} {p.Line}:{p.Column} {p.Field}"));
    }

    [Theory]
    [InlineData("nmae: x")]
    [InlineData("parallel: 0")]
    [InlineData("parallel: 65")]
    [InlineData("parallel: 2m")]
    [InlineData("memory: 64MiB")]
    [InlineData("notify: []")]
    [InlineData("defaults: {mode: cdc}")]
    [InlineData("defaults: {comit: {}}")]
    [InlineData("defaults: {commit: {every: 5}}")]
    [InlineData("defaults: {on_error: {retry: {backoff: 5s}}}")]
    [InlineData("defaults: {write: overwrite}")]
    [InlineData("schema: {create: maybe}")]
    [InlineData("transform: {rename: {a: [b]}}")]
    [InlineData("transform: {set: {a: {b: c}}}")]
    [InlineData("transform: {where: []}")]
    [InlineData("verify: []")]
    [InlineData("was: [a, a]")]
    public void What_the_parser_refuses_the_schema_refuses_too(string line)
    {
        var text = JobText.Head + "tables: [a]\n" + line + "\n";
        Assert.NotEmpty(JobText.Parse(text).Problems);
        Assert.NotEmpty(SchemaCheck.Faults(Schema, Json(text)));
    }

    [Theory]
    [InlineData("tables: []")]
    [InlineData("tables: {}")]
    [InlineData("tables: {a: {wirte: insert}}")]
    [InlineData("tables: {a: {mask: id}}")]
    [InlineData("tables: {a: {splits: 0}}")]
    [InlineData("tables: {a: []}")]
    [InlineData("x: 1")]
    public void Tables_that_the_parser_refuses_the_schema_refuses_too(string line)
    {
        Assert.NotEmpty(JobText.Parse(JobText.Head + line + "\n").Problems);
        Assert.NotEmpty(SchemaCheck.Faults(Schema, Json(JobText.Head + line + "\n")));
    }

    [Fact]
    public void Every_field_that_works_is_in_the_schema_with_its_texts_and_no_other_is()
    {
        var found = new List<string>();
        Walk(Schema, "", found);
        Assert.Equal(JobFieldDocs.All.Where(f => f.Capability is null && f.Name != "*").Select(f => f.Path).Order(), found.Order());
        Assert.Contains("\"description\": \"作业名称", JobSchema.ToJson("zh-CN"));
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", Schema.GetProperty("$schema").GetString());
    }

    private static void Walk(JsonElement schema, string path, List<string> found)
    {
        if (schema.ValueKind != JsonValueKind.Object) return;
        if (schema.TryGetProperty("anyOf", out var any)) foreach (var one in any.EnumerateArray()) Walk(one, path, found);
        if (schema.TryGetProperty("additionalProperties", out var more) && path == "tables") Walk(more, "tables.*", found);
        if (!schema.TryGetProperty("properties", out var properties)) return;
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
        foreach (var property in properties.EnumerateObject())
        {
            var below = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            found.Add(below);
            Assert.Equal(JobFieldDocs.At(below)!.English, property.Value.GetProperty("description").GetString());
            Assert.Equal(JobFieldDocs.At(below)!.Chinese, property.Value.GetProperty("x-description-zh-CN").GetString());
            Walk(property.Value, below, found);
        }
    }

    /// <summary>YAML as an editor sees it: plain scalars typed by the core schema.</summary>
    private static JsonElement Json(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return JsonSerializer.SerializeToElement(Value(stream.Documents[0].RootNode));
    }

    private static object? Value(YamlNode node) => node switch
    {
        YamlMappingNode map => map.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => Value(c.Value)),
        YamlSequenceNode list => list.Children.Select(Value).ToList(),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } plain => plain.Value switch
        {
            "" or "~" or "null" => null,
            "true" => true,
            "false" => false,
            var t when long.TryParse(t, out var whole) => whole,
            var t when double.TryParse(t, System.Globalization.CultureInfo.InvariantCulture, out var real) => real,
            var t => t,
        },
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException(node.GetType().Name),
    };
}
