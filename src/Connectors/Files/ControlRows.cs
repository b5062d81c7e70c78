using System.Globalization;
using System.Text;
using Pawl.Relational;

namespace Pawl.Connectors.Files;

/// <summary>The rows of the control tables, by table and key: what a journal comes to. Not thread-safe.</summary>
internal sealed class ControlRows
{
    /// <summary>
    /// Beside the tables of every target: the published files. A file of a job that is not among them was renamed and never committed.
    /// </summary>
    public static readonly ControlTable Part = new("pawl_part",
    [
        new("target", ControlType.Text), new("name", ControlType.Text), new("job", ControlType.Text), new("lane", ControlType.Text),
        new("rows", ControlType.Number), new("bytes", ControlType.Number), new("at", ControlType.Number),
    ], ["target", "name"]);

    private static readonly Dictionary<string, ControlTable> Known =
        ControlTables.All.Append(Part).ToDictionary(t => t.Name, StringComparer.Ordinal);

    private readonly Dictionary<string, Dictionary<string, object?[]>> tables =
        Known.Keys.ToDictionary(name => name, _ => new Dictionary<string, object?[]>(StringComparer.Ordinal), StringComparer.Ordinal);

    public static ControlTable? Named(string name) => Known.GetValueOrDefault(name);

    public static IEnumerable<ControlTable> Tables => Known.Values;

    public static int At(ControlTable table, string column)
    {
        for (var i = 0; i < table.Columns.Count; i++)
        {
            if (table.Columns[i].Name == column) return i;
        }
        throw new ArgumentException(column, nameof(column));
    }

    /// <summary>Each part with its length, so that no two keys can come to the same text.</summary>
    public static string Key(IEnumerable<object?> values)
    {
        var key = new StringBuilder();
        foreach (var value in values)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            key.Append(CultureInfo.InvariantCulture, $"{text.Length}:{text};");
        }
        return key.ToString();
    }

    public static string KeyOf(ControlTable table, object?[] row) => Key(table.Key.Select(column => row[At(table, column)]));

    public Dictionary<string, object?[]> Of(ControlTable table) => tables[table.Name];

    public object?[]? Find(ControlTable table, string key) => tables[table.Name].GetValueOrDefault(key);

    /// <param name="row">Null = it goes.</param>
    public void Set(ControlTable table, string key, object?[]? row)
    {
        if (row is null) tables[table.Name].Remove(key);
        else tables[table.Name][key] = row;
    }
}

/// <summary>A row of a control table before and after a transaction; null = not there.</summary>
internal readonly record struct ControlEdit(ControlTable Table, string Key, object?[]? Before, object?[]? After);
