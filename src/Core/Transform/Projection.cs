using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Transform;

/// <summary>Which columns of a table are read. The source does the selecting; this says what to ask it for. Pure, thread-safe.</summary>
public static class Projection
{
    /// <summary>The list for <see cref="ReadOptions.Columns"/>: the selected columns in the order asked, less the dropped ones.</summary>
    /// <param name="select">Source columns; null = all, in the table's order.</param>
    /// <param name="drop">Source columns to leave out.</param>
    /// <returns>Null when every column is read as it stands.</returns>
    /// <exception cref="PawlException"><see cref="Codes.ColumnMissing"/> for a name the table does not have;
    /// <see cref="Codes.ColumnClash"/> for a name given twice; <see cref="Codes.JobValueInvalid"/> when no column is left.</exception>
    public static IReadOnlyList<string>? Apply(TableSchema table, IReadOnlyList<string>? select, IReadOnlyList<string> drop)
    {
        if (select is null && drop.Count == 0) return null;
        foreach (var name in select ?? []) Require(table, name);
        foreach (var name in drop) Require(table, name);
        var dropped = new HashSet<string>(drop, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var list = new List<string>();
        foreach (var name in select ?? [.. table.Columns.Select(c => c.Name)])
        {
            if (!seen.Add(name)) throw new PawlException(Fault.Configuration, Codes.ColumnClash, ("table", table.Name), ("column", name));
            if (!dropped.Contains(name)) list.Add(name);
        }
        if (list.Count == 0)
        {
            throw new PawlException(Fault.Configuration, Codes.JobValueInvalid, ("field", "drop"), ("table", table.Name),
                ("value", string.Join(", ", drop)));
        }
        return list;
    }

    /// <summary>
    /// The schema of the batches a read with these columns gives. The key keeps its columns at their new places; when one of them is not
    /// read, nothing orders the rows any more: <see cref="KeyKind.None"/>.
    /// </summary>
    /// <param name="columns"><see cref="ReadOptions.Columns"/>; null = all.</param>
    public static TableSchema Schema(TableSchema table, IReadOnlyList<string>? columns)
    {
        if (columns is null) return table;
        var places = columns.Select(name => Require(table, name)).ToArray();
        if (places.SequenceEqual(Enumerable.Range(0, table.Columns.Count))) return table;
        var key = table.Key.Columns.Select(place => Array.IndexOf(places, place)).ToArray();
        return table with
        {
            Columns = [.. places.Select(place => table.Columns[place])],
            Key = key.Contains(-1) ? new KeySchema([], KeyKind.None) : table.Key with { Columns = key },
            NativeDefinition = null,
            UniqueSets = [.. table.UniqueSets.Where(set => set.All(name => columns.Contains(name, StringComparer.Ordinal)))],
        };
    }

    internal static int Require(TableSchema table, string column)
    {
        var place = table.IndexOf(column);
        if (place >= 0) return place;
        var suggestion = NearestName.Of(column, table.Columns.Select(c => c.Name));
        throw suggestion is null
            ? new PawlException(Fault.Schema, Codes.ColumnMissing, ("table", table.Name), ("column", column))
            : new PawlException(Fault.Schema, Codes.ColumnMissing, ("table", table.Name), ("column", column), ("suggestion", suggestion));
    }
}
