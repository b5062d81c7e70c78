using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>Reads the catalogue of an open file: which tables there are, their columns, and what orders their rows.</summary>
internal static class SqliteCatalog
{
    private static readonly string[] RowIdNames = ["rowid", "_rowid_", "oid"];

    /// <summary>Ordinary tables in name order; no views, virtual tables, their shadows, SQLite's own or Pawl's.</summary>
    public static IReadOnlyList<string> Tables(SqliteFile file, TablePattern pattern)
    {
        var names = new List<string>();
        using var list = file.Prepare("select name from pragma_table_list where schema = 'main' and type = 'table' order by name");
        while (list.Step())
        {
            var name = list.Text(0);
            if (!SqliteNames.IsReserved(name) && pattern.Matches(name, ignoreCase: true)) names.Add(name);
        }
        return names;
    }

    /// <summary>The catalogue's spelling of a table's name; null when there is no ordinary table of that name.</summary>
    public static string? Find(SqliteFile file, string name) =>
        file.Text("select name from pragma_table_list where schema = 'main' and type = 'table' and name = ? collate nocase", name);

    public static TableSchema Describe(SqliteFile file, string table)
    {
        var (withoutRowId, strict) = Kind(file, table);
        var (columns, primary, defaults) = Columns(file, table, strict);
        var indexes = Indexes(file, table);
        var alias = Alias(columns, primary, withoutRowId, indexes);
        var rowId = withoutRowId ? null : alias ?? RowIdNames.FirstOrDefault(n => !columns.Any(c => SqliteNames.Same(c.Name, n)));
        var (kind, index) = ChooseKey(columns, primary, withoutRowId, alias, rowId, indexes);
        var order = index?.Parts ?? [];
        var pk = indexes.FirstOrDefault(i => i.Origin == "pk");
        var shape = new SqliteShape
        {
            Strict = strict,
            WithoutRowId = withoutRowId,
            AutoIncrement = alias is not null && file.AutoIncrements(table, alias),
            RowId = rowId,
            Order = order,
            OrderIndex = index?.Name,
            Primary = alias is not null ? [new SqliteKeyPart(alias, "BINARY", false, false)] : pk?.Parts ?? [],
            Indexes = [.. indexes.Where(i => i.Origin != "pk").OrderBy(i => i.Unique ? 0 : 1).ThenBy(i => i.Name, StringComparer.Ordinal)],
            Defaults = defaults,
            FloatKeys = withoutRowId ? [.. order.Select(p => p.Column).Where(c => IsReal(columns, c))] : [],
            HasTriggers = file.Any("select 1 from sqlite_schema where type = 'trigger' and tbl_name = ? collate nocase", table),
        };
        var keyColumns = kind == KeyKind.Primary && alias is not null ? [alias] : order.Select(p => p.Column).ToArray();
        return new TableSchema
        {
            Name = new TableName(null, table),
            Columns = columns,
            Key = new KeySchema([.. keyColumns.Select(k => Place(columns, k))], kind),
            Identity = Identity(file, table),
            EstimatedRows = SqlitePlanner.EstimateRows(file, table, rowId),
            NativeDefinition = shape.Write(),
            UniqueSets = UniqueSets(indexes, index, kind, alias),
        };
    }

    /// <summary>
    /// Root page, schema cookie and definition. A change of rows leaves all three alone; dropping and creating the table again, altering it
    /// or VACUUM (which may number rows anew) changes at least the cookie. The cookie also rises with the DDL of other tables: the resume
    /// is then refused although nothing was lost, because SQLite does not tell the two apart.
    /// </summary>
    public static string Identity(SqliteFile file, string table)
    {
        using var row = file.Prepare("select rootpage, sql from sqlite_schema where type = 'table' and name = ? collate nocase");
        row.Bind(1, table);
        if (!row.Step()) throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", table), ("file", file.Path));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(row.Text(1))).AsSpan(0, 8));
        return FormattableString.Invariant($"root {row.Int64(0)} schema {file.Number("pragma schema_version")} sql {hash}");
    }

    private static (bool WithoutRowId, bool Strict) Kind(SqliteFile file, string table)
    {
        using var row = file.Prepare(
            "select wr, strict from pragma_table_list where schema = 'main' and type = 'table' and name = ? collate nocase");
        row.Bind(1, table);
        if (!row.Step()) throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", table), ("file", file.Path));
        return (row.Int64(0) != 0, row.Int64(1) != 0);
    }

