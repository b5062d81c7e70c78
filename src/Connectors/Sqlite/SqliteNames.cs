using System.Text.RegularExpressions;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>The one way a name gets into SQL, and what names mean to SQLite: ASCII letters without regard to case.</summary>
internal static partial class SqliteNames
{
    /// <summary>Words that end a type name or begin a constraint where a type stands.</summary>
    private static readonly HashSet<string> NotInTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        "always", "as", "check", "collate", "constraint", "default", "foreign", "generated", "key", "not", "null", "on", "primary",
        "references", "unique",
    };

    /// <summary>A quoted identifier.</summary>
    /// <exception cref="PawlException">The name holds a NUL, which SQLite cannot store in a name, or nothing.</exception>
    public static string Quote(string name)
    {
        if (name.Length == 0 || name.Contains('\0')) throw new PawlException(Fault.Schema, Codes.ReservedName, ("name", Printable(name)));
        return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    public static string Quote(TableName name) => Quote(name.ToString());

    /// <summary>A quoted text literal, for names inside pragmas and catalogue look-ups that take no parameter.</summary>
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A declared type. SQLite takes any text for one; what is not plainly a type is quoted, which means the same.</summary>
    public static string Type(string declared) =>
        PlainType().IsMatch(declared) && !declared.Split(' ', '(').Any(NotInTypes.Contains) ? declared : Quote(declared);

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*( [A-Za-z_][A-Za-z0-9_]*)*( ?\([0-9]+(, ?[0-9]+)?\))?$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainType();

    /// <summary>Pawl's own tables and SQLite's.</summary>
    public static bool IsReserved(string name) =>
        StartsWith(name, "pawl_") || StartsWith(name, "sqlite_");

    public static bool Same(string a, string b) => Fold(a) == Fold(b);

    /// <summary>SQLite folds ASCII letters only: "É" and "é" are two names.</summary>
    public static string Fold(string name) =>
        string.Create(name.Length, name, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = from[i] is >= 'A' and <= 'Z' ? (char)(from[i] | 0x20) : from[i];
        });

    private static bool StartsWith(string name, string prefix) =>
        name.Length >= prefix.Length && Same(name[..prefix.Length], prefix);

    private static string Printable(string name) => name.Replace("\0", "\\0", StringComparison.Ordinal);
}
