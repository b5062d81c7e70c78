using System.Text.Json;
using System.Text.Json.Serialization;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What PostgreSQL knows of a table beyond the common schema: how to read it, and what a sink needs to create the same table. Travels as
/// <see cref="TableSchema.NativeDefinition"/>, so that a plan read back later still says it. Every type, operator, collation and function
/// is named with its schema (written under <c>search_path = pg_catalog</c>), ready to stand in SQL. Immutable.
/// </summary>
internal sealed record PgShape
{
    private const string Start = """{"System":"postgres",""";

    public string System { get; init; } = "postgres";
    public int Version { get; init; } = 1;
    /// <summary>pg_class.relkind: r table, p partitioned table, v view, m materialized view, f foreign table.</summary>
    public required string Kind { get; init; }
    public required uint Oid { get; init; }
    /// <summary>pg_class.relpersistence: p permanent, u unlogged.</summary>
    public string Persistence { get; init; } = "p";
    /// <summary>Server's major version, e.g. 15.</summary>
    public int Server { get; init; }
    /// <summary>In table order, one for one with <see cref="TableSchema.Columns"/>.</summary>
    public required IReadOnlyList<PgColumn> Columns { get; init; }
    /// <summary>What orders reading; empty = a table without a usable key.</summary>
    public IReadOnlyList<PgKeyPart> Key { get; init; } = [];
    /// <summary>Name of the index behind <see cref="Key"/>; null for a view's stated key.</summary>
    public string? KeyIndex { get; init; }
    /// <summary>All valid indexes, the primary key's first, then unique ones.</summary>
    public IReadOnlyList<PgIndex> Indexes { get; init; } = [];
    /// <summary>Check and foreign key constraints; those behind an index are told there.</summary>
    public IReadOnlyList<PgConstraint> Constraints { get; init; } = [];
    /// <summary>Sequences that columns own (serial, identity), and those that their defaults name.</summary>
    public IReadOnlyList<PgSequence> Sequences { get; init; } = [];
    /// <summary>Types of columns that are not built in: enums, domains, composites, ranges, extension types.</summary>
    public IReadOnlyList<PgUserType> Types { get; init; } = [];
    /// <summary>pg_get_partkeydef, e.g. <c>RANGE (day)</c>; null where not partitioned.</summary>
    public string? PartitionKey { get; init; }
    /// <summary>The table has user triggers.</summary>
    public bool HasTriggers { get; init; }

    public string Write() => JsonSerializer.Serialize(this, PgShapeJson.Default.PgShape);

    /// <summary>Null when the schema does not come from PostgreSQL.</summary>
    public static PgShape? From(TableSchema schema) =>
        schema.NativeDefinition is { } text && text.StartsWith(Start, StringComparison.Ordinal)
            ? JsonSerializer.Deserialize(text, PgShapeJson.Default.PgShape) : null;

    public static PgShape Required(TableSchema schema) =>
        From(schema) ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", schema.Name), ("missing", "native definition"));
}

/// <summary>One column.</summary>
internal sealed record PgColumn
{
    public required string Name { get; init; }
    /// <summary>format_type with modifier, schema-qualified: <c>character varying(20)</c>, <c>public.mood</c>, <c>integer[]</c>.</summary>
    public required string Type { get; init; }
    /// <summary>pg_attribute.atttypid, as declared: a domain's own oid.</summary>
    public required uint Oid { get; init; }
    /// <summary>The oid behind any domains; <see cref="Oid"/> where it is none.</summary>
    public required uint BaseOid { get; init; }
    /// <summary>typname of the base type.</summary>
    public string BaseName { get; init; } = "";
    /// <summary>atttypmod, or the domain's; -1 = none.</summary>
    public required int Modifier { get; init; }
    public bool NotNull { get; init; }
    /// <summary>pg_get_expr of the default; null = none. Of a generated column: its expression.</summary>
    public string? Default { get; init; }
    /// <summary>a = generated always as identity, d = by default, empty = no identity.</summary>
    public string Identity { get; init; } = "";
    /// <summary>s = stored, v = virtual (18), empty = not generated.</summary>
    public string Generated { get; init; } = "";
    /// <summary>Quoted, schema-qualified; null = the type's default collation.</summary>
    public string? Collation { get; init; }