    private static (List<ColumnSchema> Columns, List<string> Primary, Dictionary<string, string> Defaults) Columns(SqliteFile file,
        string table, bool strict)
    {
        var columns = new List<ColumnSchema>();
        var primary = new SortedList<long, string>();
        var defaults = new Dictionary<string, string>(StringComparer.Ordinal);
        using var rows = file.Prepare("""select name, type, "notnull", dflt_value, pk, hidden from pragma_table_xinfo(?) order by cid""");
        rows.Bind(1, table);
        while (rows.Step())
        {
            var name = rows.Text(0);
            // table_xinfo writes "INTEGER GENERATED ALWAYS" for a generated column's type.
            var declared = rows.Text(1).Replace(" GENERATED ALWAYS", "", StringComparison.OrdinalIgnoreCase);
            var hidden = rows.Int64(5);
            if (hidden == 1) continue;
            var isAny = strict && SqliteNames.Same(declared, "any");
            if (rows.Int64(4) > 0) primary.Add(rows.Int64(4), name);
            if (rows.TextOrNull(3) is { } value && hidden == 0) defaults[name] = value;
            columns.Add(new ColumnSchema
            {
                Name = name,
                Type = SqliteTypes.FromDeclared(declared, strict),
                NativeType = isAny ? "" : declared,
                Nullable = rows.Int64(2) == 0,
                Dynamic = !strict || isAny,
                Generated = hidden is 2 or 3,
                Collation = file.Collation(table, name) is var collation && collation != "BINARY" ? collation : null,
            });
        }
        return (columns, [.. primary.Values], defaults);
    }

    private static List<SqliteIndex> Indexes(SqliteFile file, string table)
    {
        var indexes = new List<SqliteIndex>();
        using var list = file.Prepare("""select name, "unique", origin from pragma_index_list(?) where partial = 0 order by seq""");
        list.Bind(1, table);
        while (list.Step())
        {
            var name = list.Text(0);
            if (Parts(file, table, name) is { } parts) indexes.Add(new SqliteIndex(name, list.Int64(1) != 0, parts, list.Text(2)));
        }
        return indexes;
    }

    /// <summary>Null for an index over an expression.</summary>
    private static List<SqliteKeyPart>? Parts(SqliteFile file, string table, string index)
    {
        var parts = new List<SqliteKeyPart>();
        using var rows = file.Prepare("""select cid, name, "desc", coll from pragma_index_xinfo(?) where "key" = 1 order by seqno""");
        rows.Bind(1, index);
        while (rows.Step())
        {
            if (rows.Int64(0) < 0) return null;
            var column = rows.Text(1);
            var collation = rows.Text(3).ToUpperInvariant();
            parts.Add(new SqliteKeyPart(column, collation, rows.Int64(2) != 0, collation != file.Collation(table, column)));
        }
        return parts;
    }

    /// <summary>The column that is the row number under another name: INTEGER PRIMARY KEY without an index of its own.</summary>
    private static string? Alias(List<ColumnSchema> columns, List<string> primary, bool withoutRowId, List<SqliteIndex> indexes)
    {
        if (withoutRowId || primary.Count != 1 || indexes.Any(i => i.Origin == "pk")) return null;
        var at = Place(columns, primary[0]);
        if (!columns[at].NativeType.Equals("INTEGER", StringComparison.OrdinalIgnoreCase)) return null;
        // Always a whole number, never null, whatever the declaration says.
        columns[at] = columns[at] with { Nullable = false, Dynamic = false };
        return primary[0];
    }

    private static (KeyKind Kind, SqliteIndex? Index) ChooseKey(List<ColumnSchema> columns, List<string> primary, bool withoutRowId,
        string? alias, string? rowId, List<SqliteIndex> indexes)
    {
        if (alias is not null) return (KeyKind.Primary, null);
        var pk = indexes.FirstOrDefault(i => i.Origin == "pk");
        if (withoutRowId)
        {
            foreach (var name in primary)
            {
                var at = Place(columns, name);
                columns[at] = columns[at] with { Nullable = false };
            }
            return (KeyKind.Primary, pk);
        }
        if (pk is not null && IsCursor(columns, pk)) return (KeyKind.Primary, pk);
        var unique = indexes.FirstOrDefault(i => i.Unique && i.Origin != "pk" && IsCursor(columns, i));
        if (unique is not null) return (KeyKind.Unique, unique);
        return (rowId is null ? KeyKind.None : KeyKind.RowId, null);
    }

    /// <summary>
    /// A total order that can be taken up again: nothing null (SQLite lets a PRIMARY KEY be null unless NOT NULL is said), no floats as a
    /// matter of course, built-in collations, nothing computed.
    /// </summary>
    private static bool IsCursor(List<ColumnSchema> columns, SqliteIndex index) => index.Parts.All(part =>
    {
        var column = columns[Place(columns, part.Column)];
        return !column.Nullable && !column.Generated && part.Collation is ("BINARY" or "NOCASE" or "RTRIM")
            && SqliteTypes.AffinityOf(column.NativeType) is not (Affinity.Real or Affinity.Numeric);
    });

    private static bool IsReal(List<ColumnSchema> columns, string name) =>
        SqliteTypes.AffinityOf(columns[Place(columns, name)].NativeType) == Affinity.Real;

    private static List<IReadOnlyList<string>> UniqueSets(List<SqliteIndex> indexes, SqliteIndex? key, KeyKind kind, string? alias)
    {
        var sets = new List<IReadOnlyList<string>>();
        foreach (var index in indexes.Where(i => i.Unique && i != key))
        {
            if (kind == KeyKind.Primary && alias is not null && index.Parts.Count == 1 && index.Parts[0].Column == alias) continue;
            sets.Add([.. index.Parts.Select(p => p.Column)]);
        }
        return sets;
    }

    private static int Place(List<ColumnSchema> columns, string name) => columns.FindIndex(c => SqliteNames.Same(c.Name, name));
}
