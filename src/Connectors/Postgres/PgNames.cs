using System.Text;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>The one way a name or a text gets into SQL.</summary>
internal static class PgNames
{
    /// <summary>NAMEDATALEN - 1: the server cuts longer names without an error.</summary>
    public const int MaxBytes = 63;

    /// <summary>MaxHeapAttributeNumber: https://www.postgresql.org/docs/current/limits.html</summary>
    public const int MostColumns = 1600;

    /// <summary>Where an unqualified table name of a job lies.</summary>
    public const string DefaultSchema = "public";

    /// <summary>A quoted identifier.</summary>
    /// <exception cref="PawlException">The name is empty, holds a NUL, or is longer than 63 bytes of UTF-8.</exception>
    public static string Quote(string name)
    {
        if (name.Length == 0 || name.Contains('\0'))
        {
            throw new PawlException(Fault.Schema, Codes.ReservedName, ("name", name.Replace("\0", "\\0", StringComparison.Ordinal)));
        }
        if (Encoding.UTF8.GetByteCount(name) > MaxBytes)
        {
            throw new PawlException(Fault.Configuration, Codes.NameTooLong, ("table", name), ("column", name), ("limit", MaxBytes));
        }
        return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    public static string Quote(TableName name) => $"{Quote(name.Schema ?? DefaultSchema)}.{Quote(name.Name)}";

    /// <summary>A text literal under <c>standard_conforming_strings = on</c>, which every session sets.</summary>
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>Pawl's own tables.</summary>
    public static bool IsReserved(string table) => table.StartsWith("pawl_", StringComparison.Ordinal);

    /// <summary>
    /// <c>schema.table</c>, or a bare name, which lies in <see cref="DefaultSchema"/>. The first dot divides; a schema with a dot in its
    /// name has to be given as a <see cref="TableName"/>.
    /// </summary>
    public static TableName Parse(string text)
    {
        var dot = text.IndexOf('.');
        return dot < 0 ? new TableName(DefaultSchema, text) : new TableName(text[..dot], text[(dot + 1)..]);
    }

    /// <summary>The value of the option <c>view_key</c>: <c>schema.view(column,column);…</c></summary>
    /// <exception cref="PawlException"><see cref="Codes.OptionInvalid"/>.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ViewKeys(string text)
    {
        var keys = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var one in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var open = one.LastIndexOf('(');
            string[] columns = open > 0 && one.EndsWith(')') ? one[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries) : [];
            if (columns.Length == 0 || columns.Any(c => c.Length == 0) || !keys.TryAdd(Parse(one[..open].Trim()).ToString(), columns))
            {
                throw new PawlException(Fault.Configuration, Codes.OptionInvalid, ("option", "view_key"), ("value", one),
                    ("expected", "schema.view(column,column), each view once"));
            }
        }
        return keys;
    }
}
