using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>
/// Checks a document against <see cref="JobFieldDocs"/> and turns it into typed values. Reports everything it finds; one instance, one
/// document.
/// </summary>
internal sealed class FieldReader(ProblemList problems)
{
    /// <summary>Each entry is set against every glob.</summary>
    private const int MostTables = 10_000;
    private readonly ScalarReader scalars = new(problems);

    public FieldMap Read(YamlMap root) => ReadMap(root, "", "");

    /// <param name="declared">Path of the declaration, <c>tables.*.write</c>.</param>
    /// <param name="shown">Path for people, <c>tables.orders.write</c>.</param>
    private FieldMap ReadMap(YamlMap node, string declared, string shown)
    {
        var map = new FieldMap();
        foreach (var (key, value) in node.Entries)
        {
            var field = JobFieldDocs.At(Join(declared, key.Text));
            var path = Join(shown, key.Text);
            if (field is null || key.Text.Contains('.') || key.Text == "*") AddUnknown(key, declared, path);
            else if (field.Capability is { } capability) AddLater(key.At, path, key.Text, capability);
            else if (ReadValue(value, field, path) is var (read, ok) && ok) map.Put(key.Text, new FieldValue(path, key.At, value.At, read));
        }
        foreach (var field in JobFieldDocs.Under(declared).Where(f => f.Required))
        {
            if (node.Entries.Any(e => e.Key.Text == field.Name)) continue;
            var place = declared.Length == 0 ? Span.None : node.At;
            problems.Add(Codes.JobFieldMissing, place, Join(shown, field.Name), null, field.Example is { } e ? $"{field.Name}: {e}" : null,
                ("name", field.Name));
        }
        return map;
    }

    private (object? Value, bool Ok) ReadValue(YamlNode node, JobField field, string path)
    {
        switch (field.Kind)
        {
            case FieldKind.Tables:
                return ReadTables(node, path);
            case FieldKind.Map:
                if (node is YamlScalar { IsNull: true }) return (new FieldMap(), true);
                return node is YamlMap map ? (ReadMap(map, field.Path, path), true) : Wrong(node, path, "map");
            case FieldKind.Names:
            case FieldKind.Constants:
                if (node is YamlScalar { IsNull: true }) return (new FieldMap(), true);
                return node is YamlMap names ? (ReadNames(names, field, path), true) : Wrong(node, path, "map");
            case FieldKind.Texts:
                return ReadTexts(node, field, path);
            default:
                return node is YamlScalar scalar ? scalars.Read(scalar, field, path) : Wrong(node, path, scalars.Expected(field));
        }
    }

    private (object?, bool) ReadTables(YamlNode node, string path)
    {
        var tables = new FieldMap();
        if (node is YamlList { Items.Count: > MostTables } or YamlMap { Entries.Count: > MostTables })
        {
            problems.Add(Codes.JobValueInvalid, node.At, path, JobReasons.TooMany, null, ("most", $"{MostTables}"));
            return (null, false);
        }
        switch (node)
        {
            case YamlList { Items.Count: > 0 } list:
                foreach (var item in list.Items) AddListed(item, tables, path);
                return (tables, true);
            case YamlMap { Entries.Count: > 0 } map:
                foreach (var (key, value) in map.Entries)
                {
                    var below = Join(path, key.Text);
                    if (!scalars.IsName(key, below, 1024)) continue;
                    if (ReadTable(value, below) is not { } entry) continue;
                    tables.Put(SecretText.Unescape(key.Text), new FieldValue(below, key.At, value.At, entry));
                }
                return (tables, true);
            default:
                if (node is YamlList or YamlMap or YamlScalar { IsNull: true })
                    problems.Add(Codes.JobValueInvalid, node.At, path, JobReasons.Empty, null, ("expected", "map"));
                else Wrong(node, path, "map");
                return (null, false);
        }
    }

