using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>
/// One row of a control table: what is committed, and what the transaction that holds its lock has made of it. <c>Mark</c> is what the
/// checker knows about the row and the program cannot see: who last raised its epoch, what a plan was opened for.
/// </summary>
internal sealed class ControlCell
{
    public object?[]? Committed;
    public object?[]? Pending;
    public object? CommittedMark;
    public object? PendingMark;
    /// <summary>Holds the row lock; <see cref="Pending"/> is its version (null = deleted).</summary>
    public Transaction? Owner;

    public object?[]? SeenBy(Transaction? who) => Owner is not null && Owner == who ? Pending : Committed;
    public object? MarkSeenBy(Transaction? who) => Owner is not null && Owner == who ? PendingMark : CommittedMark;
}

/// <summary>A target table: rows as canonical text, by key, or as a bag where it has no unique key.</summary>
internal sealed class TargetTable(string name, bool unique)
{
    public string Name => name;
    public bool Unique => unique;
    public Dictionary<string, string> ByKey { get; } = [];
    public Dictionary<string, int> Bag { get; } = [];
    /// <summary>Keys that a transaction has inserted, changed or removed and not yet decided.</summary>
    public Dictionary<string, Transaction> Locked { get; } = [];
    public required Model.TableSchema Schema { get; init; }

    public int Rows => unique ? ByKey.Count : Bag.Values.Sum();

    public IEnumerable<string> All() => unique ? ByKey.Values : Bag.SelectMany(b => Enumerable.Repeat(b.Key, b.Value));

    public TargetTable Copy()
    {
        var copy = new TargetTable(name, unique) { Schema = Schema };
        foreach (var (k, v) in ByKey) copy.ByKey.Add(k, v);
        foreach (var (k, v) in Bag) copy.Bag.Add(k, v);
        return copy;
    }
}

/// <summary>Everything durable at the target. A backup is a copy of what is committed.</summary>
internal sealed class Database
{
    public bool HasControlTables { get; set; }
    public Dictionary<string,
        List<ControlCell>> Control { get; } = ControlTables.All.ToDictionary(t => t.Name, _ => new List<ControlCell>());
    public Dictionary<string, TargetTable> Tables { get; } = [];

    public List<ControlCell> Of(ControlTable table) => Control[table.Name];

    public Database Copy()
    {
        var copy = new Database { HasControlTables = HasControlTables };
        foreach (var (name, cells) in Control)
        {
            foreach (var cell in cells)
            {
                if (cell.Committed is null) continue;
                copy.Control[name].Add(new ControlCell { Committed = cell.Committed, CommittedMark = cell.CommittedMark });
            }
        }
        foreach (var (name, table) in Tables) copy.Tables.Add(name, table.Copy());
        return copy;
    }
}

/// <summary>What one transaction has done and not yet decided.</summary>
internal sealed class Transaction(Connection connection, int id)
{
    public int Id => id;
    public Connection Connection => connection;
    public List<ControlCell> Cells { get; } = [];
    public List<(ControlTable Table, ControlCell Cell, ChangeKind Kind, object?[]? Before)> Changes { get; } = [];
    public List<RowWrite> Rows { get; } = [];
    /// <summary>A failed statement has doomed it (a flavour's habit): only a roll-back is left.</summary>
    public bool Doomed { get; set; }
    /// <summary>COMMIT is being made durable: it can no longer be ended from outside.</summary>
    public bool Committing { get; set; }
    public bool Decided { get; set; }
    public bool WritesTarget => Rows.Count > 0;
    /// <summary>Statements that wait for this transaction, first come first served.</summary>
    public List<Waiter> Waiters { get; } = [];
}

/// <summary>
/// One change to a target table. <paramref name="Old"/> is the row it replaces or removes, <paramref name="New"/> the one it leaves.
/// </summary>
internal readonly record struct RowWrite(TargetTable Table, string Lane, string? Key, string? Old, string? New);

/// <summary>A statement in a queue.</summary>
internal sealed class Waiter(Action retry)
{
    public Action Retry => retry;
    public bool Gone { get; set; }
}
