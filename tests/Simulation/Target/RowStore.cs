using System.Globalization;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>Rows of target tables: canonical text of every cell, unique keys, refusals, counts as a server gives them.</summary>
internal static class RowStore
{
    /// <summary>A text the simulated target will not store.</summary>
    public const string Refused = "refuse-me";

    public static string Canonical(RowBatch batch, int row)
    {
        var text = new StringBuilder(64);
        for (var i = 0; i < batch.Columns.Length; i++)
        {
            var column = batch.Columns[i];
            text.Append(batch.Schema.Columns[i].Name).Append('=');
            AppendCell(text, column, row);
            text.Append('|');
        }
        return text.ToString();
    }

    private static void AppendCell(StringBuilder text, Column column, int row)
    {
        if (column.IsNull(row)) text.Append('~');
        else if (column.Strays is { } strays && strays.TryGetValue(row, out var stray)) AppendStray(text, stray);
        else if (column is Int64Column whole) text.Append('i').Append(whole.Values[row]);
        else if (column is Float64Column real) text.Append('f')
            .Append(BitConverter.DoubleToInt64Bits(real.Values[row]).ToString("x", CultureInfo.InvariantCulture));
        else if (column is BytesColumn bytes) text.Append('t').Append(Encoding.UTF8.GetString(bytes[row]));
        else throw new NotSupportedException(column.GetType().Name);
    }

    private static void AppendStray(StringBuilder text, StrayCell stray) =>
        text.Append("stray:").Append(stray.Kind).Append(':').Append(stray.Number)
            .Append(stray.Data is null ? "" : Encoding.UTF8.GetString(stray.Data));

    private static string Key(TablePlan plan, RowBatch batch, int row)
    {
        var text = new StringBuilder(24);
        foreach (var at in plan.TargetSchema.Key.Columns)
        {
            AppendCell(text, batch.Columns[batch.Schema.IndexOf(plan.TargetSchema.Columns[at].Name)], row);
            text.Append('/');
        }
        return text.ToString();
    }

    /// <summary>The rows as they go over the wire: from here on the caller may do with its batches what it likes.</summary>
    public static List<(string Key, string Text)> Send(TablePlan plan, IReadOnlyList<RowBatch> batches)
    {
        var sent = new List<(string, string)>();
        foreach (var batch in batches)
        {
            for (var row = 0; row < batch.Rows; row++) sent.Add((Key(plan, batch, row), Canonical(batch, row)));
        }
        return sent;
    }

    public static Transaction? Write(Server server, Connection c, TablePlan plan, LaneId lane, List<(string Key, string Text)> rows,
        out RowsWritten written)
    {
        written = default;
        if (c.Open is not { } tx) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "rows outside a transaction"));
        if (tx.Doomed) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "rows in a failed transaction"));
        if (!server.Db.Tables.TryGetValue(plan.Target.ToString(), out var table))
        {
            throw new PawlException(Fault.Schema, Codes.TargetTableMissing, ("table", plan.Target));
        }
        var writes = new List<RowWrite>();
        var rejected = new List<RejectedRow>();
        long inserted = 0, updated = 0, unchanged = 0;
        foreach (var (sentKey, text) in rows)
        {
            if (text.Contains(Refused, StringComparison.Ordinal))
            {
                rejected.Add(Reject(plan, lane, text));
                continue;
            }
            var key = table.Unique ? sentKey : null;
            if (key is not null && table.Locked.TryGetValue(key, out var owner) && owner != tx) return owner;
            var old = key is null ? null : Seen(table, tx, writes, key);
            if (old is not null && plan.Write == WriteMode.Insert)
            {
                throw new PawlException(Fault.Data, Codes.RowRefused, ("table", plan.Target), ("cause", "duplicate key"), ("key", key));
            }
            if (old is null) inserted++;
            else if (old == text) unchanged++;
            else updated++;
            writes.Add(new RowWrite(table, lane.Name, key, old, text));
        }
        tx.Rows.AddRange(writes);
        foreach (var write in writes)
        {
            if (write.Key is not null) table.Locked[write.Key] = tx;
        }
        written = new RowsWritten(new WriteCounts { Inserted = inserted, Updated = updated, Unchanged = unchanged,
            Rejected = rejected.Count }, rejected);
        return null;
    }

    private static string? Seen(TargetTable table, Transaction tx, List<RowWrite> writes, string key)
    {
        for (var i = writes.Count - 1; i >= 0; i--)
        {
            if (writes[i].Key == key) return writes[i].New;
        }
        for (var i = tx.Rows.Count - 1; i >= 0; i--)
        {
            if (tx.Rows[i].Key == key && tx.Rows[i].Table == table) return tx.Rows[i].New;
        }
        return table.ByKey.GetValueOrDefault(key);
    }

    private static RejectedRow Reject(TablePlan plan, LaneId lane, string text)
    {
        if (plan.RejectLimit == 0)
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", plan.Target), ("cause", "refused"), ("row", text));
        return new RejectedRow
        {
            Lane = lane,
            Table = plan.Source,
            Row = "{\"row\":\"" + text + "\"}",
            Code = Codes.RowRefused,
            Cause = "refused",
            Where = text,
        };
    }

    /// <summary>
    /// Removes what is committed now and what the transaction itself wrote; rows that others have not committed stay unseen.
    /// </summary>
    public static Transaction? Empty(Server server, Connection c, TablePlan plan, out bool done)
    {
        done = true;
        if (c.Open is not { } tx) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "emptying outside a transaction"));
        if (!server.Db.Tables.TryGetValue(plan.Target.ToString(), out var table)) return null;
        if (table.Unique)
        {
            foreach (var key in table.ByKey.Keys)
            {
                if (table.Locked.TryGetValue(key, out var owner) && owner != tx) return owner;
            }
            foreach (var (key, row) in table.ByKey)
            {
                tx.Rows.Add(new RowWrite(table, "", key, row, null));
                table.Locked[key] = tx;
            }
            return null;
        }
        foreach (var row in table.All()) tx.Rows.Add(new RowWrite(table, "", null, row, null));
        return null;
    }
}
