using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Pawl.Connectors.MySql;

/// <summary>
/// What a source's column is given where no value is, in the words of a target of either kind. MariaDB writes a default as an expression,
/// MySQL a plain value without its quotes; only what is sure to be read as it was meant comes along. Pure functions.
/// </summary>
internal static partial class MyDefaults
{
    /// <summary>The words behind a column's type; empty = none.</summary>
    /// <param name="from">The source is MariaDB.</param>
    /// <param name="to">The target is MariaDB.</param>
    public static string Of(MyTableColumn own, bool from, bool to)
    {
        var value = from && to ? own.Default : from ? OfMariaDb(own) : OfMySql(own);
        var isRenewed = own.Base is "timestamp" or "datetime" && own.Extra.Contains("on update", StringComparison.OrdinalIgnoreCase);
        return (value is null ? "" : $" default {value}") + (isRenewed ? $" on update {Now(own)}" : "");
    }

    /// <summary>MySQL writes an expression down as if it stood between quotes.</summary>
    /// <param name="isMariaDb">Source and target are MariaDB; else both are MySQL.</param>
    public static string Expression(string written, bool isMariaDb)
    {
        if (isMariaDb || !written.Contains('\\', StringComparison.Ordinal)) return written;
        var text = new StringBuilder();
        for (var i = 0; i < written.Length; i++)
        {
            if (written[i] != '\\' || i + 1 == written.Length)
            {
                text.Append(written[i]);
                continue;
            }
            i++;
            text.Append(written[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', '0' => '\0', 'Z' => '\u001A', var other => other });
        }
        return text.ToString();
    }

    /// <summary>A plain value, or the time.</summary>
    private static string? OfMariaDb(MyTableColumn own)
    {
        if (own.Default is not { } written || !TakesValue(own)) return null;
        if (IsNow(own, written)) return Now(own);
        return Number().IsMatch(written) || Bits().IsMatch(written) || Quoted().IsMatch(written) ? written : null;
    }

    private static string? OfMySql(MyTableColumn own)
    {
        if (own.Default is not { } written || !TakesValue(own)) return null;
        if (own.Extra.Contains("DEFAULT_GENERATED", StringComparison.OrdinalIgnoreCase)) return IsNow(own, written) ? Now(own) : null;
        return own.Base switch
        {
            "bit" => Bits().IsMatch(written) ? written : null,
            // Its bytes may be written in one of two ways, which cannot be told apart.
            "binary" or "varbinary" => null,
            _ => MyQuote.Text(written),
        };
    }

    /// <summary>MySQL gives a long text or bytes nothing but an expression.</summary>
    private static bool TakesValue(MyTableColumn own) => own.Base is not ("json" or "vector")
        && !own.Base.EndsWith("text", StringComparison.Ordinal) && !own.Base.EndsWith("blob", StringComparison.Ordinal)
        && own.Wire != MyForm.Bytes || own.Base is "binary" or "varbinary";

    private static bool IsNow(MyTableColumn own, string written) => own.Base is "timestamp" or "datetime" && Time().IsMatch(written);

    private static string Now(MyTableColumn own) => string.Create(CultureInfo.InvariantCulture, $"current_timestamp({own.Precision})");

    [GeneratedRegex(@"^current_timestamp(\(\d?\))?\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Time();

    [GeneratedRegex(@"^-?\d+(\.\d+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex("^b'[01]+'\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Bits();

    /// <summary>Of letters that stand for themselves under any sql_mode.</summary>
    [GeneratedRegex(@"^'([^'\\\p{Cc}]|'')*'\z", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();
}
