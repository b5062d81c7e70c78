using System.Text;
using System.Text.RegularExpressions;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// How the target table of a plan is made: with the source's own clauses where that is PostgreSQL too, else from the common schema. A
/// clause goes as far as its columns do. Keys, indexes and checks come after the rows unless the rows need them. Immutable.
/// </summary>
internal sealed partial class PgCreation
{
    private const string Name = "(?:\"(?:[^\"]|\"\")+\"|[^\\s\".]+)";

    private readonly TablePlan plan;
    private readonly PgShape? shape;
    private readonly bool keysFirst;
    private readonly bool isWhole;
    private readonly List<PgStep> keys = [];
    private readonly List<PgStep> others = [];

    public PgCreation(TablePlan plan, PgOptions options)
    {
        this.plan = plan;
        shape = PgShape.From(plan.SourceSchema);
        keysFirst = options.KeysFirst || plan.Write == WriteMode.Upsert || plan.SetsAside;
        isWhole = plan.Columns.Rename.Count == 0 && (shape?.Columns.All(c => Carried(c.Name) is not null) ?? false);
        foreach (var index in shape?.Indexes ?? []) Add(index);
        AddKey();
        if (shape is null)
        {
            foreach (var set in plan.TargetSchema.UniqueSets) keys.Add(PgStep.Key(null, primary: false, [.. set]));
        }
        // What holds for the rows of one table of several need not hold for those of the others.
        foreach (var check in plan.Slice is null ? shape?.Constraints ?? [] : [])
        {
            if (check.Kind == "c" && check.Uses.All(IsUnchanged)) others.Add(PgStep.Constraint(check.Name, check.Definition));
        }
    }

    public IReadOnlyList<PgStep> BeforeRows() => keysFirst ? keys : [];

    /// <summary>All steps: those that are done already find that out by themselves.</summary>
    public IReadOnlyList<PgStep> AfterRows() => [.. keys, .. others];

