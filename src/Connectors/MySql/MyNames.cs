using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>The one way a name or a text gets into SQL.</summary>
internal static class MyNames
{
    /// <summary>Longest identifier. https://mariadb.com/kb/en/identifier-names/#maximum-length</summary>
    public const int MaxCharacters = 64;

    /// <summary>Databases that hold nobody's tables.</summary>
    public static readonly IReadOnlyList<string> System = ["information_schema", "performance_schema", "mysql", "sys"];

    /// <summary>A quoted identifier.</summary>
    /// <exception cref="PawlException">The name is empty, holds a NUL, or is longer than 64 characters.</exception>
    public static string Quote(string name)
    {
        if (name.Length == 0 || name.Contains('\0'))
        {
            throw new PawlException(Fault.Schema, Codes.ReservedName, ("name", name.Replace("\0", "\\0", StringComparison.Ordinal)));
        }
        if (name.Length > MaxCharacters && name.EnumerateRunes().Count() > MaxCharacters)
        {
            throw new PawlException(Fault.Configuration, Codes.NameTooLong, ("table", name), ("column", name), ("limit", MaxCharacters));
        }
        return $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
    }

    /// <summary>A name without a database lies in the session's.</summary>
    public static string Quote(TableName name) => name.Schema is { } database ? $"{Quote(database)}.{Quote(name.Name)}" : Quote(name.Name);

    /// <summary>A text literal in the session's utf8mb4, under an sql_mode in which a backslash escapes.</summary>
    public static string Literal(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''",
        StringComparison.Ordinal).Replace("\0", "\\0", StringComparison.Ordinal)}'";

    /// <summary>Pawl's own tables; the system may not tell the cases of names apart.</summary>
    public static bool IsReserved(string table) => table.StartsWith("pawl_", StringComparison.OrdinalIgnoreCase);

    /// <summary>The value of the option <c>view_key</c>: <c>database.view(column,column);…</c></summary>
    /// <exception cref="PawlException"><see cref="Codes.OptionInvalid"/>.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ViewKeys(string text)
    {
        var keys = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var one in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var open = one.LastIndexOf('(');
            string[] columns = open > 0 && one.EndsWith(')') ? one[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries) : [];
            if (columns.Length == 0 || columns.Any(c => c.Length == 0) || !one[..Math.Max(0, open)].Contains('.', StringComparison.Ordinal)
                || !keys.TryAdd(one[..open].Trim(), columns))
            {
                throw new PawlException(Fault.Configuration, Codes.OptionInvalid, ("option", "view_key"), ("value", one),
                    ("expected", "database.view(column,column), each view once"));
            }
        }
        return keys;
    }
}
