using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>One column of a target table as its catalogue has it.</summary>
internal sealed record MyTargetColumn
{
    public required string Name { get; init; }
    /// <summary>The type alone, lower case: <c>varchar</c>.</summary>
    public required string Base { get; init; }
    /// <summary>The type in full: <c>varchar(20)</c>, <c>int(10) unsigned</c>.</summary>
    public required string Type { get; init; }
    public bool NotNull { get; init; }
    public bool HasDefault { get; init; }
    public string Extra { get; init; } = "";
    /// <summary>Empty for what is no text.</summary>
    public string Charset { get; init; } = "";
    public string Collation { get; init; } = "";
    /// <summary>Characters of text, bytes of the rest; 0 = the type has none.</summary>
    public long Characters { get; init; }
    public long Octets { get; init; }
    public int Precision { get; init; }
    public int Scale { get; init; }
    /// <summary>Digits after the second.</summary>
    public int Fraction { get; init; }

    public bool IsUnsigned => Type.Contains("unsigned", StringComparison.OrdinalIgnoreCase);
    public bool IsAuto => Extra.Contains("auto_increment", StringComparison.OrdinalIgnoreCase);
    public bool IsGenerated => Extra.Contains("GENERATED", StringComparison.OrdinalIgnoreCase)
        && !Extra.Contains("DEFAULT_GENERATED", StringComparison.OrdinalIgnoreCase)
        || Extra.Contains("PERSISTENT", StringComparison.OrdinalIgnoreCase);
    public LogicalType Logical => MyTargetTypes.Of(this);
}

/// <param name="Primary">The primary key.</param>
/// <param name="Columns">In index order.</param>
internal sealed record MyUniqueSet(bool Primary, IReadOnlyList<string> Columns);

/// <param name="Outgoing">From this table to the other; else the other refers to this one.</param>
/// <param name="OnDelete">CASCADE, SET NULL, RESTRICT …</param>
/// <param name="OnUpdate">The same for a changed key.</param>
/// <param name="Other">The table at the other end.</param>
internal sealed record MyForeignKey(string Name, bool Outgoing, bool ToItself, string OnDelete, string OnUpdate, TableName Other)
{
    /// <summary>What is done to a row is done to those that refer to it.</summary>
    public bool Spreads => OnDelete is not ("RESTRICT" or "NO ACTION") || OnUpdate is not ("RESTRICT" or "NO ACTION");
}

/// <summary>A target table as it is now. Immutable.</summary>
internal sealed record MyTargetTable
{
    public required TableName Name { get; init; }
    /// <summary><c>BASE TABLE</c>, <c>VIEW</c> …</summary>
    public required string Kind { get; init; }
    public required string Engine { get; init; }
    public required string Comment { get; init; }
    public required string Created { get; init; }
    public IReadOnlyList<MyTargetColumn> Columns { get; init; } = [];
    /// <summary>Sets of columns that are unique as a whole, the primary key first.</summary>
    public IReadOnlyList<MyUniqueSet> Unique { get; init; } = [];
    /// <summary>Of every unique index, one by an expression or by first characters too, the columns that it holds whole.</summary>
    public IReadOnlyList<IReadOnlyList<string>> UniqueIndexes { get; init; } = [];
    /// <summary>Names of all indexes.</summary>
    public IReadOnlyCollection<string> Indexes { get; init; } = [];
    /// <summary>Its triggers, as far as this account may see them.</summary>
    public IReadOnlyList<string> Triggers { get; init; } = [];
    public IReadOnlyList<MyForeignKey> ForeignKeys { get; init; } = [];

    public string Quoted => MyQuote.Name(Name);
    public bool IsTable => Kind == "BASE TABLE";

    public MyTargetColumn? Column(string name) =>
        Columns.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The unique set over exactly these columns; null when there is none.</summary>
    public MyUniqueSet? UniqueOver(IReadOnlyList<string> columns) => columns.Count == 0 ? null : Unique.FirstOrDefault(u =>
        u.Columns.Count == columns.Count && u.Columns.All(c => columns.Contains(c, StringComparer.OrdinalIgnoreCase)));

