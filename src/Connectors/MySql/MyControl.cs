using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>Pawl's own tables as MySQL and MariaDB hold them: InnoDB, text compared by its bytes. Pure functions.</summary>
internal static class MyControl
{
    /// <summary>A key holds 3072 bytes: two such texts, two numbers.</summary>
    private const string KeyText = "varchar(375)";

    /// <summary>What a placeholder stands between; no name of a control table holds it.</summary>
    private const char Mark = '\u0001';

    public static SqlDialect Dialect(string database) => new()
    {
        Quote = MyQuote.Name,
        Parameter = number => string.Create(CultureInfo.InvariantCulture, $"{Mark}{number}{Mark}"),
        // now() is when the statement began, which may have waited for a lock since.
        Now = "cast(floor(unix_timestamp(sysdate(6)) * 1000) as signed)",
        NumberType = "bigint",
        TextType = "longtext",
        KeyTextType = KeyText,
        Schema = database,
    };

    /// <summary>The statement with its values in their places.</summary>
    public static string Fill(SqlStatement step)
    {
        var pieces = step.Text.Split(Mark);
        var text = new StringBuilder(pieces[0]);
        for (var i = 1; i < pieces.Length; i++)
        {
            text.Append(i % 2 == 0 ? pieces[i] : MyQuote.Value(step.Values[int.Parse(pieces[i], CultureInfo.InvariantCulture) - 1]));
        }
        return text.ToString();
    }

    /// <summary>
    /// A DELETE locks every row that it looks at, and another lane may have the next one locked: so what is deleted by its source table has
    /// an index that says which rows those are.
    /// </summary>
    public static string CreateTable(ControlTable table, string database, MyServerFacts server)
    {
        var inKey = table.Key.Concat(table.Unique ?? []).Append("source_table").ToHashSet(StringComparer.Ordinal);
        var collation = MyQuote.Exact(server);
        var text = new StringBuilder($"create table if not exists {MyQuote.Name(database)}.{MyQuote.Name(table.Name)} (");
        foreach (var column in table.Columns)
        {
            var type = column.Type == ControlType.Number ? "bigint"
                : $"{(inKey.Contains(column.Name) ? KeyText : "longtext")} character set utf8mb4 collate {collation}";
            text.Append($"{MyQuote.Name(column.Name)} {type}{(column.Nullable ? " null" : " not null")}, ");
        }
        text.Append($"primary key ({MyQuote.Names(table.Key)})");
        if (table.Unique is { } unique) text.Append($", unique key ({MyQuote.Names(unique)})");
        var isBySource = table.Columns.Any(c => c.Name == "source_table") && table.Key is not ["job", "source_table", ..];
        if (isBySource) text.Append($", key ({MyQuote.Names(["job", "source_table"])})");
        return text.Append($") engine=InnoDB row_format=dynamic default character set utf8mb4 collate {collation}").ToString();
    }
}
