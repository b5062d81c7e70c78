using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// How the target table of a plan is to look: the source's native clauses where it is a SQLite table too, else made from the common schema.
/// A clause goes as far as its columns do: one that is renamed takes its clauses along, one that is dropped or replaced takes them away.
/// </summary>
internal sealed class SqliteTarget
{
    private readonly TablePlan plan;
    private readonly SqliteShape? shape;

    public SqliteTarget(TablePlan plan)
    {
        this.plan = plan;
        shape = SqliteShape.From(plan.SourceSchema);
        Name = plan.Target.ToString();
        Declared = [.. plan.TargetSchema.Columns.Select(Declare)];
        IsStrict = shape is { Strict: true } && Declared.All(d => d.Length == 0 || SqliteTypes.FitsStrict(d));
        Primary = shape is null ? FromKey(KeyKind.Primary) : Widened(Carried(shape.Primary));
        WithoutRowId = shape is { WithoutRowId: true } && Primary is not null;
        Unique = FromSource() ?? FromKey(KeyKind.Unique);
    }

    public string Name { get; }
    public bool IsStrict { get; }
    public bool WithoutRowId { get; }
    /// <summary>Declared type per column of the plan.</summary>
    public IReadOnlyList<string> Declared { get; }
    /// <summary>Null when the table has no primary key.</summary>
    public IReadOnlyList<SqliteKeyPart>? Primary { get; }
    /// <summary>
    /// The unique key that orders the source, when it is not the primary one: created with the table, because an upsert needs it.
    /// </summary>
    public IReadOnlyList<SqliteKeyPart>? Unique { get; }

    /// <summary>Names of the columns that make a row the same row; empty when there are none.</summary>
    public IReadOnlyList<string> Key => [.. plan.TargetSchema.Key.Columns.Select(i => plan.TargetSchema.Columns[i].Name)];

    public string CreateTable()
    {
        var text = new StringBuilder($"create table {SqliteNames.Quote(Name)} (");
        var inline = InlineKey();
        for (var i = 0; i < plan.TargetSchema.Columns.Count; i++)
        {
            if (i > 0) text.Append(", ");
            text.Append(Column(plan.TargetSchema.Columns[i], Declared[i], inline));
        }
        if (Primary is not null && inline is null) text.Append($", primary key ({Parts(Primary)})");
        if (Unique is not null) text.Append($", unique ({Parts(Unique)})");
        text.Append(')');
        var suffix = new List<string>();
        if (IsStrict) suffix.Add("strict");
        if (WithoutRowId || NeedsNoAlias(inline)) suffix.Add("without rowid");
        return suffix.Count == 0 ? text.ToString() : text.Append(' ').AppendJoin(", ", suffix).ToString();
    }

    /// <summary>Indexes to add once the rows are there.</summary>
    public IEnumerable<SqliteIndex> Indexes()
    {
        if (shape is not null)
        {
            foreach (var index in shape.Indexes)
            {
                if (index.Name == shape.OrderIndex && Unique is not null) continue;
                if (Carried(index.Parts) is { } parts) yield return index with { Parts = index.Unique ? Widened(parts)! : parts };
            }
            yield break;
        }
        foreach (var set in plan.TargetSchema.UniqueSets)
        {
            yield return new SqliteIndex($"{Name}_{string.Join('_', set)}_key", true,
                [.. set.Select(c => new SqliteKeyPart(c, "BINARY", false, false))], "u");
        }
    }

    public static string Parts(IEnumerable<SqliteKeyPart> parts) => string.Join(", ", parts.Select(p =>
        $"{SqliteNames.Quote(p.Column)}{(p.Stated ? $" collate {p.Collation}" : "")}{(p.Descending ? " desc" : "")}"));

    private string Column(ColumnSchema column, string declared, string? inline)
    {
        var text = new StringBuilder(SqliteNames.Quote(column.Name));
        if (IsStrict && declared.Length == 0) text.Append(" ANY");
        else if (declared.Length > 0) text.Append(' ').Append(SqliteNames.Type(declared));
        if (inline is not null && column.Name == Primary![0].Column) return text.Append(inline).ToString();
        if (column.Collation is "NOCASE" or "RTRIM") text.Append($" collate {column.Collation}");
        if (!column.Nullable) text.Append(" not null");
        var value = Origin(column.Name) is { } origin ? shape!.Defaults.GetValueOrDefault(origin) : null;
        if (value is not null) text.Append($" default {Default(value)}");
        return text.ToString();
    }