    private void AddListed(YamlNode item, FieldMap tables, string path)
    {
        if (item is not YamlScalar scalar)
        {
            Wrong(item, path, "text");
            return;
        }
        var below = Join(path, scalar.Text);
        if (!scalars.IsName(scalar, below, 1024)) return;
        var name = SecretText.Unescape(scalar.Text);
        if (tables.Find(name) is null) tables.Put(name, new FieldValue(below, item.At, item.At, new FieldMap()));
        else problems.Add(Codes.JobValueInvalid, item.At, path, JobReasons.DuplicateItem, null, ("value", scalar.Text));
    }

    private FieldMap? ReadTable(YamlNode value, string path)
    {
        switch (value)
        {
            case YamlScalar { IsNull: true }:
                return new FieldMap();
            case YamlMap map:
                return ReadMap(map, "tables.*", path);
            case YamlScalar text:
                var entry = new FieldMap();
                var (target, ok) = scalars.Read(text, JobFieldDocs.At("tables.*.target")!, path);
                if (ok) entry.Put("target", new FieldValue(path, text.At, text.At, target));
                return entry;
            default:
                Wrong(value, path, "map");
                return null;
        }
    }

    private FieldMap ReadNames(YamlMap node, JobField field, string path)
    {
        var names = new FieldMap();
        foreach (var (key, value) in node.Entries)
        {
            var below = Join(path, key.Text);
            if (!scalars.IsName(key, below, field.MaxLength)) continue;
            if (value is not YamlScalar scalar)
            {
                Wrong(value, below, field.Kind == FieldKind.Names ? "text" : "constant");
                continue;
            }
            var (read, ok) = field.Kind == FieldKind.Names
                ? (SecretText.Unescape(scalar.Text), scalars.IsName(scalar, below, field.MaxLength))
                : scalars.Constant(scalar, below);
            if (ok) names.Put(SecretText.Unescape(key.Text), new FieldValue(below, key.At, value.At, read));
        }
        return names;
    }

    private (object?, bool) ReadTexts(YamlNode node, JobField field, string path)
    {
        var items = node is YamlList list ? list.Items : [node];
        var texts = new OrderedDictionary<string, bool>();
        var good = true;
        foreach (var item in items)
        {
            if (item is not YamlScalar scalar)
            {
                Wrong(item, path, "text");
                good = false;
            }
            else if (!scalars.IsName(scalar, path, field.MaxLength)) good = false;
            else if (!texts.TryAdd(SecretText.Unescape(scalar.Text), true))
            {
                problems.Add(Codes.JobValueInvalid, item.At, path, JobReasons.DuplicateItem, null, ("value", scalar.Text));
                good = false;
            }
        }
        return (texts.Keys.ToList(), good);
    }

    private void AddUnknown(YamlScalar key, string declared, string path)
    {
        var names = JobFieldDocs.Under(declared).Where(f => f.Name != "*").Select(f => f.Name);
        var near = NearestName.Of(key.Text, names);
        // The right word in the wrong place: name the place, seen from here where it lies below.
        near ??= JobFieldDocs.All.Where(f => f.Name != "*" && NearestName.IsSame(f.Name, key.Text) && f.Capability is null)
            .Select(f => (Below: declared.Length > 0 && f.Path.StartsWith(declared + ".", StringComparison.Ordinal), f.Path))
            .OrderBy(f => f.Below ? 0 : 1).Select(f => f.Below ? f.Path[(declared.Length + 1)..] : f.Path).FirstOrDefault();
        problems.Add(Codes.JobFieldUnknown, key.At, path, null, near, ("name", key.Text));
    }

    private void AddLater(Span at, string path, string name, string capability) =>
        problems.Add(Codes.JobFieldLater, at, path, null, null, ("name", name), ("capability", capability));

    private (object?, bool) Wrong(YamlNode node, string path, string expected)
    {
        var found = node switch { YamlMap => "map", YamlList => "list", _ => "text" };
        problems.Add(Codes.JobValueInvalid, node.At, path, JobReasons.Type, null, ("expected", expected), ("found", found));
        return (null, false);
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;
}