    /// <summary>How its cells travel.</summary>
    [JsonIgnore]
    public PgWire Wire => PgTypes.Of(BaseOid, Modifier, BaseName).Wire;
}

/// <summary>One column of the key that orders reading.</summary>
internal sealed record PgKeyPart
{
    public required string Column { get; init; }
    /// <summary>Type that a text form is cast to for comparing.</summary>
    public required string Type { get; init; }
    /// <summary>The index's collation, quoted and qualified, where it is not the column's own; null = nothing to state.</summary>
    public string? Collation { get; init; }
    public bool Descending { get; init; }
    /// <summary>The index's own operators: <c>OPERATOR(pg_catalog.&gt;)</c>.</summary>
    public string Greater { get; init; } = "OPERATOR(pg_catalog.>)";
    public string Less { get; init; } = "OPERATOR(pg_catalog.<)";
    public string Equal { get; init; } = "OPERATOR(pg_catalog.=)";
    public string GreaterOrEqual { get; init; } = "OPERATOR(pg_catalog.>=)";
    public string LessOrEqual { get; init; } = "OPERATOR(pg_catalog.<=)";
}

/// <summary>One index.</summary>
internal sealed record PgIndex
{
    public required string Name { get; init; }
    /// <summary>pg_get_indexdef, complete with the names of schema and table.</summary>
    public required string Definition { get; init; }
    public bool Unique { get; init; }
    public bool Primary { get; init; }
    /// <summary>pg_get_constraintdef of the primary key, unique or exclusion constraint it stands behind; null = a plain index.</summary>
    public string? Constraint { get; init; }
    /// <summary>Key columns in order; null in the place of an expression. Included columns are not among them.</summary>
    public IReadOnlyList<string?> Columns { get; init; } = [];
    /// <summary>Every column the index needs, in expressions, conditions and INCLUDE too.</summary>
    public IReadOnlyList<string> Uses { get; init; } = [];
}

/// <summary>A check or foreign key constraint.</summary>
/// <param name="Name">Unqualified.</param>
/// <param name="Kind">pg_constraint.contype: c check, f foreign key.</param>
/// <param name="Definition">pg_get_constraintdef.</param>
/// <param name="Uses">Columns of the table it needs.</param>
internal sealed record PgConstraint(string Name, string Kind, string Definition, IReadOnlyList<string> Uses);

/// <summary>A sequence that a column owns, or takes its default from.</summary>
/// <param name="Name">Quoted, schema-qualified.</param>
/// <param name="Column">The column.</param>
/// <param name="Identity">Made by the identity clause; else a serial's.</param>
/// <param name="Type">smallint, integer or bigint.</param>
/// <param name="Shared">The column's default takes numbers from it without owning it: others may, too.</param>
internal sealed record PgSequence(string Name, string Column, bool Identity, string Type, long Start, long Increment, long Minimum,
    long Maximum, long Cache, bool Cycle, bool Shared = false);

/// <summary>A type that is not built in.</summary>
/// <param name="Name">Quoted, schema-qualified.</param>
/// <param name="Kind">pg_type.typtype: e enum, d domain, c composite, r range, m multirange, b base (an extension's).</param>
/// <param name="Labels">Of an enum, in order; else empty.</param>
/// <param name="Extension">The extension it belongs to; null = none.</param>
/// <param name="Domain">Of a domain: what stands behind AS (type, collation, default, constraints); else null.</param>
internal sealed record PgUserType(string Name, string Kind, IReadOnlyList<string> Labels, string? Extension, string? Domain);

[JsonSerializable(typeof(PgShape))]
[JsonSerializable(typeof(List<PgColumn>))]
[JsonSerializable(typeof(List<PgKeyPart>))]
[JsonSerializable(typeof(List<PgIndex>))]
[JsonSerializable(typeof(List<PgConstraint>))]
[JsonSerializable(typeof(List<PgSequence>))]
[JsonSerializable(typeof(List<PgUserType>))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
internal sealed partial class PgShapeJson : JsonSerializerContext;
