using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>A control row by column name, without copying it.</summary>
internal sealed class RowView(ControlTable table, object?[] values) : IReadOnlyDictionary<string, object?>
{
    public object? this[string key] => values[table.At(key)];
    public IEnumerable<string> Keys => table.Columns.Select(c => c.Name);
    public IEnumerable<object?> Values => values;
    public int Count => values.Length;
    public bool ContainsKey(string key) => table.Columns.Any(c => c.Name == key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        var known = ContainsKey(key);
        value = known ? values[table.At(key)] : null;
        return known;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        table.Columns.Select((c, i) => KeyValuePair.Create(c.Name, values[i])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

internal static class ControlColumns
{
    public static int At(this ControlTable table, string column)
    {
        var columns = table.Columns;
        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i].Name == column) return i;
        }
        throw new ArgumentException($"{table.Name} has no column {column}");
    }

    public static object? Get(this object?[] row, ControlTable table, string column) => row[table.At(column)];
    public static long Number(this object?[] row, ControlTable table, string column) => (long)row[table.At(column)]!;
    public static string Text(this object?[] row, ControlTable table, string column) => (string)row[table.At(column)]!;
}
