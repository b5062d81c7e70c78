using System.Runtime.InteropServices;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using static Pawl.Connectors.Sqlite.SqliteNative;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Writes the rows of one plan on one connection, in the open transaction: everything prepared once, several rows a statement, no
/// allocation per row. What the server counted is what is reported. Blocking; one caller at a time.
/// </summary>
internal sealed class SqliteRowWriter : IDisposable
{
    private const int MaxRowsPerStatement = 32;
    private const int MaxParameters = 2_000;

    private readonly SqliteFile file;
    private readonly TablePlan plan;
    private readonly SqliteColumns columns;
    private readonly SqliteBinding[] bindings;
    private readonly SqliteStatement one;
    private readonly SqliteStatement? many;
    private readonly int rowsPerStatement;
    /// <summary>Upsert: the second half, for a row whose key is there already.</summary>
    private readonly SqliteStatement? update;
    private readonly int[] keyBindings = [];
    private readonly List<RejectedRow> rejected = [];
    private WriteCounts counts;

    public SqliteRowWriter(SqliteFile file, TablePlan plan)
    {
        this.file = file;
        this.plan = plan;
        columns = SqliteColumns.Match(file, plan);
        bindings = [.. columns.Written.Select(c => SqliteBinding.For(plan.TargetSchema.Columns[c.Place].Type, c.Affinity))];
        var names = columns.Written.Select(c => SqliteNames.Quote(c.Name)).ToArray();
        var isUpsert = plan.Write == WriteMode.Upsert;
        // A trigger may leave a row out (RAISE(IGNORE)), which only shows row by row.
        rowsPerStatement = isUpsert || columns.Shape.HasTriggers ? 1
            : Math.Clamp(MaxParameters / names.Length, 1, MaxRowsPerStatement);
        var conflict = "";
        if (isUpsert)
        {
            var key = columns.RequireKey(plan);
            conflict = $" on conflict ({SqliteTarget.Parts(key.Parts.Select(p => p with { Descending = false }))}) do nothing";
            keyBindings = [.. key.Parts.Select(p => IndexOf(p.Column))];
            update = file.Prepare(Update(names, key), kept: true);
        }
        one = file.Prepare(Insert(names, 1) + conflict, kept: true);
        if (rowsPerStatement > 1) many = file.Prepare(Insert(names, rowsPerStatement), kept: true);
    }

    public TablePlan Plan => plan;

    public RowsWritten Write(LaneId lane, IReadOnlyList<RowBatch> batches)
    {
        counts = default;
        rejected.Clear();
        foreach (var batch in batches) Write(lane, batch);
        return new RowsWritten(counts, [.. rejected]);
    }

    private void Write(LaneId lane, RowBatch batch)
    {
        Check(batch);
        var attached = 0;
        try
        {
            for (; attached < bindings.Length; attached++) bindings[attached].Attach(batch.Columns[columns.Written[attached].Place]);
            var row = 0;
            if (many is not null)
            {
                for (; row + rowsPerStatement <= batch.Rows; row += rowsPerStatement)
                {
                    if (!WriteMany(batch, row)) WriteEach(lane, batch, row, row + rowsPerStatement);
                }
            }
            WriteEach(lane, batch, row, batch.Rows);
        }
        finally
        {
            for (var i = 0; i < attached; i++) bindings[i].Detach();
            // The statements must not keep pointers into a batch that is about to be given back.
            one.Reset();
            many?.Reset();
            update?.Reset();
        }
    }

