using System.Text;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>How one SQL system writes what the control tables need. Immutable; the functions must be pure.</summary>
public sealed record SqlDialect
{
    /// <summary>Identifier → quoted identifier.</summary>
    public required Func<string, string> Quote { get; init; }
    /// <summary>1-based number → placeholder: <c>?1</c>, <c>$1</c>, <c>@p1</c>.</summary>
    public required Func<int, string> Parameter { get; init; }
    /// <summary>Milliseconds since 1970 UTC by the server's clock, as a 64-bit number.</summary>
    public required string Now { get; init; }
    /// <summary>Type of a 64-bit number.</summary>
    public required string NumberType { get; init; }
    /// <summary>Type of a text that may be long, compared by its bytes.</summary>
    public required string TextType { get; init; }
    /// <summary>Type of a text that is part of a key, for systems that cannot index long text; null = <see cref="TextType"/>.</summary>
    public string? KeyTextType { get; init; }
    /// <summary>Schema the control tables live in; null = the default one.</summary>
    public string? Schema { get; init; }
    /// <summary>Stands behind a CREATE TABLE's closing bracket; empty = nothing.</summary>
    public string TableSuffix { get; init; } = "";
}

/// <param name="Text">With the dialect's placeholders. The same step shape always gives the same text, so it may key a cache of prepared
/// statements.</param>
/// <param name="Values">long, string or null, in placeholder order.</param>
public sealed record SqlStatement(string Text, IReadOnlyList<object?> Values);

/// <summary>Renders the small typed steps on the control tables as SQL, the same for every SQL target.</summary>
public static class SqlSteps
{
    public static string CreateTable(ControlTable table, SqlDialect dialect)
    {
        var inKey = table.Key.Concat(table.Unique ?? []).ToHashSet(StringComparer.Ordinal);
        var text = new StringBuilder($"create table if not exists {Name(table, dialect)} (");
        foreach (var column in table.Columns)
        {
            var type = column.Type == ControlType.Number ? dialect.NumberType
                : inKey.Contains(column.Name) ? dialect.KeyTextType ?? dialect.TextType
                : dialect.TextType;
            text.Append($"{dialect.Quote(column.Name)} {type}{(column.Nullable ? "" : " not null")}, ");
        }
        text.Append("primary key (").AppendJoin(", ", table.Key.Select(dialect.Quote)).Append(')');
        if (table.Unique is { } unique) text.Append(", unique (").AppendJoin(", ", unique.Select(dialect.Quote)).Append(')');
        text.Append(')');
        return dialect.TableSuffix.Length == 0 ? text.ToString() : text.Append(' ').Append(dialect.TableSuffix).ToString();
    }

    public static SqlStatement Change(ControlChange change, SqlDialect dialect)
    {
        var values = new List<object?>();
        var text = new StringBuilder();
        switch (change.Kind)
        {
            case ChangeKind.Insert:
                text.Append($"insert into {Name(change.Table, dialect)} (")
                    .AppendJoin(", ", change.Set.Select(s => dialect.Quote(s.Column)))
                    .Append(") values (").AppendJoin(", ", change.Set.Select(s => Value(s.Column, s.Value, dialect, values))).Append(')');
                break;
            case ChangeKind.Update:
                text.Append($"update {Name(change.Table, dialect)} set ")
                    .AppendJoin(", ", change.Set.Select(s => $"{dialect.Quote(s.Column)} = {Value(s.Column, s.Value, dialect, values)}"));
                break;
            case ChangeKind.Delete:
                text.Append($"delete from {Name(change.Table, dialect)}");
                break;
            default:
                throw new PawlException(Fault.Bug, Codes.ContractBroken, ("change", change.Kind));
        }
        Where(text, change.Where, dialect, values);
        if (change.While is { } guard)
        {
            text.Append(change.Where.Count == 0 ? " where" : " and").Append($" exists (select 1 from {Name(guard.Table, dialect)}");
            Where(text, guard.Where, dialect, values);
            text.Append(')');
        }
        return new SqlStatement(text.ToString(), values);
    }

    /// <summary>The first column is the server's clock, then come the table's columns in order.</summary>
    public static SqlStatement Select(ControlSelect select, SqlDialect dialect)
    {
        var values = new List<object?>();
        var text = new StringBuilder($"select {dialect.Now}, ").AppendJoin(", ", select.Table.Columns.Select(c => dialect.Quote(c.Name)))
            .Append($" from {Name(select.Table, dialect)}");
        Where(text, select.Where, dialect, values);
        if (select.OrderBy is { } column) text.Append($" order by {dialect.Quote(column)}{(select.Descending ? " desc" : "")}");
        if (select.Limit > 0) text.Append(System.Globalization.CultureInfo.InvariantCulture, $" limit {select.Limit}");
        return new SqlStatement(text.ToString(), values);
    }

    private static void Where(StringBuilder text, IReadOnlyList<Condition> conditions, SqlDialect dialect, List<object?> values)
    {
        if (conditions.Count == 0) return;
        text.Append(" where ").AppendJoin(" and ", conditions.Select(c => c.Comparison == Comparison.IsNull
            ? $"{dialect.Quote(c.Column)} is null"
            : $"{dialect.Quote(c.Column)} {Sign(c.Comparison)} {Value(c.Column, c.Value, dialect, values)}"));
    }

    private static string Value(string column, object? value, SqlDialect dialect, List<object?> values)
    {
        if (ReferenceEquals(value, Computed.Now)) return dialect.Now;
        if (ReferenceEquals(value, Computed.PlusOne)) return $"{dialect.Quote(column)} + 1";
        if (value is not (null or long or string))
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("value", value.GetType().Name));
        }
        values.Add(value);
        return dialect.Parameter(values.Count);
    }

    private static string Sign(Comparison comparison) => comparison switch
    {
        Comparison.Equal => "=",
        Comparison.NotEqual => "<>",
        Comparison.Less => "<",
        Comparison.GreaterOrEqual => ">=",
        _ => throw new PawlException(Fault.Bug, Codes.ContractBroken, ("comparison", comparison)),
    };

    private static string Name(ControlTable table, SqlDialect dialect) =>
        (dialect.Schema is { } schema ? dialect.Quote(schema) + "." : "") + dialect.Quote(table.Name);
}
