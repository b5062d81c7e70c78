using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>Conditions on the rows that one of several source tables brought, byte by byte whatever the column's collation. Pure.</summary>
internal static class SqliteSlices
{
    /// <summary>SQLite would take the quoted name of a column that is not there for a text.</summary>
    public static bool Has(TableSchema table, Slice? slice) =>
        slice is not null && table.Columns.Any(c => SqliteNames.Same(c.Name, slice.Column));

    public static string Where(Slice slice) => $"{SqliteNames.Quote(slice.Column)} = {SqliteNames.Literal(slice.Value)} collate binary";

    /// <summary>Rows of none of these slices.</summary>
    public static string Beside(Slice slice, IReadOnlyCollection<string> known)
    {
        var column = SqliteNames.Quote(slice.Column);
        return $"{column} is null or {column} collate binary not in ({string.Join(", ", known.Select(SqliteNames.Literal))})";
    }
}
