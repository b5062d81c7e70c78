using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>
/// Control statements as a server executes them: row locks until the end of the transaction, read committed, unique keys.
/// </summary>
internal static class Statements
{
    /// <summary>Starts the transaction a statement needs. A file target takes its one write lock here.</summary>
    public static Transaction? Begin(Server server, Connection c, out Transaction? tx)
    {
        tx = null;
        if (c.Open is not null) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "begin inside a transaction"));
        if (server.Flavour == Flavour.File && server.Writer is { } writer) return writer;
        tx = server.Begin(c);
        return null;
    }

    public static Transaction? Change(Server server, Connection c, ControlChange change, out long count)
    {
        count = 0;
        if (c.Open is { Doomed: true })
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "statement in a failed transaction"));
        if (!server.Db.HasControlTables) throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", change.Table.Name));
        var alone = c.Open is null;
        if (alone && Begin(server, c, out _) is { } writer) return writer;
        var tx = c.Open!;
        Transaction? blocker;
        try
        {
            blocker = change.Kind == ChangeKind.Insert ? Insert(server, tx, change, out count) : Alter(server, tx, change, out count);
        }
        catch (PawlException)
        {
            if (alone) server.Rollback(tx);
            throw;
        }
        if (!alone) return blocker;
        if (blocker is null) server.Commit(tx);
        else server.Rollback(tx);
        return blocker;
    }

    private static Transaction? Insert(Server server, Transaction tx, ControlChange change, out long count)
    {
        count = 0;
        var table = change.Table;
        var row = new object?[table.Columns.Count];
        foreach (var (column, value) in change.Set) row[table.At(column)] = Value(server, value, null);
        Check(table, row);
        var cells = server.Db.Of(table);
        foreach (var cell in cells)
        {
            if (cell.Owner is { } owner && owner != tx)
            {
                if (Clash(table, row, cell.Committed) || Clash(table, row, cell.Pending)) return owner;
            }
            else if (Clash(table, row, cell.SeenBy(tx)))
            {
                throw new PawlException(Fault.Data, Codes.RowRefused, ("table", table.Name), ("cause", "duplicate key"));
            }
        }
        var fresh = new ControlCell { Owner = tx, Pending = row, PendingMark = server.Checker.MarkInserted(tx, table, row) };
        cells.Add(fresh);
        tx.Cells.Add(fresh);
        tx.Changes.Add((table, fresh, ChangeKind.Insert, null));
        count = 1;
        return null;
    }

    private static Transaction? Alter(Server server, Transaction tx, ControlChange change, out long count)
    {
        count = 0;
        var table = change.Table;
        if (change.While is { } guard && !server.Db.Of(guard.Table).Any(c => c.SeenBy(tx) is { } there
            && Holds(server, guard.Table, there, guard.Where))) return null;
        var cells = server.Db.Of(table);
        foreach (var cell in cells)
        {
            if (cell.Owner is { } owner && owner != tx && cell.Committed is { } row && Holds(server, table, row, change.Where))
                return owner;
        }
        foreach (var cell in cells)
        {
            if (cell.Owner is { } owner && owner != tx) continue;
            if (cell.SeenBy(tx) is not { } seen || !Holds(server, table, seen, change.Where)) continue;
            if (cell.Owner is null)
            {
                cell.Owner = tx;
                cell.PendingMark = cell.CommittedMark;
                tx.Cells.Add(cell);
            }
            cell.Pending = change.Kind == ChangeKind.Delete ? null : Updated(server, table, seen, change);
            if (cell.Pending is not null) cell.PendingMark = server.Checker.MarkUpdated(tx, table, seen, cell.Pending, cell.PendingMark);
            tx.Changes.Add((table, cell, change.Kind, seen));
            count++;
        }
        return null;
    }

    private static object?[] Updated(Server server, ControlTable table, object?[] seen, ControlChange change)
    {
        var row = (object?[])seen.Clone();
        foreach (var (column, value) in change.Set)
        {
            var at = table.At(column);
            row[at] = Value(server, value, seen[at]);
        }
        Check(table, row);
        return row;
    }

    private static void Check(ControlTable table, object?[] row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            var column = table.Columns[i];
            var fits = row[i] switch { null => column.Nullable, long => column.Type == ControlType.Number, string =>
                column.Type == ControlType.Text, _ => false };
            if (!fits) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", table.Name), ("column", column.Name),
                ("value", row[i]));
        }
    }

    public static List<ControlRow> Select(Server server, Connection c, ControlSelect select)
    {
        if (!server.Db.HasControlTables) throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", select.Table.Name));
        var rows = new List<object?[]>();
        foreach (var cell in server.Db.Of(select.Table))
        {
            if (cell.SeenBy(c.Open) is { } row && Holds(server, select.Table, row, select.Where)) rows.Add(row);
        }
        if (select.OrderBy is { } by)
        {
            var at = select.Table.At(by);
            rows.Sort((a, b) => (select.Descending ? -1 : 1) * Order(a[at], b[at]));
        }
        if (select.Limit > 0 && rows.Count > select.Limit) rows.RemoveRange(select.Limit, rows.Count - select.Limit);
        return rows.ConvertAll(r => new ControlRow(new RowView(select.Table, r), server.NowMilliseconds));
    }

    private static bool Clash(ControlTable table, object?[] fresh, object?[]? there) =>
        there is not null && (Same(table, table.Key, fresh, there) || (table.Unique is { } unique && Same(table, unique, fresh, there)));

    private static bool Same(ControlTable table, IReadOnlyList<string> columns, object?[] a, object?[] b)
    {
        foreach (var column in columns)
        {
            var at = table.At(column);
            if (!Equals(a[at], b[at])) return false;
        }
        return true;
    }

    private static bool Holds(Server server, ControlTable table, object?[] row, IReadOnlyList<Condition> where)
    {
        foreach (var condition in where)
        {
            var cell = row[table.At(condition.Column)];
            if (condition.Comparison == Comparison.IsNull)
            {
                if (cell is not null) return false;
                continue;
            }
            var value = Value(server, condition.Value, null);
            if (cell is null || value is null) return false;
            var holds = condition.Comparison switch
            {
                Comparison.Equal => cell.Equals(value),
                Comparison.NotEqual => !cell.Equals(value),
                Comparison.Less => Order(cell, value) < 0,
                Comparison.GreaterOrEqual => Order(cell, value) >= 0,
                _ => throw new ArgumentException(condition.Comparison.ToString()),
            };
            if (!holds) return false;
        }
        return true;
    }

    private static int Order(object? a, object? b) => (a, b) switch
    {
        (long x, long y) => x.CompareTo(y),
        (string x, string y) => string.CompareOrdinal(x, y),
        _ => (a is null ? 0 : 1) - (b is null ? 0 : 1),
    };

    private static object? Value(Server server, object? value, object? old) => value switch
    {
        Computed c when c == Computed.Now => server.NowMilliseconds,
        Computed c when c == Computed.PlusOne => (long)old! + 1,
        int or short or byte or bool or Enum =>
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "neither long nor string"), ("value", value)),
        _ => value,
    };
}
