using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>One column of a target table as its catalogue has it.</summary>
internal sealed record PgTargetColumn
{
    public required string Name { get; init; }
    /// <summary>Schema-qualified, with its modifier.</summary>
    public required string Type { get; init; }
    /// <summary>A domain's base type in its place.</summary>
    public required uint BaseOid { get; init; }
    public required string BaseName { get; init; }
    /// <summary>pg_type.typtype of the base type.</summary>
    public required string BaseKind { get; init; }
    /// <summary>The function that reads its binary form.</summary>
    public required string Receive { get; init; }
    public required int Modifier { get; init; }
    public bool NotNull { get; init; }
    public bool HasDefault { get; init; }
    /// <summary>a, d or empty.</summary>
    public string Identity { get; init; } = "";
    /// <summary>s, v or empty.</summary>
    public string Generated { get; init; } = "";

    public (LogicalType Type, PgWire Wire) Kind => PgTypes.Of(BaseOid, Modifier, BaseName);

    /// <summary>The type's own binary form is its text: enums, citext.</summary>
    public bool IsTextInBinary => BaseKind == "e" || Receive == "textrecv";
}

/// <summary>A target table as it is now. Immutable.</summary>
internal sealed record PgTarget
{
    public required TableName Name { get; init; }
    public required uint Oid { get; init; }
    /// <summary>pg_class.relkind.</summary>
    public required string Kind { get; init; }
    /// <summary>A crash of the server empties it.</summary>
    public bool IsUnlogged { get; init; }
    public required IReadOnlyList<PgTargetColumn> Columns { get; init; }
    /// <summary>Sets of columns whose uniqueness a plain index holds at once, the primary key first.</summary>
    public required IReadOnlyList<PgUniqueSet> Unique { get; init; }
    /// <summary>User triggers that would fire.</summary>
    public required IReadOnlyList<string> Triggers { get; init; }
    /// <summary>Foreign keys from this table to others (or itself) and from others to it.</summary>
    public required IReadOnlyList<PgForeignKey> ForeignKeys { get; init; }

    public string Quoted => PgNames.Quote(Name);

    /// <summary>For FROM: rows of tables that inherit from it are rows of other tables.</summary>
    public string Alone => Kind == "p" ? Quoted : "only " + Quoted;

    public bool IsTable => Kind is "r" or "p";

    /// <summary>Null when there is nothing of that name.</summary>
    public static async ValueTask<PgTarget?> FindAsync(PgSession session, TableName name, CancellationToken ct)
    {
        var full = new TableName(name.Schema ?? PgNames.DefaultSchema, name.Name);
        var found = await session.QueriesAsync(PgTargetSql.Looks, ct, full.Schema!, full.Name).ConfigureAwait(false);
        if (found[0] is not [var table]) return null;
        return new PgTarget
        {
            Name = full,
            Oid = (uint)(long)table[0]!,
            Kind = (string)table[1]!,
            IsUnlogged = (bool)table[2]!,
            Columns = ColumnsOf(found[1]),
            Unique = UniqueOf(found[2]),
            Triggers = [.. found[3].Select(r => (string)r[0]!)],
            ForeignKeys = ForeignKeysOf(found[4]),
        };
    }

    /// <summary>What others may know of it.</summary>
    public TableSchema Schema()
    {
        var primary = Unique.FirstOrDefault(u => u.Primary) ?? Unique.FirstOrDefault(u => u.Columns.All(c => Column(c)!.NotNull));
        return new TableSchema
        {
            Name = Name,
            Columns = [.. Columns.Select(c => new ColumnSchema
            {
                Name = c.Name,
                Type = c.Kind.Type,
                NativeType = c.Type,
                Nullable = !c.NotNull,
                Generated = c.Generated.Length > 0,
            })],
            Key = primary is null ? new KeySchema([], KeyKind.None) : new KeySchema([.. primary.Columns.Select(IndexOf)],
                primary.Primary ? KeyKind.Primary : KeyKind.Unique),
            Identity = FormattableString.Invariant($"oid {Oid}"),
        };
    }

    public PgTargetColumn? Column(string name) => Columns.FirstOrDefault(c => c.Name == name);

    /// <summary>The unique set over exactly these columns; null when there is none.</summary>
    public PgUniqueSet? UniqueOver(IReadOnlyList<string> columns) =>
        columns.Count == 0 ? null : Unique.FirstOrDefault(u => u.Columns.Count == columns.Count && u.Columns.All(columns.Contains));

    private int IndexOf(string name)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i].Name == name) return i;
        }
        return -1;
    }

    private static IReadOnlyList<PgTargetColumn> ColumnsOf(List<object?[]> rows) =>
    [
        .. rows.Select(r => new PgTargetColumn
        {
            Name = (string)r[0]!, Type = (string)r[1]!, BaseOid = (uint)(long)r[2]!, BaseName = (string)r[3]!,
            BaseKind = (string)r[4]!, Receive = (string?)r[5] ?? "", Modifier = (int)(long)r[6]!, NotNull = (bool)r[7]!,
            HasDefault = (bool)r[8]!, Identity = (string)r[9]!, Generated = (string)r[10]!,
        }),
    ];

    private static IReadOnlyList<PgUniqueSet> UniqueOf(List<object?[]> rows) =>
        [.. rows.GroupBy(r => ((long)r[0]!, (bool)r[1]!)).Select(g => new PgUniqueSet(g.Key.Item2, [.. g.Select(r => (string)r[2]!)]))];

    private static IReadOnlyList<PgForeignKey> ForeignKeysOf(List<object?[]> rows) =>
    [
        .. rows.Select(r => new PgForeignKey((string)r[0]!, (bool)r[1]!, (bool)r[2]!, (string)r[3]!,
            new TableName((string)r[4]!, (string)r[5]!))),
    ];
}

/// <param name="Primary">The primary key.</param>
/// <param name="Columns">In index order.</param>
internal sealed record PgUniqueSet(bool Primary, IReadOnlyList<string> Columns);

/// <param name="Name">Of the constraint.</param>
/// <param name="Outgoing">From this table to the other; else the other refers to this one.</param>
/// <param name="ToItself">Both ends are this table.</param>
/// <param name="OnDelete">pg_constraint.confdeltype: a and r refuse, c, n and d change the other table's rows.</param>
/// <param name="Other">The table at the other end.</param>
internal sealed record PgForeignKey(string Name, bool Outgoing, bool ToItself, string OnDelete, TableName Other);
