using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pawl.Conformance;
using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Tests.Files;

/// <summary>A fresh folder per test, written by the connector and looked into with code of its own.</summary>
internal sealed class FilesSinkFixture(string scheme, params (string Name, string Value)[] options) : ITypesFixture
{
    public FilesFolder Folder { get; } = new();
    public Endpoint At => FilesFolder.At(Folder.Root, scheme, options);
    public bool KeepsStrays => false;

    public IReadOnlyList<LogicalType> Types =>
    [
        LogicalType.Bool, new(TypeKind.Integer, 2), new(TypeKind.Integer, 4), LogicalType.Int64, new(TypeKind.Float32), LogicalType.Float64,
        new(TypeKind.Decimal), LogicalType.Text, LogicalType.Bytes, new(TypeKind.Date), new(TypeKind.Time, 0, 6),
        new(TypeKind.DateTime, 0, 6), new(TypeKind.Instant, 0, 6), new(TypeKind.Uuid), new(TypeKind.Json),
    ];

    /// <summary>CSV has no form for a NUL character, JSON Lines none for a JSON null that is no NULL.</summary>
    public IReadOnlyList<object> Refused(LogicalType type) => (scheme, type.Kind) switch
    {
        ("csv", TypeKind.Text) => ["\0", "a\0b"],
        ("jsonl", TypeKind.Json) => ["null"],
        _ => [],
    };

    public ITargetDatabase Open(OpenContext context) => new FilesDatabase(At, context);

    public TableName Name(string table) => new(null, table);

    public async ValueTask<ISource> OpenSourceAsync() => await Folder.OpenAsync(scheme, options);

    public ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns)
    {
        var isControl = table.Name.StartsWith("pawl_", StringComparison.Ordinal);
        var rows = isControl ? Control(table.Name, columns) : Rows(Folder.Root, table.Name, columns);
        return ValueTask.FromResult<IReadOnlyList<string>>([.. rows]);
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Parts that a reader sees, in name order.</summary>
    public static string[] Parts(string root, string table)
    {
        var folder = Directory.Exists(root) ? Directory.GetDirectories(root).FirstOrDefault(f => File.Exists(Path.Combine(f, ".pawl-table"))
            && JsonDocument.Parse(File.ReadAllText(Path.Combine(f, ".pawl-table"))).RootElement.GetProperty("table").GetString() == table) : null;
        return folder is null ? [] : [.. Directory.GetFiles(folder, "part-*").Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Rows(string root, string table, IReadOnlyList<string> columns)
    {
        foreach (var part in Parts(root, table))
        {
            using var file = File.OpenRead(part);
            using Stream content = part.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
            var text = new StreamReader(content, new UTF8Encoding(false, true)).ReadToEnd();
            var records = part.Contains(".csv", StringComparison.Ordinal) ? Csv(text) : Json(text, columns);
            var header = records[0].ToList();
            foreach (var record in records.Skip(1))
            {
                yield return Cells.Row(columns.Select(c => Cell(c, record[header.IndexOf(c)])));
            }
        }
    }

    private static object? Cell(string column, string? text) => text is null ? null
        : column == "id" || column.EndsWith(" id", StringComparison.Ordinal) ? long.Parse(text, CultureInfo.InvariantCulture)
        : column == "amount" ? double.Parse(text, CultureInfo.InvariantCulture) : text;

    /// <summary>Records by RFC 4180, letter by letter; the first names the columns.</summary>
    public static List<string?[]> Csv(string text)
    {
        var (records, record, field) = (new List<string?[]>(), new List<string?>(), new StringBuilder());
        var (inside, quoted) = (false, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (inside && c == '"' && i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
            else if (c == '"') (inside, quoted) = (!inside, true);
            else if (inside || c is not (',' or '\n')) field.Append(c);
            else
            {
                record.Add(field.Length == 0 && !quoted ? null : field.ToString());
                (quoted, field) = (false, new StringBuilder());
                if (c == ',') continue;
                records.Add([.. record]);
                record.Clear();
            }
        }
        Xunit.Assert.True(record.Count == 0 && field.Length == 0, "a part ends with its last record");
        return records;
    }

    private static List<string?[]> Json(string text, IReadOnlyList<string> columns)
    {
        var records = new List<string?[]> { columns.ToArray() };
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var root = JsonDocument.Parse(line).RootElement;
            records.Add([.. columns.Select(c => root.GetProperty(c) is { ValueKind: not JsonValueKind.Null } value ? value.ToString() : null)]);
        }
        return records;
    }

    /// <summary>Rows of a control table: the journal read line by line, the newest of each key.</summary>
    private IEnumerable<string> Control(string name, IReadOnlyList<string> columns)
    {
        var table = ControlTables.All.Single(t => t.Name == name);
        var places = table.Columns.Select(c => c.Name).ToList();
        var rows = new Dictionary<string, JsonElement>();
        foreach (var line in File.ReadLines(Path.Combine(Folder.Root, ".pawl", "journal")).Skip(1))
        {
            foreach (var edit in JsonDocument.Parse(line[17..]).RootElement.EnumerateArray().Where(e => e[0].GetString() == name))
            {
                if (edit[1].ValueKind == JsonValueKind.Null) rows.Remove(string.Join('|', edit[2].EnumerateArray()));
                else rows[string.Join('|', table.Key.Select(k => edit[1][places.IndexOf(k)]))] = edit[1];
            }
        }
        return rows.Values.Select(row => Cells.Row(columns.Select(object? (c) => row[places.IndexOf(c)] is var value
            && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : value.GetString())));
    }
}
