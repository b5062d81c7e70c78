using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pawl.Core.Tests.Jobs;

/// <summary>As much of JSON Schema 2020-12 as the job file's schema uses; any other keyword throws, so nothing passes unchecked.</summary>
internal static class SchemaCheck
{
    private static readonly string[] Notes = ["$schema", "$id", "title", "description", "x-description-zh-CN", "default"];

    /// <summary>The paths at which the value does not fit; empty = valid.</summary>
    public static IReadOnlyList<string> Faults(JsonElement schema, JsonElement value, string path = "$")
    {
        var faults = new List<string>();
        foreach (var rule in schema.EnumerateObject())
        {
            if (Notes.Contains(rule.Name)) continue;
            faults.AddRange(rule.Name switch
            {
                "type" => Require(Types(rule.Value).Any(t => Is(value, t)), path, "type"),
                "enum" => Require(rule.Value.EnumerateArray().Any(w => JsonElement.DeepEquals(w, value)), path, "enum"),
                "minimum" => Require(!Is(value, "integer") || value.GetInt64() >= rule.Value.GetInt64(), path, "minimum"),
                "maximum" => Require(!Is(value, "integer") || value.GetInt64() <= rule.Value.GetInt64(), path, "maximum"),
                "minLength" => Require(!Is(value, "string") || value.GetString()!.Length >= rule.Value.GetInt32(), path, "minLength"),
                "maxLength" => Require(!Is(value, "string") || value.GetString()!.Length <= rule.Value.GetInt32(), path, "maxLength"),
                "pattern" => Require(!Is(value, "string") || Regex.IsMatch(value.GetString()!, rule.Value.GetString()!), path, "pattern"),
                "minItems" => Require(!Is(value, "array") || value.GetArrayLength() >= rule.Value.GetInt32(), path, "minItems"),
                "uniqueItems" => Require(!Is(value, "array") || Distinct(value) == value.GetArrayLength(), path, "unique"),
                "items" => Is(value, "array") ? value.EnumerateArray().SelectMany((v, i) => Faults(rule.Value, v, $"{path}[{i}]")) : [],
                "minProperties" => Require(!Is(value, "object") || value.GetPropertyCount() >= rule.Value.GetInt32(), path, "least"),
                "required" => Types(rule.Value).Where(n => Is(value, "object") && !value.TryGetProperty(n, out _)),
                "properties" => Is(value, "object") ? value.EnumerateObject().Where(p => rule.Value.TryGetProperty(p.Name, out _))
                    .SelectMany(p => Faults(rule.Value.GetProperty(p.Name), p.Value, $"{path}.{p.Name}")) : [],
                "additionalProperties" => Additional(schema, rule.Value, value, path),
                "anyOf" => Require(rule.Value.EnumerateArray().Any(s => Faults(s, value, path).Count == 0), path, "anyOf"),
                _ => throw new InvalidOperationException($"{rule.Name} is not checked"),
            });
        }
        return faults;
    }

    private static IEnumerable<string> Additional(JsonElement schema, JsonElement rule, JsonElement value, string path)
    {
        if (!Is(value, "object")) return [];
        var known = schema.TryGetProperty("properties", out var own) ? own : default;
        var others = value.EnumerateObject().Where(p => known.ValueKind != JsonValueKind.Object || !known.TryGetProperty(p.Name, out _));
        return rule.ValueKind == JsonValueKind.False ? others.Select(p => $"{path}.{p.Name} unknown")
            : others.SelectMany(p => Faults(rule, p.Value, $"{path}.{p.Name}"));
    }

    private static IEnumerable<string> Types(JsonElement rule) =>
        rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Select(t => t.GetString()!) : [rule.GetString()!];

    private static int Distinct(JsonElement list) => list.EnumerateArray().DistinctBy(i => i.GetRawText()).Count();

    private static bool Is(JsonElement value, string type) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind.ToString().Equals(type, StringComparison.OrdinalIgnoreCase),
    };

    private static IEnumerable<string> Require(bool good, string path, string rule) => good ? [] : [$"{path} {rule}"];
}
