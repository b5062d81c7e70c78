using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>The one way a name or a value gets into SQL that writes. Holds under any sql_mode. Pure functions.</summary>
internal static class MyQuote
{
    /// <summary>Longest name of a table or column, characters.</summary>
    public const int MostCharacters = 64;

    /// <summary>A quoted identifier.</summary>
    /// <exception cref="PawlException">No table or column can have that name.</exception>
    public static string Name(string name)
    {
        // Names are kept in utf8mb3; a blank at the end the server would cut or refuse.
        if (name.Length == 0 || name.Contains('\0') || name[^1] == ' ' || name.Any(char.IsSurrogate))
        {
            throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", name.Replace("\0", "\\0", StringComparison.Ordinal)));
        }
        if (name.Length > MostCharacters)
        {
            throw new PawlException(Fault.Configuration, Codes.NameTooLong, ("table", name), ("column", name), ("limit", MostCharacters));
        }
        return $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
    }

    public static string Name(TableName name) => name.Schema is null ? Name(name.Name) : $"{Name(name.Schema)}.{Name(name.Name)}";

    public static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Name));

    /// <summary>A text as a literal: between quotes where nothing in it could be taken for more than itself, else by its bytes.</summary>
    public static string Text(string text) => text.All(c => c is >= ' ' and < '\x7F' and not '\\' and not '\'')
        ? $"'{text}'" : $"_utf8mb4 x'{Convert.ToHexString(Encoding.UTF8.GetBytes(text))}'";

    public static string Value(object? value) => value switch
    {
        null => "null",
        long number => number.ToString(CultureInfo.InvariantCulture),
        string text => Text(text),
        _ => throw new PawlException(Fault.Bug, Codes.ContractBroken, ("value", value.GetType().Name)),
    };

    /// <summary>Pawl's own tables.</summary>
    public static bool IsReserved(string table) => table.StartsWith("pawl_", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A collation of utf8mb4 that tells apart whatever differs in a byte, also in blanks at the end where the server knows such a one.
    /// </summary>
    public static string Exact(MyServerFacts server) => server.IsMariaDb ? "utf8mb4_nopad_bin"
        : server.Version >= new Version(8, 0, 17) ? "utf8mb4_0900_bin" : "utf8mb4_bin";
}
