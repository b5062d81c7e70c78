using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// How far a column that only grows is complete. SQLite has one writer at a time: the largest value that is seen while the write lock is
/// ours is complete, because nobody can hold back a smaller one. A bound is the value as a literal, exact. Blocking; one caller at a time.
/// </summary>
internal static class SqliteWindows
{
    /// <param name="locked">Read under the write lock; else somebody may be about to commit smaller values.</param>
    /// <exception cref="PawlException"><see cref="Codes.CursorUnfit"/>, or the lock stays taken.</exception>
    public static CursorBound Bound(SqliteFile file, TableSchema table, CursorOptions cursor, bool locked)
    {
        var (name, column) = (SqliteNames.Quote(table.Name.ToString()), SqliteNames.Quote(cursor.Column));
        var types = file.Text($"select typeof(min({column})) || ' ' || typeof(max({column})) from {name}");
        var basis = locked ? CursorBasis.Largest : CursorBasis.StatedLag;
        if (types == "null null") return new CursorBound(null, false, false, basis);
        if (types is not ("integer integer" or "text text"))
        {
            throw Unfit(table, cursor, $"all values are to be whole numbers, or all text, and the types are {types}");
        }
        if (file.Collation(table.Name.ToString(), cursor.Column) != "BINARY") throw Unfit(table, cursor, "its collation is not BINARY");
        if (types == "integer integer" && cursor.Overlap > TimeSpan.Zero)
        {
            throw Unfit(table, cursor, "an overlap is a time, and this is a number");
        }
        var isUnique = IsUnique(table, cursor.Column);
        return new CursorBound(file.Text($"select quote(max({column})) from {name}"), isUnique, !isUnique, basis);
    }

    /// <summary>Under the write lock of a connection of its own, which is given back at once.</summary>
    /// <returns>Null when the file cannot be written, so that its writers cannot be kept out.</returns>
    public static CursorBound? BoundAlone(string path, TimeSpan busy, TableSchema table, CursorOptions cursor)
    {
        try
        {
            using var writer = SqliteFile.Open(path, SqliteAccess.Write, busy);
            writer.Execute("begin immediate");
            try
            {
                return Bound(writer, table, cursor, locked: true);
            }
            finally
            {
                writer.Execute("rollback");
            }
        }
        catch (PawlException e) when (e.Code == Codes.AccessDenied)
        {
            return null;
        }
    }

    /// <summary>A time as SQLite writes it, set back; whole seconds, so that it is never later than it should be.</summary>
    public static string Before(TableSchema table, CursorOptions cursor, string value)
    {
        string[] forms = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd"];
        var text = value.Trim('\'');
        foreach (var form in forms)
        {
            var length = Math.Min(form.Length, text.Length);
            var head = text.AsSpan(0, length);
            if (!DateTime.TryParseExact(head, form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) continue;
            if (time - DateTime.MinValue < cursor.Overlap) break;
            return $"'{(time - cursor.Overlap).ToString(form, CultureInfo.InvariantCulture)}'";
        }
        throw Unfit(table, cursor, $"{value} is no time such as 2024-01-31 12:00:00, which an overlap could be taken from");
    }

    /// <summary>-1, 0 or 1.</summary>
    public static int Compare(SqliteFile file, string a, string b) => (int)file.Number(
        $"select case when {Literal(a)} < {Literal(b)} then -1 when {Literal(a)} > {Literal(b)} then 1 else 0 end");

    /// <summary>What a window asks of a row.</summary>
    public static IEnumerable<string> Conditions(CursorWindow window)
    {
        var column = SqliteNames.Quote(window.Column);
        if (window.After is { } after) yield return $"{column} {(window.AfterIncluded ? ">=" : ">")} {Literal(after)}";
        yield return window.Through is { } through ? $"{column} {(window.ThroughIncluded ? "<=" : "<")} {Literal(through)}" : "0";
    }

    public static PawlException Unfit(TableSchema table, CursorOptions cursor, string cause) =>
        new(Fault.Configuration, Codes.CursorUnfit, ("table", table.Name), ("column", cursor.Column), ("cause", cause));

    /// <summary>The key's only column: one value stands for one row.</summary>
    private static bool IsUnique(TableSchema table, string column)
    {
        var shape = SqliteShape.Required(table);
        return shape.Order.Count == 0 ? shape.RowId is { } rowId && SqliteNames.Same(rowId, column)
            : shape.Order is [var only] && SqliteNames.Same(only.Column, column);
    }

    /// <summary>A bound comes back from the target, where others could have written: it goes into SQL as nothing but a literal.</summary>
    private static string Literal(string value)
    {
        var isNumber = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        var isText = value.Length >= 2 && value[0] == '\'' && value[^1] == '\''
            && !value[1..^1].Replace("''", "", StringComparison.Ordinal).Contains('\'', StringComparison.Ordinal);
        return isNumber || isText ? value
            : throw new PawlException(Fault.PositionLost, Codes.PositionUnreadable, ("position", value), ("codec", "sqlite.literal/1"));
    }
}
