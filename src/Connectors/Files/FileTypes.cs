using System.Globalization;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>The types that <c>types=</c> declares, by column or by table and column. Immutable.</summary>
internal sealed class FileTypes
{
    private const string Expected = "column:type pairs such as id:bigint,amount:decimal(12,2); types are text, smallint, int, bigint, "
        + "ubigint, decimal, real, double, bool, date, time, timestamp, timestamptz, uuid, json, bytes";

    public static readonly FileTypes None = new();

    private readonly Dictionary<string, (LogicalType Type, string Text)> types = new(StringComparer.Ordinal);

    /// <summary>Columns declared for any table, in the order of the declaration.</summary>
    public IReadOnlyList<string> Columns => [.. types.Keys.Where(name => !name.Contains('.'))];

    /// <exception cref="PawlException"><see cref="Codes.OptionInvalid"/>.</exception>
    public static FileTypes Parse(string text)
    {
        var parsed = new FileTypes();
        foreach (var pair in Pairs(text))
        {
            var colon = pair.LastIndexOf(':');
            if (colon <= 0 || Type(pair[(colon + 1)..].Trim().ToLowerInvariant()) is not { } type
                || !parsed.types.TryAdd(pair[..colon].Trim(), (type, pair[(colon + 1)..].Trim().ToLowerInvariant())))
            {
                throw FilesOptions.Invalid("types", pair, Expected);
            }
        }
        return parsed;
    }

    public bool Declares(string table, string column) => types.ContainsKey($"{table}.{column}") || types.ContainsKey(column);

    /// <summary>A column as it is declared; text where nothing is.</summary>
    public ColumnSchema Column(string table, string column, bool isKey)
    {
        var declared = types.TryGetValue($"{table}.{column}", out var own) || types.TryGetValue(column, out own);
        var type = declared ? own.Type : LogicalType.Text;
        return new ColumnSchema
        {
            Name = column,
            Type = type,
            NativeType = declared ? own.Text : "",
            Nullable = !isKey,
            // What a file holds is told by no catalogue: each cell is judged by itself.
            Dynamic = type != LogicalType.Text,
        };
    }

    /// <summary>Cut at commas outside of parentheses.</summary>
    private static IEnumerable<string> Pairs(string text)
    {
        int from = 0, depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '(') depth++;
            else if (text[i] == ')') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                yield return text[from..i];
                from = i + 1;
            }
        }
        yield return text[from..];
    }

    private static LogicalType? Type(string text)
    {
        var open = text.IndexOf('(');
        var (name, numbers) = open < 0 ? (text, []) : (text[..open], Numbers(text[open..]));
        if (numbers is null) return null;
        return (name, numbers) switch
        {
            ("text", []) => LogicalType.Text,
            ("text" or "varchar", [> 0 and var length]) => LogicalType.Text with { Length = length },
            ("smallint", []) => new LogicalType(TypeKind.Integer, 2),
            ("int" or "integer", []) => new LogicalType(TypeKind.Integer, 4),
            ("bigint", []) => LogicalType.Int64,
            ("ubigint", []) => new LogicalType(TypeKind.UnsignedInteger),
            ("decimal" or "numeric", []) => new LogicalType(TypeKind.Decimal),
            ("decimal" or "numeric", [> 0 and <= 1000 and var digits]) => new LogicalType(TypeKind.Decimal, 0, digits),
            ("decimal" or "numeric", [> 0 and <= 1000 and var digits, var scale]) when scale <= digits =>
                new LogicalType(TypeKind.Decimal, 0, digits, scale),
            ("real", []) => new LogicalType(TypeKind.Float32),
            ("double", []) => LogicalType.Float64,
            ("bool" or "boolean", []) => LogicalType.Bool,
            ("date", []) => new LogicalType(TypeKind.Date),
            ("time", []) => new LogicalType(TypeKind.Time, 0, 6),
            ("timestamp", []) => new LogicalType(TypeKind.DateTime, 0, 6),
            ("timestamptz", []) => new LogicalType(TypeKind.Instant, 0, 6),
            ("uuid", []) => new LogicalType(TypeKind.Uuid),
            ("json", []) => new LogicalType(TypeKind.Json),
            ("bytes", []) => LogicalType.Bytes,
            _ => null,
        };
    }

    private static int[]? Numbers(string text)
    {
        if (!text.EndsWith(')')) return null;
        var parts = text[1..^1].Split(',');
        var numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) return null;
        }
        return numbers;
    }
}
