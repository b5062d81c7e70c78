using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>Reads the catalogue: which tables there are, their columns, and what orders their rows.</summary>
internal static class MyCatalog
{
    private const string Views = "VIEW";

    /// <summary>
    /// Tables whose name matches, in name order: a pattern is a glob over <c>database.table</c>. An exact name may leave out the URL's
    /// database, as those of a target do, and is answered without it.
    /// </summary>
    public static async ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(MyConnection connection, MyAddress at, TablePattern pattern,
        CancellationToken ct) =>
        [.. (await FoundAsync(connection, at, pattern, ct).ConfigureAwait(false)).Select(f => f.Schema)];

    /// <summary>The same, with the bytes of each, without indexes; -1 = unknown.</summary>
    public static async ValueTask<IReadOnlyList<(TableSchema Schema, long Bytes)>> FoundAsync(MyConnection connection, MyAddress at,
        TablePattern pattern, CancellationToken ct)
    {
        var tables = new List<(TableSchema, long)>();
        var compare = connection.Server.LowerCaseTableNames == 0 ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        foreach (var (database, table) in Places(at, pattern))
        {
            var sql = new MyCatalogSql(connection.Server, database, table);
            var rows = await connection.RowsAsync(sql.Tables, ct).ConfigureAwait(false);
            var wanted = rows.Where(r => IsTable(r, at) && IsMeant(r, at, pattern, compare)).ToArray();
            if (wanted.Length == 0) continue;
            // One of a few is asked for by name; of many, all at once.
            var details = wanted.Length == 1 ? new MyCatalogSql(connection.Server, wanted[0][0], wanted[0][1]) : sql;
            var columns = await GroupsAsync(connection, details.Columns, ct).ConfigureAwait(false);
            var indexes = await GroupsAsync(connection, details.Indexes, ct).ConfigureAwait(false);
            var checks = await GroupsAsync(connection, details.Checks, ct).ConfigureAwait(false);
            var triggers = await GroupsAsync(connection, details.Triggers, ct).ConfigureAwait(false);
            foreach (var row in wanted)
            {
                var name = (row[0]!, row[1]!);
                // Without a column it was dropped between two questions.
                if (!columns.TryGetValue(name, out var own)) continue;
                var facts = new Facts(row, own, indexes.GetValueOrDefault(name, []), checks.GetValueOrDefault(name, []),
                    triggers.ContainsKey(name));
                var schema = Read(connection.Server, at, facts);
                tables.Add((Asked(schema, database, table, pattern), Number(row[10]) ?? -1));
            }
        }
        return [.. tables.DistinctBy(t => t.Item1.Name).OrderBy(t => t.Item1.Name.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>One table or view by its exact name; null when there is none. Pawl's own tables too.</summary>
    public static async ValueTask<TableSchema?> FindAsync(MyConnection connection, MyAddress at, TableName name, CancellationToken ct)
    {
        var database = name.Schema ?? at.Database ?? "";
        var sql = new MyCatalogSql(connection.Server, database, name.Name);
        // Where names do not tell cases apart the only row is the one, whatever its spelling.
        var rows = await connection.RowsAsync(sql.Tables, ct).ConfigureAwait(false);
        var row = rows.Find(r => r[0] == database && r[1] == name.Name)
            ?? (connection.Server.LowerCaseTableNames > 0 ? rows.FirstOrDefault() : null);
        if (row is null) return null;
        var key = (row[0]!, row[1]!);
        var columns = await GroupsAsync(connection, sql.Columns, ct).ConfigureAwait(false);
        if (!columns.TryGetValue(key, out var own)) return null;
        var indexes = await GroupsAsync(connection, sql.Indexes, ct).ConfigureAwait(false);
        var checks = await GroupsAsync(connection, sql.Checks, ct).ConfigureAwait(false);
        var triggers = await GroupsAsync(connection, sql.Triggers, ct).ConfigureAwait(false);
        return Read(connection.Server, at, new Facts(row, own, indexes.GetValueOrDefault(key, []), checks.GetValueOrDefault(key, []),
            triggers.ContainsKey(key)));
    }

    /// <summary>The moment at which the table was created, in whole seconds; ALTER makes it anew, rows and restarts do not.</summary>
    public static string Identity(string? created) => $"created {created ?? "-"}";

    /// <summary>Whether the index that a table was to be read by orders the same columns the same way still.</summary>
    public static bool IsOrderedAs(MyShape now, MyShape was) => was.KeyIndex is not { } name ? !was.IsView || now.Key.SequenceEqual(was.Key)
        : now.Indexes.FirstOrDefault(i => i.Name == name) is { } index && Key(now.Columns, index) is { } key && key.SequenceEqual(was.Key);

    /// <summary>
    /// Where to look: a name's only table, the URL's database, or everywhere. Any point may be the one behind the database, and a name in
    /// full may lie in another than the URL's, as a target's may.
    /// </summary>
    private static IEnumerable<(string? Database, string? Table)> Places(MyAddress at, TablePattern pattern)
    {
        if (pattern.Exact is not { } name) return [(at.Database, null)];
        return Enumerable.Range(0, name.Length).Where(i => name[i] == '.').Select(i => ((string?)name[..i], (string?)name[(i + 1)..]))
            .Concat(at.Database is null ? [] : [((string?)at.Database, (string?)name)]);
    }

    /// <summary>A whole name without a database is that of a table in the URL's. Globs mind case everywhere.</summary>
    private static bool IsMeant(string?[] row, MyAddress at, TablePattern pattern, StringComparison compare) => pattern.Exact is { } name
        ? string.Equals($"{row[0]}.{row[1]}", name, compare)
            || at.Database is not null && string.Equals(row[0], at.Database, compare) && string.Equals(name, row[1], compare)
        : pattern.Matches($"{row[0]}.{row[1]}");

    /// <summary>One that was asked for by its exact name keeps that name, with or without its database, in those letters.</summary>
    private static TableSchema Asked(TableSchema schema, string? database, string? table, TablePattern pattern) => table is null ? schema
        : schema with { Name = new TableName(table == pattern.Exact ? null : database, table) };

    /// <summary>Views have no key of their own; without a stated one they are no tables to Pawl.</summary>
    private static bool IsTable(string?[] row, MyAddress at) => !MyNames.IsReserved(row[1]!) && !MyNames.System.Contains(row[0]!)
        && (row[2] is "BASE TABLE" or "SYSTEM VERSIONED" || (row[2] == Views && at.ViewKeys.ContainsKey($"{row[0]}.{row[1]}")));

    private static async ValueTask<Dictionary<(string, string), List<string?[]>>> GroupsAsync(MyConnection connection, string sql,
        CancellationToken ct) => (await connection.RowsAsync(sql, ct).ConfigureAwait(false)).GroupBy(r => (r[0]!, r[1]!))
        .ToDictionary(g => g.Key, g => g.ToList());

    private static TableSchema Read(MyServerFacts server, MyAddress at, Facts facts)
    {
        var row = facts.Table;
        var name = new TableName(row[0], row[1]!);
        var checks = facts.Checks.Select(c => new MyCheck(c[2]!, c[3]!)).ToArray();
        var columns = facts.Columns.Select(c => Column(at, c, checks)).ToArray();
        var indexes = facts.Indexes.GroupBy(r => r[2]!).Select(Index).OrderBy(i => i.IsPrimary ? 0 : i.Unique ? 1 : 2)
            .ThenBy(i => i.Parts.Count).ThenBy(i => i.Name, StringComparer.Ordinal).ToArray();
        var native = columns.Select(c => c.Column).ToArray();
        var isView = row[2] == Views;
        var (key, kind, index) = isView ? Stated(name, native, at) : HoldsUnique(row[3]!) ? Chosen(native, indexes)
            : ([], KeyKind.None, null);
        var shape = new MyShape
        {
            MariaDb = server.IsMariaDb,
            IsView = isView,
            Engine = row[3]!,
            Collation = row[7],
            AutoIncrement = row[6] is { } next ? ulong.Parse(next, CultureInfo.InvariantCulture) : null,
            Comment = isView ? "" : row[8]!,
            Options = row[9]!,
            Columns = native,
            Key = key,
            KeyIndex = index?.Name,
            Indexes = indexes,
            Checks = checks,
            HasTriggers = facts.HasTriggers,
        };
        return new TableSchema
        {
            Name = name,
            Columns = [.. columns.Select(c => Schema(at, c.Column, c.Type, key))],
            Key = new KeySchema([.. key.Select(k => Array.FindIndex(native, c => c.Name == k.Column))], kind),
            Identity = isView ? "view" : Identity(row[5]),
            EstimatedRows = Number(row[4]) ?? -1,
            NativeDefinition = shape.Write(),
            UniqueSets = [.. indexes.Where(i => i.Unique && i != index && i.Parts.All(p => p.Column is not null && p.Prefix == 0))
                .Select(i => i.Parts.Select(p => p.Column!).ToArray())],
        };
    }

    private static (MyTableColumn Column, LogicalType Type) Column(MyAddress at, string?[] row, MyCheck[] checks)
    {
        var name = row[2]!;
        var declared = row[4]!;
        var data = row[3]!.ToLowerInvariant();
        // MariaDB's json is a longtext that only says so by its check.
        if (data == "longtext" && checks.Any(c => c.Condition.Equals($"json_valid({MyNames.Quote(name)})",
            StringComparison.OrdinalIgnoreCase)))
        {
            data = "json";
        }
        var isTime = row[9] is not null;
        var (length, precision, scale) = (Number(row[6]) ?? 0, (int)(Number(isTime ? row[9] : row[7]) ?? 0), (int)(Number(row[8]) ?? 0));
        var (type, wire) = MyTypes.Of(at, data, declared, row[10], length, precision, scale);
        return (new MyTableColumn
        {
            Name = name,
            Type = declared,
            Base = data,
            Wire = wire,
            NotNull = row[5] == "NO",
            Length = length,
            Precision = precision,
            Scale = scale,
            Charset = row[10],
            Collation = row[11],
            Default = row[12],
            Extra = row[13] ?? "",
            Generated = string.IsNullOrEmpty(row[14]) ? null : row[14],
            Comment = row[15] ?? "",
        }, type);
    }

    private static ColumnSchema Schema(MyAddress at, MyTableColumn column, LogicalType type, IReadOnlyList<MyKeyPart> key)
    {
        var turnsNull = at.ZeroDates == MyZeroDates.Null && column.Wire is MyForm.Date or MyForm.DateTime or MyForm.Instant
            && !key.Any(k => k.Column == column.Name);
        return new ColumnSchema
        {
            Name = column.Name,
            Type = type,
            NativeType = column.Type,
            Nullable = !column.NotNull || turnsNull,
            Generated = column.Generated is not null,
            Collation = column.Collation,
        };
    }

    private static MyIndex Index(IGrouping<string, string?[]> rows)
    {
        var first = rows.First();
        return new MyIndex(rows.Key, first[3] == "0", first[7]!, first[8] == "YES",
            [.. rows.Select(r => new MyIndexPart(r[4], (int)(Number(r[5]) ?? 0), r[6] == "D"))]);
    }

    /// <summary>
    /// The primary key, else the unique index with the fewest columns. Nothing null, whole values, in the order of a tree, no floats: they
    /// are no place to go on from.
    /// </summary>
    private static (IReadOnlyList<MyKeyPart>, KeyKind, MyIndex?) Chosen(MyTableColumn[] columns, MyIndex[] indexes)
    {
        foreach (var index in indexes)
        {
            if (Key(columns, index) is { } parts) return (parts, index.IsPrimary ? KeyKind.Primary : KeyKind.Unique, index);
        }
        return ([], KeyKind.None, null);
    }

    /// <summary>What an index orders rows by; null where it is no place to go on from.</summary>
    private static IReadOnlyList<MyKeyPart>? Key(IReadOnlyList<MyTableColumn> columns, MyIndex index)
    {
        if (index is not { Unique: true, Ignored: false, Kind: "BTREE" }) return null;
        var parts = new List<MyKeyPart>();
        foreach (var part in index.Parts)
        {
            var column = columns.FirstOrDefault(c => c.Name == part.Column);
            if (part.Prefix > 0 || column is not { NotNull: true } || MyTypes.Key(column, part.Descending) is not { } fit) return null;
            parts.Add(fit);
        }
        return parts;
    }

    /// <summary>
    /// Whether the engine itself refuses a row whose key is there. Others take the catalogue's word for tables that lie elsewhere: MERGE,
    /// FEDERATED, CONNECT, SPIDER.
    /// </summary>
    private static bool HoldsUnique(string engine) => engine.ToUpperInvariant() is "INNODB" or "MYISAM" or "ARIA" or "MEMORY" or "ROCKSDB"
        or "TOKUDB" or "NDBCLUSTER" or "S3";

    private static (IReadOnlyList<MyKeyPart>, KeyKind, MyIndex?) Stated(TableName name, MyTableColumn[] columns, MyAddress at)
    {
        var parts = new List<MyKeyPart>();
        foreach (var stated in at.ViewKeys[name.ToString()])
        {
            var column = Array.Find(columns, c => c.Name == stated)
                ?? throw new PawlException(Fault.Configuration, Codes.ColumnMissing, ("table", name), ("column", stated));
            parts.Add(MyTypes.Key(column, false) ?? throw new PawlException(Fault.Configuration, Codes.KeyUnfit, ("table", name),
                ("column", stated), ("type", column.Type), ("cause", "values of this type are no place to go on from")));
        }
        return (parts, KeyKind.Unique, null);
    }

    private static long? Number(string? text) =>
        text is null ? null : (long)Math.Min(long.MaxValue, ulong.Parse(text, CultureInfo.InvariantCulture));

    private sealed record Facts(string?[] Table, List<string?[]> Columns, List<string?[]> Indexes, List<string?[]> Checks,
        bool HasTriggers);
}