    /// <summary>False: the statement refused a row and left none of them; they are to be written one by one.</summary>
    private bool WriteMany(RowBatch batch, int from)
    {
        var handle = many!.Handle;
        var parameter = 1;
        for (var row = from; row < from + rowsPerStatement; row++)
        {
            for (var i = 0; i < bindings.Length; i++)
            {
                if (bindings[i].Bind(handle, parameter++, row) != Ok) return false;
            }
        }
        var code = Step(handle);
        // Also closes the failed statement; the code is the step's.
        _ = SqliteNative.Reset(handle);
        if (code != Done)
        {
            var error = file.Error(code, many.Sql);
            if (SqliteFaults.IsConstraint(error) && file.InTransaction) return false;
            throw error;
        }
        if (file.LastChanges != rowsPerStatement)
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", plan.Target), ("rows", rowsPerStatement),
                ("counted", file.LastChanges));
        }
        counts += new WriteCounts { Inserted = rowsPerStatement };
        return true;
    }

    private void WriteEach(LaneId lane, RowBatch batch, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            try
            {
                WriteOne(batch, row);
            }
            catch (PawlException e) when (SqliteFaults.IsConstraint(e) && plan.SetsAside && file.InTransaction)
            {
                Reject(lane, batch, row, e);
            }
        }
    }

    private void WriteOne(RowBatch batch, int row)
    {
        var changed = Run(one, batch, row, keys: false);
        if (changed == 1)
        {
            counts += new WriteCounts { Inserted = 1 };
            return;
        }
        if (changed == 0 && update is not null && Run(update, batch, row, keys: true) == 1)
        {
            counts += new WriteCounts { Updated = 1 };
            return;
        }
        throw Refused(batch, row, Codes.RowRefused, null, "a trigger left the row out", null);
    }

    /// <summary>Rows the statement changed.</summary>
    private long Run(SqliteStatement statement, RowBatch batch, int row, bool keys)
    {
        for (var i = 0; i < bindings.Length; i++) Bind(statement.Handle, i + 1, i, batch, row);
        for (var i = 0; keys && i < keyBindings.Length; i++) Bind(statement.Handle, bindings.Length + i + 1, keyBindings[i], batch, row);
        var code = Step(statement.Handle);
        if (code == Done)
        {
            var changed = file.LastChanges;
            _ = SqliteNative.Reset(statement.Handle);
            return changed;
        }
        var error = file.Error(code, statement.Sql);
        _ = SqliteNative.Reset(statement.Handle);
        if (!SqliteFaults.IsConstraint(error)) throw error;
        var message = error.Details["cause"] ?? "";
        throw Refused(batch, row, error.Code, ColumnIn(message), message, error);
    }

    private void Bind(nint statement, int parameter, int binding, RowBatch batch, int row)
    {
        var code = bindings[binding].Bind(statement, parameter, row);
        if (code == Ok) return;
        var column = columns.Written[binding].Name;
        throw code == SqliteBinding.NotStorable
            ? Refused(batch, row, Codes.TypeMismatch, column, "one SQLite cannot hold (NaN, -0.0, or a whole number above 2^63 - 1)",
                null)
            : Refused(batch, row, Codes.ValueTooLarge, column, file.Message(code), null);
    }

    private PawlException Refused(RowBatch batch, int row, string code, string? column, string cause, PawlException? inner)
    {
        List<(string, object?)> details = [("table", plan.Target), ("cause", cause)];
        if (column is not null) details.Add(("column", column));
        if (KeyText(batch, row) is { } key) details.Add(("where", key));
        if (code == Codes.TypeMismatch) details.Add(("found", cause));
        if (code == Codes.ValueTooLarge) details.AddRange([("bytes", batch.Bytes), ("limit", 1_000_000_000)]);
        if (inner is not null) details.Add(("native", inner.Details["native"]));
        return new PawlException(Fault.Data, code, inner, [.. details]);
    }

    private void Reject(LaneId lane, RowBatch batch, int row, PawlException why)
    {
        rejected.Add(new RejectedRow
        {
            Lane = lane,
            Table = plan.Source,
            Row = RowJson.Write(batch, row),
            Column = why.Details.GetValueOrDefault("column"),
            Code = SqliteFaults.RejectCode(why),
            Cause = why.Details["cause"] ?? "",
            Where = KeyText(batch, row),
        });
        counts += new WriteCounts { Rejected = 1 };
    }

    private string? KeyText(RowBatch batch, int row) =>
        batch.Place is { } place ? place(row)
            : plan.TargetSchema.Key.Columns.Count == 0 ? null : RowJson.Write(batch, row, plan.TargetSchema.Key.Columns);

    /// <summary>"NOT NULL constraint failed: table.column"; null where more than one column, or none, is named.</summary>
    private string? ColumnIn(string message)
    {
        // "cannot store TEXT value in INT column table.column" is said by tables that are STRICT.
        var mark = message.StartsWith("cannot store ", StringComparison.Ordinal) ? $" column {columns.Table}." : $": {columns.Table}.";
        var at = message.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0) return null;
        var name = message[(at + mark.Length)..];
        return columns.Written.Any(c => c.Name == name) ? name : null;
    }

    /// <summary>Whether a row with the key of the batch's only row is there.</summary>
    public bool HoldsKey(RowBatch batch)
    {
        Check(batch);
        var parts = plan.TargetSchema.Key.Columns.Select(Written).ToArray();
        var keyed = parts.Select((p, i) => $"{SqliteNames.Quote(columns.Written[p].Name)} = ?{i + 1}");
        using var look = file.Prepare($"select 1 from {SqliteNames.Quote(columns.Table)} where {string.Join(" and ", keyed)}");
        var attached = 0;
        try
        {
            for (; attached < parts.Length; attached++)
            {
                var part = parts[attached];
                bindings[part].Attach(batch.Columns[columns.Written[part].Place]);
            }
            // A value SQLite cannot hold is in no row.
            return parts.Select((p, i) => bindings[p].Bind(look.Handle, i + 1, 0)).All(code => code == Ok) && look.Step();
        }
        finally
        {
            look.Reset();
            for (var i = 0; i < attached; i++) bindings[parts[i]].Detach();
        }
    }

    private int Written(int place)
    {
        for (var i = 0; i < columns.Written.Count; i++)
        {
            if (columns.Written[i].Place == place) return i;
        }
        throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target),
            ("column", plan.TargetSchema.Columns[place].Name), ("cause", "the target computes it"));
    }

    private void Check(RowBatch batch)
    {
        if (batch.Columns.Length == plan.TargetSchema.Columns.Count && batch.Ops is null) return;
        throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", plan.Target), ("what", "batch does not have the plan's shape"));
    }

    private string Insert(string[] names, int rows)
    {
        var row = $"({string.Join(", ", names.Select(_ => "?"))})";
        // ABORT is said so that a table's own ON CONFLICT clause cannot drop or replace rows silently.
        return $"insert or abort into {SqliteNames.Quote(columns.Table)} ({string.Join(", ", names)}) values "
            + string.Join(", ", Enumerable.Repeat(row, rows));
    }

    private string Update(string[] names, SqliteIndex key)
    {
        var set = names.Select((n, i) => $"{n} = ?{i + 1}");
        var where = key.Parts.Select((p, i) =>
            $"{SqliteNames.Quote(p.Column)}{(p.Stated ? $" collate {p.Collation}" : "")} = ?{names.Length + i + 1}");
        return $"update or abort {SqliteNames.Quote(columns.Table)} set {string.Join(", ", set)} where {string.Join(" and ", where)}";
    }

    private int IndexOf(string column)
    {
        for (var i = 0; i < columns.Written.Count; i++)
        {
            if (SqliteNames.Same(columns.Written[i].Name, column)) return i;
        }
        throw new PawlException(Fault.Schema, Codes.UpsertNeedsKey, ("table", plan.Target), ("column", column));
    }

    public void Dispose()
    {
        one.Dispose();
        many?.Dispose();
        update?.Dispose();
    }
}
