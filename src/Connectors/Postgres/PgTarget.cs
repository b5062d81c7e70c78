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
        var found = await session.QueryAsync("""
            select c.oid::bigint, c.relkind::text, c.relpersistence = 'u' from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = $1 and c.relname = $2 and c.relkind not in ('i', 'I', 't')
            """, ct, full.Schema!, full.Name).ConfigureAwait(false);
        if (found.Count == 0) return null;
        var oid = (long)found[0][0]!;
        return new PgTarget
        {
            Name = full,
            Oid = (uint)oid,
            Kind = (string)found[0][1]!,
            IsUnlogged = (bool)found[0][2]!,
            Columns = await ColumnsAsync(session, oid, ct).ConfigureAwait(false),
            Unique = await UniqueAsync(session, oid, ct).ConfigureAwait(false),
            Triggers =
            [
                .. (await session.QueryAsync("""
                    select tgname::text from pg_trigger where tgrelid = $1::oid and not tgisinternal and tgenabled in ('O', 'A') order by 1
                    """, ct, oid).ConfigureAwait(false)).Select(r => (string)r[0]!),
            ],
            ForeignKeys = await ForeignKeysAsync(session, oid, ct).ConfigureAwait(false),
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

    private static async ValueTask<IReadOnlyList<PgTargetColumn>> ColumnsAsync(PgSession session, long oid, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select a.attname::text, format_type(a.atttypid, a.atttypmod), b.oid::bigint, b.name, b.kind, b.receive,
                coalesce(nullif(a.atttypmod, -1), b.modifier)::bigint, a.attnotnull, a.atthasdef, a.attidentity::text, a.attgenerated::text
            from pg_attribute a
            cross join lateral (
                with recursive d(oid, modifier, depth) as (
                    select a.atttypid, -1, 0
                    union all
                    select t.typbasetype, t.typtypmod, d.depth + 1 from d join pg_type t on t.oid = d.oid where t.typtype = 'd')
                select t.oid, d.modifier, t.typname::text as name, t.typtype::text as kind, p.proname::text as receive
                from d join pg_type t on t.oid = d.oid left join pg_proc p on p.oid = t.typreceive
                where t.typtype <> 'd') b
            where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped order by a.attnum
            """, ct, oid).ConfigureAwait(false);
        return
        [
            .. rows.Select(r => new PgTargetColumn
            {
                Name = (string)r[0]!, Type = (string)r[1]!, BaseOid = (uint)(long)r[2]!, BaseName = (string)r[3]!,
                BaseKind = (string)r[4]!, Receive = (string?)r[5] ?? "", Modifier = (int)(long)r[6]!, NotNull = (bool)r[7]!,
                HasDefault = (bool)r[8]!, Identity = (string)r[9]!, Generated = (string)r[10]!,
            }),
        ];
    }

    private static async ValueTask<IReadOnlyList<PgUniqueSet>> UniqueAsync(PgSession session, long oid, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select i.indexrelid::bigint, i.indisprimary, a.attname::text
            from pg_index i
            cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
            where i.indrelid = $1::oid and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
                and k.place <= i.indnkeyatts
            order by not i.indisprimary, i.indexrelid, k.place
            """, ct, oid).ConfigureAwait(false);
        return
        [
            .. rows.GroupBy(r => ((long)r[0]!, (bool)r[1]!)).Select(g => new PgUniqueSet(g.Key.Item2, [.. g.Select(r => (string)r[2]!)])),
        ];
    }

    private static async ValueTask<IReadOnlyList<PgForeignKey>> ForeignKeysAsync(PgSession session, long oid, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select f.conname::text, f.conrelid = $1::oid, f.conrelid = f.confrelid, f.confdeltype::text, n.nspname::text, c.relname::text
            from pg_constraint f
            join pg_class c on c.oid = case when f.conrelid = $1::oid then f.confrelid else f.conrelid end
            join pg_namespace n on n.oid = c.relnamespace
            where f.contype = 'f' and f.conparentid = 0 and (f.conrelid = $1::oid or f.confrelid = $1::oid)
            order by f.conname
            """, ct, oid).ConfigureAwait(false);
        return
        [
            .. rows.Select(r => new PgForeignKey((string)r[0]!, (bool)r[1]!, (bool)r[2]!, (string)r[3]!,
                new TableName((string)r[4]!, (string)r[5]!))),
        ];
    }
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
