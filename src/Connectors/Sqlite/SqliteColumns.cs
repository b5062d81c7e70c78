using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>A plan's columns beside those of the table that is there. Immutable.</summary>
internal sealed class SqliteColumns
{
    private SqliteColumns(string table, SqliteShape shape, IReadOnlyList<(int Place, string Name, Affinity Affinity)> written,
        SqliteIndex? key)
    {
        Table = table;
        Shape = shape;
        Written = written;
        Key = key;
    }

    public string Table { get; }
    public SqliteShape Shape { get; }
    /// <summary>0-based place in the plan's batches and the target column's name; what the target computes itself is left out.</summary>
    public IReadOnlyList<(int Place, string Name, Affinity Affinity)> Written { get; }
    /// <summary>The unique index over exactly the plan's key; null when there is none.</summary>
    public SqliteIndex? Key { get; }

    /// <exception cref="PawlException">A column is missing, or would change values on the way in.</exception>
    public static SqliteColumns Match(SqliteFile file, TablePlan plan)
    {
        var name = SqliteCatalog.Find(file, plan.Target.ToString())
            ?? throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target), ("file", file.Path));
        var there = SqliteCatalog.Describe(file, name);
        var shape = SqliteShape.Required(there);
        var written = new List<(int, string, Affinity)>();
        for (var i = 0; i < plan.TargetSchema.Columns.Count; i++)
        {
            var column = plan.TargetSchema.Columns[i];
            var found = there.Columns.FirstOrDefault(c => SqliteNames.Same(c.Name, column.Name))
                ?? throw new PawlException(Fault.Schema, Codes.TargetColumnMissing, ("target", plan.Target), ("column", column.Name));
            if (found.Generated) continue;
            if (!SqliteTypes.KeepsExactly(column, found.NativeType, shape.Strict))
            {
                throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target), ("column", column.Name),
                    ("type", found.NativeType.Length > 0 ? found.NativeType : "no type"),
                    ("source_type", column.NativeType.Length > 0 ? column.NativeType : column.Type),
                    ("strict", shape.Strict ? "yes" : "no"));
            }
            written.Add((i, found.Name, SqliteTypes.AffinityOf(found.NativeType)));
        }
        return new SqliteColumns(name, shape, written, FindKey(plan, shape));
    }

    /// <exception cref="PawlException"><see cref="Codes.UpsertNeedsKey"/>.</exception>
    public SqliteIndex RequireKey(TablePlan plan) =>
        Key ?? throw new PawlException(Fault.Schema, Codes.UpsertNeedsKey, ("table", plan.Target));

    private static SqliteIndex? FindKey(TablePlan plan, SqliteShape there)
    {
        var wanted = plan.TargetSchema.Key.Columns.Select(i => SqliteNames.Fold(plan.TargetSchema.Columns[i].Name)).ToHashSet();
        if (wanted.Count == 0) return null;
        var candidates = there.Indexes.Where(i => i.Unique).ToList();
        if (there.Primary.Count > 0) candidates.Insert(0, new SqliteIndex("", true, there.Primary, "pk"));
        return candidates.FirstOrDefault(i => wanted.SetEquals(i.Parts.Select(p => SqliteNames.Fold(p.Column))));
    }
}