    /// <param name="version">The target server's major version.</param>
    /// <exception cref="PawlException">There are more columns than a table can have.</exception>
    public string CreateTable(int version)
    {
        if (plan.TargetSchema.Columns is { Count: > PgNames.MostColumns } columns)
        {
            throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target),
                ("column", columns[PgNames.MostColumns].Name),
                ("cause", FormattableString.Invariant(
                    $"tables have at most {PgNames.MostColumns} columns, this one would have {columns.Count}")));
        }
        var text = new StringBuilder($"create table {PgNames.Quote(plan.Target)} (");
        text.AppendJoin(", ", plan.TargetSchema.Columns.Select(c => Column(c, version)));
        return text.Append(')').ToString();
    }

    /// <summary>Enums and domains that the columns need and that are not there.</summary>
    /// <exception cref="PawlException">A type that Pawl cannot make is missing.</exception>
    public async ValueTask CreateTypesAsync(PgSession session, CancellationToken ct)
    {
        foreach (var type in shape?.Types ?? [])
        {
            var there = await session.QueryAsync("select to_regtype($1) is not null", ct, type.Name).ConfigureAwait(false);
            if (there[0][0] is true) continue;
            if (type.Kind is not ("e" or "d") || type.Extension is not null)
            {
                throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target), ("column", type.Name),
                    ("cause", type.Extension is { } extension ? $"the type is not there: create extension {PgNames.Quote(extension)}"
                        : "the type is not there: create it first"));
            }
            await EnsureSchemaOfAsync(session, type.Name, ct).ConfigureAwait(false);
            await session.ExecuteAsync(type.Kind == "e"
                ? $"create type {type.Name} as enum ({string.Join(", ", type.Labels.Select(PgNames.Literal))})"
                : $"create domain {type.Name} as {type.Domain}", ct).ConfigureAwait(false);
        }
    }

    /// <summary>The planned columns as the table would hold them.</summary>
    public IReadOnlyList<ColumnSchema> Foresee() => [.. plan.TargetSchema.Columns.Select(c => Origin(c.Name) is { } own
        ? c with { NativeType = own.Type } : c with { NativeType = PgTypes.Declare(c.Type), Type = PgTypes.HeldAs(c.Type) })];

    /// <summary>Sequences that defaults of the columns name and that are not there yet.</summary>
    public async ValueTask CreateSequencesAsync(PgSession session, CancellationToken ct)
    {
        foreach (var sequence in (shape?.Sequences ?? []).Where(s => s.Shared && Carried(s.Column) is not null).DistinctBy(s => s.Name))
        {
            await EnsureSchemaOfAsync(session, sequence.Name, ct).ConfigureAwait(false);
            await session.ExecuteAsync("set local client_min_messages = warning; "
                + $"create sequence if not exists {sequence.Name} as {sequence.Type} {Sequence(sequence)}", ct).ConfigureAwait(false);
        }
    }

    /// <summary>A column's type, and its collation where it is not the type's own.</summary>
    public (string Type, string? Collation) Declared(ColumnSchema column) =>
        Origin(column.Name) is { } own ? (own.Type, own.Collation) : (PgTypes.Declare(column.Type), null);

    private static async ValueTask EnsureSchemaOfAsync(PgSession session, string name, CancellationToken ct)
    {
        if (Names().Match(name) is not { Success: true } match) return;
        var there = await session.QueryAsync("select to_regnamespace($1) is not null", ct, match.Value).ConfigureAwait(false);
        if (there[0][0] is false) await session.ExecuteAsync($"create schema {match.Value}", ct).ConfigureAwait(false);
    }

    private string Column(ColumnSchema column, int version)
    {
        var text = new StringBuilder(PgNames.Quote(column.Name)).Append(' ');
        if (Origin(column.Name) is not { } own)
        {
            return text.Append(PgTypes.Declare(column.Type)).Append(column.Nullable ? "" : " not null").ToString();
        }
        text.Append(own.Type);
        if (own.Collation is not null) text.Append($" collate {own.Collation}");
        if (own.Generated.Length > 0)
        {
            // Its expression names the table's other columns as they were.
            var kept = own.Generated == "v" && version >= 18 ? "virtual" : "stored";
            if (isWhole) text.Append($" generated always as ({own.Default}) {kept}");
        }
        else if (shape!.Sequences.FirstOrDefault(s => s.Column == own.Name && !s.Shared) is { } sequence)
        {
            text.Append($" generated {(own.Identity == "a" ? "always" : "by default")} as identity ({Sequence(sequence)})");
        }
        else if (own.Default is { } value)
        {
            text.Append($" default {value}");
        }
        return text.Append(column.Nullable ? "" : " not null").ToString();
    }

    private static string Sequence(PgSequence s) => FormattableString.Invariant(
        $"start with {s.Start} increment by {s.Increment} minvalue {s.Minimum} maxvalue {s.Maximum} cache {s.Cache}")
        + (s.Cycle ? " cycle" : "");

    private void Add(PgIndex index)
    {
        if (index.Uses.Any(c => Carried(c) is null)) return;
        var unchanged = index.Uses.All(IsUnchanged);
        var list = index.Unique ? keys : others;
        var isPlain = index.Columns.All(c => c is not null) && index.Uses.All(index.Columns.Contains);
        if (plan.Slice is not null && index.Constraint?.StartsWith("EXCLUDE", StringComparison.Ordinal) == true) return;
        string[] names = isPlain ? [.. Shard(index), .. index.Columns.Select(c => Carried(c!)!)] : [];
        if (index.Constraint is { } constraint)
        {
            // A definition that says more than its columns (INCLUDE, DEFERRABLE, NULLS NOT DISTINCT) is taken as it stands.
            var isSimple = isPlain && SimpleKey().IsMatch(constraint);
            if (isSimple) list.Add(PgStep.Key(index.Name, index.Primary, names));
            else if (unchanged) list.Add(PgStep.Constraint(index.Name, Widened(index, constraint)));
        }
        else if (unchanged && IndexRest().Match(index.Definition) is { Success: true } match)
        {
            list.Add(PgStep.Index(index.Name, index.Unique, Widened(index, match.Groups["rest"].Value)));
        }
        else if (isPlain && index.Definition.Contains(" USING btree (", StringComparison.Ordinal) && !index.Definition.Contains(" WHERE ",
            StringComparison.Ordinal))
        {
            list.Add(PgStep.Index(null, index.Unique, $"USING btree ({string.Join(", ", names.Select(PgNames.Quote))})"));
        }
    }

    /// <summary>What is unique in one table is unique among several only together with where it comes from.</summary>
    private string[] Shard(PgIndex index) => index.Unique && plan.Slice is { } slice ? [slice.Column] : [];

    private string Widened(PgIndex index, string definition)
    {
        if (Shard(index) is not [var shard]) return definition;
        var first = definition.IndexOf('(', StringComparison.Ordinal) + 1;
        return $"{definition[..first]}{PgNames.Quote(shard)}, {definition[first..]}";
    }

    /// <summary>The key that orders the source, where no clause of its own says so.</summary>
    private void AddKey()
    {
        var key = plan.TargetSchema.Key;
        if (key.Kind is not (KeyKind.Primary or KeyKind.Unique) || key.Columns.Count == 0) return;
        string[] names = [.. key.Columns.Select(c => plan.TargetSchema.Columns[c].Name)];
        if (keys.Any(k => k.Columns.Count == names.Length && k.Columns.All(names.Contains))) return;
        var own = names.Length - (plan.Slice is null ? 0 : 1);
        var hasUniqueIndex = shape?.Indexes.Any(i => i.Unique && i.Columns.Count == own
            && i.Columns.All(c => c is not null && names.Contains(Carried(c)))) ?? false;
        if (hasUniqueIndex) return;
        keys.Insert(0, PgStep.Key(null, key.Kind == KeyKind.Primary, names));
    }

    /// <summary>What a source column is called in the target; null when it did not come along as it was.</summary>
    private string? Carried(string column)
    {
        var name = plan.Columns.Rename.GetValueOrDefault(column, column);
        return Origin(name) is { } origin && origin.Name == column ? name : null;
    }

    private bool IsUnchanged(string column) => Carried(column) == column;

    /// <summary>The source column behind a target column; null for a constant, or where the source is another system.</summary>
    private PgColumn? Origin(string name)
    {
        if (shape is null || plan.Columns.Set.ContainsKey(name) || plan.TargetSchema.IndexOf(name) < 0) return null;
        var origin = plan.Columns.Rename.FirstOrDefault(r => r.Value == name).Key ?? name;
        if (origin == name && plan.Columns.Rename.ContainsKey(name)) return null;
        return shape.Columns.FirstOrDefault(c => c.Name == origin);
    }

    [GeneratedRegex("""^("(?:[^"]|"")+"|[^\s".]+)(?=\.)""", RegexOptions.CultureInvariant)]
    private static partial Regex Names();

    [GeneratedRegex("""^(PRIMARY KEY|UNIQUE) \([^()]*\)$""", RegexOptions.CultureInvariant)]
    private static partial Regex SimpleKey();

    /// <summary>pg_get_indexdef names index and table before what matters.</summary>
    [GeneratedRegex("^CREATE (?:UNIQUE )?INDEX " + Name + " ON (?:ONLY )?" + Name + "(?:\\." + Name + ")? (?<rest>USING .*)$",
        RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    internal static partial Regex IndexRest();
}
