using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// One key, index or constraint that a table is to have. Running it twice does nothing: it looks first whether the table has its like.
/// Immutable.
/// </summary>
internal sealed class PgStep
{
    private readonly string? name;
    private readonly string text;
    private readonly Kinds kind;

    private PgStep(Kinds kind, string? name, string text, IReadOnlyList<string> columns) =>
        (this.kind, this.name, this.text, Columns) = (kind, name, text, columns);

    private enum Kinds { Primary, Unique, Index, UniqueIndex, Constraint }

    /// <summary>Of a key: its columns in order; else empty.</summary>
    public IReadOnlyList<string> Columns { get; }

    public static PgStep Key(string? name, bool primary, IReadOnlyList<string> columns) =>
        new(primary ? Kinds.Primary : Kinds.Unique, name,
            $"{(primary ? "primary key" : "unique")} ({string.Join(", ", columns.Select(PgNames.Quote))})", columns);

    /// <param name="rest">From USING on.</param>
    public static PgStep Index(string? name, bool unique, string rest) =>
        new(unique ? Kinds.UniqueIndex : Kinds.Index, name, rest, []);

    /// <param name="definition">As pg_get_constraintdef writes it.</param>
    public static PgStep Constraint(string name, string definition) => new(Kinds.Constraint, name, definition, []);

    /// <param name="target">The table as it is now.</param>
    /// <returns>False when there was nothing to do.</returns>
    /// <exception cref="PawlException">Rows are there that do not keep it: <see cref="Fault.Data"/>.</exception>
    public async ValueTask<bool> RunAsync(PgSession session, PgTarget target, CancellationToken ct)
    {
        if (await IsThereAsync(session, target, ct).ConfigureAwait(false)) return false;
        var free = name is not null && await IsFreeAsync(session, target, ct).ConfigureAwait(false);
        var sql = kind switch
        {
            Kinds.Index => $"create index {(free ? PgNames.Quote(name!) + " " : "")}on {target.Quoted} {text}",
            Kinds.UniqueIndex => $"create unique index {(free ? PgNames.Quote(name!) + " " : "")}on {target.Quoted} {text}",
            _ => $"alter table {target.Quoted} add {(free ? $"constraint {PgNames.Quote(name!)} " : "")}{text}",
        };
        await session.ExecuteAsync(sql, ct, target.Name, $"alter table {target.Quoted} owner to {PgNames.Quote(session.Options.User)}")
            .ConfigureAwait(false);
        return true;
    }

    private async ValueTask<bool> IsThereAsync(PgSession session, PgTarget target, CancellationToken ct)
    {
        if (kind is Kinds.Primary or Kinds.Unique)
        {
            return target.Unique.Any(u => u.Columns.SequenceEqual(Columns) && (u.Primary || kind == Kinds.Unique));
        }
        var sql = kind == Kinds.Constraint
            ? "select pg_get_constraintdef(oid), false from pg_constraint where conrelid = $1::oid"
            : "select pg_get_indexdef(indexrelid), indisunique from pg_index where indrelid = $1::oid and indisvalid";
        foreach (var row in await session.QueryAsync(sql, ct, (long)target.Oid).ConfigureAwait(false))
        {
            var definition = (string)row[0]!;
            if (kind == Kinds.Constraint && definition == text) return true;
            if (kind != Kinds.Constraint && (bool)row[1]! == (kind == Kinds.UniqueIndex)
                && PgCreation.IndexRest().Match(definition).Groups["rest"].Value == text) return true;
        }
        return false;
    }

    /// <summary>Names of indexes are shared by all tables of a schema, names of constraints by those of the table.</summary>
    private async ValueTask<bool> IsFreeAsync(PgSession session, PgTarget target, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select 1::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2
            union all select 1::bigint from pg_constraint where conrelid = $3::oid and conname = $2
            """, ct, target.Name.Schema!, name!, (long)target.Oid).ConfigureAwait(false);
        return rows.Count == 0;
    }
}
