namespace Pawl.Jobs;

/// <summary>
/// A value that passed its field's checks, with its place. Value: string (Text, Code, Choice, Url), list of strings (Texts), bool, long
/// (Count, Size), TimeSpan, <see cref="DurationRange"/>, <see cref="FieldMap"/> (Map, Tables, Names, Constants), or a constant.
/// </summary>
internal sealed record FieldValue(string Path, Span Key, Span At, object? Value);

/// <summary>Checked entries in the order of the file.</summary>
internal sealed class FieldMap
{
    private readonly Dictionary<string, FieldValue> byName = [];
    private readonly List<string> order = [];

    public IEnumerable<(string Name, FieldValue Value)> Entries => order.Select(n => (n, byName[n]));

    public FieldValue? Find(string name) => byName.GetValueOrDefault(name);

    public void Put(string name, FieldValue value)
    {
        if (!byName.ContainsKey(name)) order.Add(name);
        byName[name] = value;
    }

    /// <summary>The value at a dotted path of maps; null when it was not given.</summary>
    public FieldValue? Deep(string path)
    {
        var at = this;
        var names = path.Split('.');
        for (var i = 0; i < names.Length; i++)
        {
            if (at?.Find(names[i]) is not { } found) return null;
            if (i == names.Length - 1) return found;
            at = found.Value as FieldMap;
        }
        return null;
    }

    public T Get<T>(string path, T absent) => Deep(path)?.Value is T value ? value : absent;

    public FieldMap Map(string path) => Deep(path)?.Value as FieldMap ?? new FieldMap();

    /// <summary>Maps merge, everything else replaces. Neither side is changed.</summary>
    public FieldMap Under(FieldMap over)
    {
        var merged = new FieldMap();
        foreach (var (name, value) in Entries) merged.Put(name, value);
        foreach (var (name, value) in over.Entries)
        {
            var both = merged.Find(name)?.Value is FieldMap below && value.Value is FieldMap above ? below.Under(above) : value.Value;
            merged.Put(name, value with { Value = both });
        }
        return merged;
    }
}
