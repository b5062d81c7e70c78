using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// The number a table gives its next row. The largest number that is there says little: it goes back when the newest rows are deleted, and
/// the next row has a larger one nevertheless. The counter goes back only where numbers are given again: by TRUNCATE, by a server that was
/// put back, by an old one (MySQL 5.7) that was started anew.
/// </summary>
internal sealed class MyCounter(TableName table, MyShape shape, MyAddress at)
{
    /// <summary>Null = nothing is known of it: the column has none, or it has come to its end.</summary>
    public async ValueTask<string?> NextAsync(MyConnection connection, string column, CancellationToken ct)
    {
        // Behind other columns of an index it counts for each of their values by itself.
        if (shape.IsView || !shape.Column(column).IsAutoIncrement
            || !shape.Indexes.Any(i => i.Parts is [{ Column: { } first }, ..] && first == column)) return null;
        // MySQL would tell what it knew up to a day ago; every session asks it not to (MySetup).
        var rows = await connection.RowsAsync($"""
            select auto_increment from information_schema.tables where table_schema = {MyNames.Literal(table.Schema ?? at.Database ?? "")}
                and table_name = {MyNames.Literal(table.Name)}
            """, ct).ConfigureAwait(false);
        return rows is [[{ } next]] && ulong.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            && number < Largest(shape.Column(column)) ? next : null;
    }

    /// <summary>A counter that has come here stays.</summary>
    private static ulong Largest(MyTableColumn column)
    {
        var bits = column.Base switch { "tinyint" => 8, "smallint" => 16, "mediumint" => 24, "int" => 32, _ => 64 };
        var isUnsigned = column.Type.Contains("unsigned", StringComparison.OrdinalIgnoreCase);
        return ulong.MaxValue >> (64 - bits + (isUnsigned ? 0 : 1));
    }
}