    /// <summary>A row that meets no row of its key meets none in any other unique index: each of them holds the whole key.</summary>
    public bool IsUniqueByAlone(MyUniqueSet key) =>
        UniqueIndexes.All(index => key.Columns.All(c => index.Contains(c, StringComparer.OrdinalIgnoreCase)));

    /// <summary>A text that is the same as long as the table takes rows the same way.</summary>
    public string Shape => string.Join('\n', [Kind, Engine, .. Triggers, .. Columns.Select(c =>
        $"{c.Name} {c.Type} {c.NotNull} {c.HasDefault} "
        + $"{c.Extra} {c.Collation}"), .. Unique.Select(u => $"{u.Primary} {string.Join(',', u.Columns)}"),
        .. UniqueIndexes.Select(u => string.Join(',', u))]);

    /// <summary>Null when there is nothing of that name.</summary>
    public static async ValueTask<MyTargetTable?> FindAsync(MyTargetSession session, TableName name, CancellationToken ct)
    {
        var at = new TableName(name.Schema ?? session.Options.Database, name.Name);
        // A name that no table can have the catalogue would look for nevertheless, as another.
        _ = MyQuote.Name(at);
        var (schema, table) = (MyQuote.Text(at.Schema!), MyQuote.Text(at.Name));
        var found = await session.RowsAsync($"""
            select table_name, table_type, coalesce(engine, ''), coalesce(table_comment, ''), coalesce(create_time, '')
            from information_schema.tables where table_schema = {schema} and table_name = {table}
            """, ct).ConfigureAwait(false);
        // The catalogue compares without regard to case; the server's own tables are told apart by it where it says so.
        var compare = session.Server.LowerCaseTableNames == 0 ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        if (found.Find(r => string.Equals(r[0], at.Name, compare)) is not { } row) return null;
        var indexes = await session.RowsAsync($"""
            select distinct index_name from information_schema.statistics where table_schema = {schema}
                and table_name = {MyQuote.Text(row[0]!)}
            """, ct).ConfigureAwait(false);
        var (unique, all) = await UniqueAsync(session, schema, MyQuote.Text(row[0]!), ct).ConfigureAwait(false);
        return new MyTargetTable
        {
            Indexes = indexes.Select(r => r[0]!).ToHashSet(StringComparer.OrdinalIgnoreCase),
            Name = at with { Name = row[0]! }, Kind = row[1]!, Engine = row[2]!, Comment = row[3]!, Created = row[4]!,
            Columns = await ColumnsAsync(session, schema, MyQuote.Text(row[0]!), ct).ConfigureAwait(false),
            Unique = unique, UniqueIndexes = all,
            Triggers = [.. (await session.RowsAsync($"""
                select trigger_name from information_schema.triggers where event_object_schema = {schema}
                    and event_object_table = {MyQuote.Text(row[0]!)} order by 1
                """, ct).ConfigureAwait(false)).Select(r => r[0]!)],
            ForeignKeys = await ForeignKeysAsync(session, at with { Name = row[0]! }, ct).ConfigureAwait(false),
        };
    }

