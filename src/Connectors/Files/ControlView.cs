using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Files;

/// <summary>
/// A transaction on the control tables: what is committed, and over it what the transaction has made of it. Not thread-safe.
/// </summary>
/// <param name="now">Milliseconds since 1970 UTC, asked anew for each statement.</param>
internal sealed class ControlView(ControlRows rows, Func<long> now)
{
    private readonly Dictionary<(string Table, string Key), ControlEdit> edits = [];
    private ControlRows rows = rows;

    public IReadOnlyCollection<ControlEdit> Edits => edits.Values;

    /// <summary>
    /// The lock was given back and taken again. What the transaction has touched must be as it was: that is what a row lock would have
    /// kept, and whoever changed it meanwhile has taken it.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Codes.Fenced"/>.</exception>
    public void Rebase(ControlRows current)
    {
        rows = current;
        foreach (var edit in edits.Values)
        {
            var there = current.Find(edit.Table, edit.Key);
            if (there is null ? edit.Before is null : edit.Before is not null && there.AsSpan().SequenceEqual(edit.Before)) continue;
            var row = edit.Before ?? edit.After!;
            var lane = edit.Table == ControlTables.Lane ? row[ControlRows.At(edit.Table, "lane")] : null;
            throw new PawlException(Fault.Fenced, Codes.Fenced, ("lane", lane), ("table", lane is null ? edit.Table.Name : null));
        }
    }

    public long Change(ControlChange change) => change.Kind == ChangeKind.Insert ? Insert(change) : Alter(change);

    public IReadOnlyList<ControlRow> Select(ControlSelect select)
    {
        var clock = now();
        var found = Matching(select.Table, select.Where, clock).ToList();
        if (select.OrderBy is { } by)
        {
            var at = ControlRows.At(select.Table, by);
            found.Sort((a, b) => (select.Descending ? -1 : 1) * Order(a[at], b[at]));
        }
        if (select.Limit > 0 && found.Count > select.Limit) found.RemoveRange(select.Limit, found.Count - select.Limit);
        return found.ConvertAll(row => new ControlRow(select.Table.Columns.Select((c, i) => (c.Name, Value: row[i]))
            .ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal), clock));
    }

    /// <summary>All rows of a table as the transaction sees them.</summary>
    public IEnumerable<object?[]> All(ControlTable table)
    {
        foreach (var (key, row) in rows.Of(table))
        {
            if (!edits.TryGetValue((table.Name, key), out var edit)) yield return row;
            else if (edit.After is not null) yield return edit.After;
        }
        foreach (var edit in edits.Values)
        {
            if (edit.Table == table && edit.After is not null && rows.Find(table, edit.Key) is null) yield return edit.After;
        }
    }

    public void Put(ControlTable table, object?[] row) => Edit(table, ControlRows.KeyOf(table, row), row);

    public void Remove(ControlTable table, object?[] row) => Edit(table, ControlRows.KeyOf(table, row), null);

    private void Edit(ControlTable table, string key, object?[]? after)
    {
        var before = edits.TryGetValue((table.Name, key), out var edit) ? edit.Before : rows.Find(table, key);
        edits[(table.Name, key)] = new ControlEdit(table, key, before, after);
    }

    private object?[]? Find(ControlTable table, string key) =>
        edits.TryGetValue((table.Name, key), out var edit) ? edit.After : rows.Find(table, key);

    private long Insert(ControlChange change)
    {
        var row = Filled(change.Table, new object?[change.Table.Columns.Count], change.Set, now());
        if (Find(change.Table, ControlRows.KeyOf(change.Table, row)) is not null) throw Duplicate(change.Table);
        CheckUnique(change.Table, row, null);
        Put(change.Table, row);
        return 1;
    }

    private long Alter(ControlChange change)
    {
        var (table, clock) = (change.Table, now());
        if (change.While is { } guard && !Matching(guard.Table, guard.Where, clock).Any()) return 0;
        var found = Matching(table, change.Where, clock).ToList();
        foreach (var row in found)
        {
            if (change.Kind == ChangeKind.Delete)
            {
                Remove(table, row);
                continue;
            }
            var fresh = Filled(table, (object?[])row.Clone(), change.Set, clock);
            CheckUnique(table, fresh, row);
            Put(table, fresh);
        }
        return found.Count;
    }

    private IEnumerable<object?[]> Matching(ControlTable table, IReadOnlyList<Condition> where, long clock)
    {
        var exact = table.Key.Select(column => where.FirstOrDefault(w => w.Column == column && w.Comparison == Comparison.Equal)).ToArray();
        var some = exact.All(w => w.Value is long or string)
            ? Find(table, ControlRows.Key(exact.Select(w => w.Value))) is { } one ? [one] : []
            : All(table);
        return some.Where(row => where.All(w => Holds(row[ControlRows.At(table, w.Column)], w, clock)));
    }

    private void CheckUnique(ControlTable table, object?[] row, object?[]? itself)
    {
        if (table.Unique is not { } unique) return;
        int[] places = [.. unique.Select(column => ControlRows.At(table, column))];
        if (All(table).Any(other => other != itself && places.All(i => Equals(other[i], row[i])))) throw Duplicate(table);
    }

    private static PawlException Duplicate(ControlTable table) =>
        new(Fault.Data, Codes.RowRefused, ("table", table.Name), ("cause", "a row of that key is there already"));

    private static object?[] Filled(ControlTable table, object?[] row, IReadOnlyList<(string Column, object? Value)> set, long clock)
    {
        foreach (var (column, value) in set)
        {
            var at = ControlRows.At(table, column);
            row[at] = value == Computed.PlusOne ? (long)row[at]! + 1 : value == Computed.Now ? clock : value;
        }
        for (var i = 0; i < row.Length; i++)
        {
            var column = table.Columns[i];
            var fits = row[i] switch
            {
                null => column.Nullable,
                long => column.Type == ControlType.Number,
                string => column.Type == ControlType.Text,
                _ => false,
            };
            if (!fits) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", table.Name), ("column", column.Name));
        }
        return row;
    }

    private static bool Holds(object? cell, Condition condition, long clock)
    {
        if (condition.Comparison == Comparison.IsNull) return cell is null;
        var value = condition.Value == Computed.Now ? clock : condition.Value;
        if (cell is null || value is null) return false;
        return condition.Comparison switch
        {
            Comparison.Equal => cell.Equals(value),
            Comparison.NotEqual => !cell.Equals(value),
            Comparison.Less => Order(cell, value) < 0,
            Comparison.GreaterOrEqual => Order(cell, value) >= 0,
            _ => throw new PawlException(Fault.Bug, Codes.ContractBroken, ("comparison", condition.Comparison)),
        };
    }

    private static int Order(object? a, object? b) => (a, b) switch
    {
        (long x, long y) => x.CompareTo(y),
        (string x, string y) => string.CompareOrdinal(x, y),
        _ => (a is null ? 0 : 1) - (b is null ? 0 : 1),
    };
}