    /// <summary>
    /// The clause of a lone INTEGER primary key, which has to stand beside its column to mean what it meant: the row number itself, or, as
    /// "INTEGER PRIMARY KEY DESC" (a quirk of SQLite), an ordinary column.
    /// </summary>
    private string? InlineKey()
    {
        if (Primary is not { Count: 1 } || WithoutRowId) return null;
        var at = plan.TargetSchema.IndexOf(Primary[0].Column);
        if (!Declared[at].Equals("INTEGER", StringComparison.OrdinalIgnoreCase)) return null;
        if (shape is null) return " primary key";
        var isRowId = SqliteNames.Same(Origin(Primary[0].Column) ?? "", shape.RowId ?? "");
        if (isRowId) return shape.AutoIncrement ? " primary key autoincrement" : " primary key";
        return shape.WithoutRowId ? null : plan.TargetSchema.Columns[at].Nullable ? " primary key desc" : " primary key desc not null";
    }

    /// <summary>A key of an INTEGER column that may hold text must not become the row number, which refuses text.</summary>
    private bool NeedsNoAlias(string? inline) =>
        inline is null && Primary is { Count: 1 }
        && Declared[plan.TargetSchema.IndexOf(Primary[0].Column)].Equals("INTEGER", StringComparison.OrdinalIgnoreCase);

    /// <summary>The planned columns as the table would hold them.</summary>
    public IReadOnlyList<ColumnSchema> Foresee() => [.. plan.TargetSchema.Columns.Select((c, i) => c with
    {
        NativeType = Declared[i], Type = SqliteTypes.FromDeclared(Declared[i], IsStrict),
    })];

    /// <summary>A SQLite source's own word for the type, as long as it still means the type.</summary>
    private string Declare(ColumnSchema column)
    {
        var own = shape is not null && SqliteTypes.FromDeclared(column.NativeType, strict: false) == column.Type;
        return own ? column.NativeType : SqliteTypes.ToDeclared(column.Type);
    }

    private IReadOnlyList<SqliteKeyPart>? FromKey(KeyKind kind)
    {
        var key = plan.TargetSchema.Key;
        if (shape is not null || key.Kind != kind || key.Columns.Count == 0) return null;
        return [.. key.Columns.Select(i => new SqliteKeyPart(plan.TargetSchema.Columns[i].Name, "BINARY", false, false))];
    }

    private IReadOnlyList<SqliteKeyPart>? FromSource() =>
        shape is not null && plan.SourceSchema.Key.Kind == KeyKind.Unique ? Widened(Carried(shape.Order)) : null;

    /// <summary>What is unique in one table is unique among several only together with where it comes from.</summary>
    private IReadOnlyList<SqliteKeyPart>? Widened(IReadOnlyList<SqliteKeyPart>? parts) => parts is null || plan.Slice is not { } slice
        ? parts : [new SqliteKeyPart(slice.Column, "BINARY", false, false), .. parts];

    /// <summary>The parts under their new names; null when a column did not come along as it was.</summary>
    private List<SqliteKeyPart>? Carried(IReadOnlyList<SqliteKeyPart> parts)
    {
        if (parts.Count == 0) return null;
        var carried = new List<SqliteKeyPart>();
        foreach (var part in parts)
        {
            var name = plan.Columns.Rename.GetValueOrDefault(part.Column, part.Column);
            if (Origin(name) is null) return null;
            carried.Add(part with { Column = name });
        }
        return carried;
    }

    /// <summary>The source column behind a target column; null for a constant.</summary>
    private string? Origin(string name)
    {
        if (shape is null || plan.Columns.Set.ContainsKey(name) || plan.TargetSchema.IndexOf(name) < 0) return null;
        var origin = plan.Columns.Rename.FirstOrDefault(r => r.Value == name).Key ?? name;
        if (origin == name && plan.Columns.Rename.ContainsKey(name)) return null;
        var at = plan.SourceSchema.IndexOf(origin);
        return at >= 0 && !plan.SourceSchema.Columns[at].Generated ? origin : null;
    }

    /// <summary>A literal as it stands; anything else is an expression and needs brackets.</summary>
    private static string Default(string value)
    {
        var isLiteral = value.StartsWith('\'') || value.StartsWith("x'", StringComparison.OrdinalIgnoreCase)
            || value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '+' or '-');
        return isLiteral ? value : $"({value})";
    }
}