    /// <summary>What others may know of it.</summary>
    public TableSchema Schema()
    {
        var key = Unique.FirstOrDefault(u => u.Primary) ?? Unique.FirstOrDefault(u => u.Columns.All(c => Column(c)!.NotNull));
        return new TableSchema
        {
            Name = Name,
            Columns = [.. Columns.Select(c => new ColumnSchema
            {
                Name = c.Name, Type = c.Logical, NativeType = c.Type, Nullable = !c.NotNull, Generated = c.IsGenerated,
                Collation = c.Collation.Length > 0 ? c.Collation : null,
            })],
            Key = key is null ? new KeySchema([], KeyKind.None)
                : new KeySchema([.. key.Columns.Select(IndexOf)], key.Primary ? KeyKind.Primary : KeyKind.Unique),
            Identity = $"created {Created}",
        };
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (string.Equals(Columns[i].Name, name, StringComparison.OrdinalIgnoreCase)) return i;
        }
        return -1;
    }

    private static async ValueTask<IReadOnlyList<MyTargetColumn>> ColumnsAsync(MyTargetSession session, string schema, string table,
        CancellationToken ct)
    {
        var rows = await session.RowsAsync($"""
            select column_name, lower(data_type), column_type, is_nullable, coalesce(column_default, 'NULL') <> 'NULL', coalesce(extra, ''),
                coalesce(character_set_name, ''), coalesce(collation_name, ''), coalesce(character_maximum_length, 0),
                coalesce(character_octet_length, 0), coalesce(numeric_precision, 0), coalesce(numeric_scale, 0),
                coalesce(datetime_precision, 0)
            from information_schema.columns where table_schema = {schema} and table_name = {table} order by ordinal_position
            """, ct).ConfigureAwait(false);
        return [.. rows.Select(r => new MyTargetColumn
        {
            Name = r[0]!, Base = r[1]!, Type = r[2]!, NotNull = r[3] == "NO", HasDefault = r[4] == "1", Extra = r[5]!, Charset = r[6]!,
            Collation = r[7]!, Characters = Number(r[8]), Octets = Number(r[9]), Precision = (int)Number(r[10]),
            Scale = (int)Number(r[11]), Fraction = (int)Number(r[12]),
        })];
    }

    private static async ValueTask<(IReadOnlyList<MyUniqueSet> Whole, IReadOnlyList<IReadOnlyList<string>> All)> UniqueAsync(
        MyTargetSession session, string schema, string table, CancellationToken ct)
    {
        // What is unique in its first characters only, or by an expression, is no key of its columns.
        var rows = await session.RowsAsync($"""
            select index_name, column_name, sub_part is not null from information_schema.statistics
            where table_schema = {schema} and table_name = {table} and non_unique = 0
            order by index_name <> 'PRIMARY', index_name, seq_in_index
            """, ct).ConfigureAwait(false);
        var indexes = rows.GroupBy(r => r[0]!).ToArray();
        static bool IsWhole(string?[] part) => part[1] is not null && part[2] == "0";
        return ([.. indexes.Where(g => g.All(IsWhole)).Select(g => new MyUniqueSet(g.Key == "PRIMARY", [.. g.Select(r => r[1]!)]))],
            [.. indexes.Select(g => g.Where(IsWhole).Select(r => r[1]!).ToArray())]);
    }

    private static async ValueTask<IReadOnlyList<MyForeignKey>> ForeignKeysAsync(MyTargetSession session, TableName at,
        CancellationToken ct)
    {
        var (schema, table) = (MyQuote.Text(at.Schema!), MyQuote.Text(at.Name));
        var rows = await session.RowsAsync($"""
            select distinct k.constraint_name, k.table_schema, k.table_name, k.referenced_table_schema, k.referenced_table_name,
                coalesce(r.delete_rule, 'RESTRICT'), coalesce(r.update_rule, 'RESTRICT')
            from information_schema.key_column_usage k
            left join information_schema.referential_constraints r on r.constraint_schema = k.constraint_schema
                and r.constraint_name = k.constraint_name and r.table_name = k.table_name
            where k.referenced_table_name is not null and (k.table_schema = {schema} and k.table_name = {table}
                or k.referenced_table_schema = {schema} and k.referenced_table_name = {table})
            order by 1
            """, ct).ConfigureAwait(false);
        return [.. rows.Select(r =>
        {
            var (from, to) = (new TableName(r[1], r[2]!), new TableName(r[3], r[4]!));
            var isOut = Same(from, at);
            return new MyForeignKey(r[0]!, isOut, Same(from, to), r[5]!, r[6]!, isOut ? to : from);
        })];
    }

    public static bool Same(TableName one, TableName other) => string.Equals(one.Schema, other.Schema, StringComparison.OrdinalIgnoreCase)
        && string.Equals(one.Name, other.Name, StringComparison.OrdinalIgnoreCase);

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
