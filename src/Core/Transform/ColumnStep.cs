using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Transform;

/// <summary>
/// Renames columns and puts constants in or beside them. Cells are not copied: the batch that leaves holds the columns that came.
/// All renames happen at once, so that two columns may swap names; constants are named after that.
/// </summary>
internal sealed class ColumnStep(ColumnChanges changes) : ITransform
{
    private readonly (string Name, Constant Value)[] constants = [.. changes.Set.Select(s => (s.Key, new Constant(s.Value)))];
    private TableSchema? seen;
    private TableSchema? made;

    public bool Deterministic => true;

    public TableSchema Output(TableSchema input)
    {
        foreach (var name in changes.Rename.Keys) Projection.Require(input, name);
        var columns = input.Columns.Select(Renamed).ToList();
        var replaced = new HashSet<string>(StringComparer.Ordinal);
        RefuseClashes(input, columns);
        foreach (var (name, value) in constants)
        {
            var place = columns.FindIndex(c => string.Equals(c.Name, name, StringComparison.Ordinal));
            if (place < 0) columns.Add(value.Schema(name, null));
            else
            {
                columns[place] = value.Schema(name, columns[place]);
                replaced.Add(name);
            }
        }
        return input with
        {
            Columns = columns,
            // A constant in a key column: the rows' order and uniqueness are gone.
            Key = input.Key.Columns.Any(place => replaced.Contains(columns[place].Name)) ? new KeySchema([], KeyKind.None)
                : Widened(input.Key, columns),
            NativeDefinition = null,
            UniqueSets = [.. input.UniqueSets.Select(set => (IReadOnlyList<string>)[.. Shard, .. set.Select(Renamed)])
                .Where(set => !set.Any(replaced.Contains))],
        };
    }

    private string[] Shard => changes.SourceColumn is { } column ? [column] : [];

    /// <summary>Two tables that go into one may use the same keys: together with where it comes from a row is one row again.</summary>
    private KeySchema Widened(KeySchema key, List<ColumnSchema> columns) =>
        changes.SourceColumn is { } shard && key.Columns.Count > 0
            ? key with { Columns = [columns.FindIndex(c => c.Name == shard), .. key.Columns] } : key;

    public ValueTask<TransformResult> ApplyAsync(RowBatch batch, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!ReferenceEquals(seen, batch.Schema)) (made, seen) = (Output(batch.Schema), batch.Schema);
        var schema = made!;
        // A wire image holds the values, not the names: a constant makes it untrue, a new name does not.
        if (constants.Length == 0 && batch.Wire is not null) return ValueTask.FromResult(new TransformResult([batch.Renamed(schema)]));
        var columns = new Column[schema.Columns.Count];
        batch.Columns.CopyTo(columns, 0);
        var absent = batch.Absent is null ? null : new bool[]?[columns.Length];
        batch.Absent?.CopyTo(absent!, 0);
        foreach (var (name, value) in constants)
        {
            var place = schema.IndexOf(name);
            columns[place]?.Dispose();
            columns[place] = value.Fill(schema.Columns[place], batch.Rows);
            if (absent is not null) absent[place] = null;
        }
        for (var i = 0; i < columns.Length; i++) columns[i].Schema = schema.Columns[i];
        batch.Wire?.Dispose();
        return ValueTask.FromResult(new TransformResult([new RowBatch(schema, columns, batch.Rows)
        {
            Ops = batch.Ops,
            Absent = absent,
            Place = batch.Place,
            Before = schema.Key.Kind == KeyKind.None ? Drop(batch.Before) : RenameKeys(batch.Before),
        }]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ColumnSchema Renamed(ColumnSchema column) =>
        changes.Rename.TryGetValue(column.Name, out var name) ? column with { Name = name } : column;

    private string Renamed(string column) => changes.Rename.GetValueOrDefault(column, column);

    private static void RefuseClashes(TableSchema input, List<ColumnSchema> columns)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            if (!names.Add(column.Name))
            {
                throw new PawlException(Fault.Schema, Codes.ColumnClash, ("table", input.Name), ("column", column.Name));
            }
        }
    }

    private RowBatch? RenameKeys(RowBatch? before)
    {
        if (before is null) return null;
        var schema = before.Schema with { Columns = [.. before.Schema.Columns.Select(Renamed)] };
        for (var i = 0; i < before.Columns.Length; i++) before.Columns[i].Schema = schema.Columns[i];
        return new RowBatch(schema, before.Columns, before.Rows);
    }

    private static RowBatch? Drop(RowBatch? before)
    {
        before?.Dispose();
        return null;
    }
}
