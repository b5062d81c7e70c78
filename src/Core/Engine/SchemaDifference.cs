using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>
/// What lies between a source table as it was planned and as it is now, of the columns that are read. Source's names. Immutable.
/// </summary>
/// <param name="Added">Columns that would be read by now and are in no plan yet.</param>
/// <param name="Widened">Columns whose type holds more.</param>
/// <param name="Freed">Columns that may be NULL by now.</param>
/// <param name="Breaking">What nobody can follow: <c>price numeric(8,2) → text</c>; null = nothing.</param>
public sealed record SchemaDifference(IReadOnlyList<string> Added, IReadOnlyList<TypeChange> Widened, IReadOnlyList<string> Freed,
    string? Breaking)
{
    /// <summary>Nothing that the target would have to follow.</summary>
    public bool IsSlight => Added.Count == 0 && Widened.Count == 0 && Freed.Count == 0;

    /// <summary>All of it, for people: names, types and signs.</summary>
    public string Words => string.Join(", ", Added.Select(a => "+" + a).Concat(Widened.Select(w => $"{w.Column} {w.From} → {w.To}"))
        .Concat(Freed.Select(f => $"{f} not null → null")).Concat(Breaking is null ? [] : [Breaking]));

    /// <param name="was">As planned.</param>
    /// <param name="read">The columns the plan reads; null = all.</param>
    /// <param name="now">As it is.</param>
    /// <param name="reads">The columns that the job file asks for by now; null = all.</param>
    internal static SchemaDifference Between(TableSchema was, IReadOnlyList<string>? read, TableSchema now, IReadOnlyList<string>? reads,
        ISource source)
    {
        var planned = read ?? [.. was.Columns.Select(c => c.Name)];
        var wanted = reads ?? [.. now.Columns.Select(c => c.Name)];
        var (widened, freed, breaking) = (new List<TypeChange>(), new List<string>(), new List<string>());
        foreach (var name in planned)
        {
            var column = was.Columns[was.IndexOf(name)];
            if (now.IndexOf(name) is var at && at < 0)
            {
                breaking.Add($"{name} {Type(column)} → ∅");
                continue;
            }
            var there = now.Columns[at];
            if (there with { Nullable = column.Nullable } != column)
            {
                if (source is not IAltersTables alters || there.Generated != column.Generated || !alters.Widens(column, there))
                {
                    breaking.Add($"{name} {Type(column)} → {Type(there)}");
                    continue;
                }
                widened.Add(new TypeChange(name, Type(column), Type(there)));
            }
            if (there.Nullable && !column.Nullable) freed.Add(name);
        }
        if (Key(was) != Key(now)) breaking.Add($"{Key(was)} → {Key(now)}");
        return new SchemaDifference([.. wanted.Except(planned)], widened, freed,
            breaking.Count == 0 ? null : string.Join(", ", breaking));
    }

    private static string Type(ColumnSchema column) => column.NativeType.Length > 0 ? column.NativeType : column.Type.ToString();

    private static string Key(TableSchema table) => table.Key.Columns.Count == 0 ? table.Key.Kind.ToString()
        : $"{table.Key.Kind}({string.Join(", ", table.Key.Columns.Select(c => table.Columns[c].Name))})";

    /// <summary>The columns of the target that have to follow.</summary>
    internal IReadOnlyList<ColumnDrift> Of(TablePlan wanted)
    {
        var drift = new List<ColumnDrift>();
        void Add(string column, DriftKind kind, string from)
        {
            var name = wanted.Columns.Rename.GetValueOrDefault(column, column);
            if (wanted.Columns.Set.ContainsKey(name)) return;
            drift.Add(new ColumnDrift(name, kind, from, Type(wanted.SourceSchema.Columns[wanted.SourceSchema.IndexOf(column)])));
        }
        foreach (var column in Added) Add(column, DriftKind.Added, "");
        foreach (var change in Widened) Add(change.Column, DriftKind.Widened, change.From);
        foreach (var column in Freed) Add(column, DriftKind.MayBeNull, "");
        return drift;
    }
}

/// <summary>What a run makes of a difference.</summary>
public enum DriftAnswer
{
    /// <summary>The planned columns go on.</summary>
    Ignored,
    /// <summary>The target follows; what was copied keeps its place.</summary>
    Followed,
    /// <summary>The target follows, and every row is read again and written over by its key.</summary>
    ReadAgain,
    /// <summary>The table is copied anew.</summary>
    CopiedAnew,
    /// <summary>The window that is under way is ended first, as it was planned.</summary>
    AfterWindow,
    /// <summary>The table is finished, and nothing is done.</summary>
    Left,
}
