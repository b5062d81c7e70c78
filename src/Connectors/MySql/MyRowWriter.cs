using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Writes the rows of one plan on one session, in the open transaction. Where the server takes them, by a prepared INSERT of many rows in
/// binary form: it reads no text, and refuses what does not fit. Elsewhere by LOAD DATA LOCAL, which is fast and forgiving: a row that is
/// there already it leaves out, what does not fit it cuts, and all of it is a count of warnings. So its answer has to say that every row
/// went in as it was sent; else the piece is taken back and written again by INSERT. What an INSERT refuses is written in halves until the
/// row is found. Counts are the server's. One caller at a time.
/// </summary>
internal sealed class MyRowWriter : IDisposable
{
    /// <summary>Bytes of a statement of many rows; less where the server takes less.</summary>
    private const int MostStatement = 4 << 20;

    private readonly MyTargetSession session;
    private readonly MyTargetColumns columns;
    private readonly MyTargetCell[] cells;
    private readonly MyRowBuffer buffer = new();
    private readonly MyUpsert? upsert;
    private readonly TableName into;
    private readonly string load, insert, prepared;
    /// <summary>For each parameter of <see cref="prepared"/> its type.</summary>
    private readonly byte[] wire;
    private MyStatement? statement;
    private readonly List<RejectedRow> rejected = [];
    private WriteCounts counts;
    private LaneId lane;
    /// <summary>Of the row that <see cref="PutRow"/> put last: a statement is too short for it, LOAD DATA is not.</summary>
    private bool isTooLong;

    /// <exception cref="PawlException">The table does not fit the plan.</exception>
    public MyRowWriter(MyTargetSession session, TablePlan plan, MyTargetTable target)
    {
        (this.session, Plan) = (session, plan);
        columns = MyTargetColumns.Match(target, plan, session.Server);
        cells = [.. columns.Written];
        upsert = plan.Write == WriteMode.Upsert ? new MyUpsert(session, plan, columns) : null;
        into = upsert?.Stage ?? target.Name;
        var fields = columns.Written.Select((c, i) => c.Setter("") is null ? MyQuote.Name(c.Target.Name) : Field(i));
        var setters = columns.Written.Select((c, i) => c.Setter(Field(i)) is { } made ? $"{MyQuote.Name(c.Target.Name)} = {made}" : null)
            .OfType<string>().ToArray();
        // Bytes, not escapes: what a backslash means is the sql_mode's business.
        load = $"{(upsert is null ? "" : "replace ")}into table {MyQuote.Name(into)} character set utf8mb4 fields terminated by x'09' "
            + $"escaped by x'5C' lines terminated by x'0A' ({string.Join(", ", fields)})"
            + (setters.Length == 0 ? "" : $" set {string.Join(", ", setters)}");
        insert = $"{(upsert is null ? "insert" : "replace")} into {MyQuote.Name(into)} "
            + $"({MyQuote.Names(columns.Written.Select(c => c.Target.Name))}) values ";
        prepared = $"{insert}({string.Join(", ", columns.Written.Select(_ => "?"))})";
        wire = [.. columns.Written.SelectMany(c => new[] { (byte)c.Wire, c.IsWireUnsigned ? (byte)0x80 : (byte)0 })];
    }

    public TablePlan Plan { get; }

    public MyTargetTable Target => columns.Target;

    private bool IsBulk => session.Bulk && columns.Written.Count > 0;

    public async ValueTask<RowsWritten> WriteAsync(LaneId of, IReadOnlyList<RowBatch> batches, CancellationToken ct)
    {
        (counts, lane) = (default, of);
        rejected.Clear();
        foreach (var batch in batches)
        {
            Check(batch);
            foreach (var cell in columns.Written) cell.Attach(batch.Columns[cell.Place]);
            try
            {
                await WriteAsync(batch, ct).ConfigureAwait(false);
            }
            finally
            {
                foreach (var cell in columns.Written) cell.Detach();
                buffer.Clear();
            }
        }
        return new RowsWritten(counts, [.. rejected]);
    }

    private async ValueTask WriteAsync(RowBatch batch, CancellationToken ct)
    {
        if (batch.Rows == 0) return;
        if (IsBulk && statement is null) await PrepareAsync(ct).ConfigureAwait(false);
        if (!IsBulk && columns.Written.Count > 0 && session.Loads && await LoadAsync(batch, ct).ConfigureAwait(false)) return;
        var pieces = new Stack<(int From, int To)>([(0, batch.Rows)]);
        while (pieces.TryPop(out var piece))
        {
            var (from, to) = piece;
            if (from >= to) continue;
            await session.ExecuteAsync("savepoint pawl_rows", ct).ConfigureAwait(false);
            var (before, refused) = (counts, rejected.Count);
            try
            {
                var through = await InsertAsync(batch, from, to, ct).ConfigureAwait(false);
                if (through < to) pieces.Push((through, to));
            }
            catch (PawlException e) when (e.Fault == Fault.Data && MyFaults.IsConstraint(e))
            {
                await session.BackToAsync("pawl_rows", ct).ConfigureAwait(false);
                counts = before;
                rejected.RemoveRange(refused, rejected.Count - refused);
                if (to - from > 1)
                {
                    var middle = from + (to - from) / 2;
                    pieces.Push((middle, to));
                    pieces.Push((from, middle));
                }
                else
                {
                    var placed = Placed(batch, e, from);
                    if (!Plan.SetsAside) throw placed;
                    Reject(batch, from, placed);
                }
            }
            catch (PawlException e) when (session.Loads && IsLoadRefused(e))
            {
                await session.BackToAsync("pawl_rows", ct).ConfigureAwait(false);
                counts = before;
                rejected.RemoveRange(refused, rejected.Count - refused);
                session.Loads = false;
                pieces.Push((from, to));
            }
        }
    }

    /// <summary>A server that keeps no more prepared statements takes rows in other ways.</summary>
    private async ValueTask PrepareAsync(CancellationToken ct)
    {
        if (upsert is not null) await upsert.ClearAsync(ct).ConfigureAwait(false);
        await session.ExecuteAsync("savepoint pawl_rows", ct).ConfigureAwait(false);
        try
        {
            statement = await session.PrepareAsync(prepared, ct, into, Grant()).ConfigureAwait(false);
        }
        catch (PawlException e) when (e.InnerException is MyServerException said && MyFaults.IsPrepareRefused(said))
        {
            session.Bulk = false;
            await session.BackToAsync("pawl_rows", ct).ConfigureAwait(false);
        }
    }

    /// <returns>False: a row was not taken as it was sent, and nothing of it is left.</returns>
    private async ValueTask<bool> LoadAsync(RowBatch batch, CancellationToken ct)
    {
        await session.ExecuteAsync("savepoint pawl_rows", ct).ConfigureAwait(false);
        buffer.Clear();
        long sent = 0;
        var (before, refused) = (counts, rejected.Count);
        for (var row = 0; row < batch.Rows; row++)
        {
            if (PutRow(batch, row, MyRowForm.Load)) sent++;
        }
        if (sent == 0) return true;
        try
        {
            if (upsert is not null) await upsert.ClearAsync(ct).ConfigureAwait(false);
            var ok = await session.LoadAsync(load, buffer.Written, ct, into, Grant()).ConfigureAwait(false);
            var isWhole = ok.Records == sent && ok.Skipped == 0 && ok.Warnings == 0 && (ok.InfoWarnings ?? 0) == 0
                && (upsert is not null || ok.Deleted == 0);
            if (isWhole)
            {
                counts += upsert is null ? new WriteCounts { Inserted = sent } : await upsert.MergeAsync(sent, ct).ConfigureAwait(false);
                return true;
            }
        }
        catch (PawlException e) when (e.Fault == Fault.Data && MyFaults.IsConstraint(e))
        {
            // A foreign key, a check: found again row by row.
        }
        catch (PawlException e) when (IsLoadRefused(e))
        {
            session.Loads = false;
        }
        await session.BackToAsync("pawl_rows", ct).ConfigureAwait(false);
        counts = before;
        rejected.RemoveRange(refused, rejected.Count - refused);
        return false;
    }

    /// <summary>Some rows in one statement, as many as it holds.</summary>
    /// <returns>The first row that was not written.</returns>
    private async ValueTask<int> InsertAsync(RowBatch batch, int from, int to, CancellationToken ct)
    {
        var most = Math.Min(MostStatement, session.Server.MaxAllowedPacket - 1024);
        var form = IsBulk ? MyRowForm.Bulk : MyRowForm.Insert;
        buffer.Clear();
        buffer.Put(IsBulk ? wire : Encoding.UTF8.GetBytes(insert));
        long sent = 0;
        var row = from;
        for (; row < to; row++)
        {
            var length = buffer.Length;
            if (sent > 0 && form == MyRowForm.Insert) buffer.Put((byte)',');
            if (!PutRow(batch, row, form))
            {
                buffer.BackTo(length);
                if (!isTooLong) continue;
                if (sent > 0) break;
                await LoadRowAsync(batch, row, ct).ConfigureAwait(false);
                return row + 1;
            }
            if (sent > 0 && buffer.Length > most)
            {
                buffer.BackTo(length);
                break;
            }
            sent++;
        }
        if (sent == 0) return row;
        if (upsert is not null) await upsert.ClearAsync(ct).ConfigureAwait(false);
        var ok = IsBulk
            ? await session.ExecuteAsync(statement!, buffer.Written, insert, ct, into, Grant()).ConfigureAwait(false)
            : await session.ExecuteAsync(buffer.Written, insert, ct, into, Grant()).ConfigureAwait(false);
        if (ok.Warnings > 0) throw await WarnedAsync(ct).ConfigureAwait(false);
        var counted = sent == 1 && ok.Records is null ? 1 : ok.Records ?? ok.AffectedRows;
        if (counted != sent || (upsert is null && ok.AffectedRows != sent))
        {
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", Plan.Target),
                ("cause", $"of {sent} rows the server took {ok.AffectedRows}: a trigger or a rule left some out"));
        }
        counts += upsert is null ? new WriteCounts { Inserted = sent } : await upsert.MergeAsync(sent, ct).ConfigureAwait(false);
        return row;
    }

    /// <summary>A row that no statement holds; LOAD DATA knows no such limit.</summary>
    private async ValueTask LoadRowAsync(RowBatch batch, int row, CancellationToken ct)
    {
        buffer.Clear();
        if (!PutRow(batch, row, MyRowForm.Load)) return;
        if (upsert is not null) await upsert.ClearAsync(ct).ConfigureAwait(false);
        var ok = await session.LoadAsync(load, buffer.Written, ct, into, Grant()).ConfigureAwait(false);
        if (ok.Warnings > 0) throw await WarnedAsync(ct).ConfigureAwait(false);
        if (ok.Records != 1 || ok.Skipped != 0)
        {
            throw new PawlException(Fault.Data, Codes.RowRefused, ("table", Plan.Target),
                ("cause", $"of {1} rows the server took {ok.AffectedRows}: a trigger or a rule left some out"));
        }
        counts += upsert is null ? new WriteCounts { Inserted = 1 } : await upsert.MergeAsync(1, ct).ConfigureAwait(false);
    }

    /// <summary>False: the row was set aside, or it <see cref="isTooLong"/> for a statement and may be loaded.</summary>
    private bool PutRow(RowBatch batch, int row, MyRowForm form)
    {
        var start = buffer.Length;
        if (form == MyRowForm.Insert) buffer.Put((byte)'(');
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0 && form != MyRowForm.Bulk) buffer.Put(form == MyRowForm.Load ? (byte)'\t' : (byte)',');
            if (cells[i].Put(buffer, row, form) is not { } unfit) continue;
            buffer.BackTo(start);
            return Unfit(batch, row, cells[i].Target.Name, unfit, form);
        }
        if (form != MyRowForm.Bulk) buffer.Put(form == MyRowForm.Load ? (byte)'\n' : (byte)')');
        var (bytes, most) = (buffer.Length - start, form == MyRowForm.Load ? MyTargetCell.MostLoaded : MostRow);
        if (bytes <= most) return true;
        buffer.BackTo(start);
        return Unfit(batch, row, null, new MyUnfit(Codes.ValueTooLarge, form == MyRowForm.Load ? MyTargetCell.BeyondLoad
            : "a row longer than max_allowed_packet of the server", bytes, most), form);
    }

    /// <returns>False.</returns>
    private bool Unfit(RowBatch batch, int row, string? column, MyUnfit why, MyRowForm form)
    {
        isTooLong = why.Code == Codes.ValueTooLarge && form != MyRowForm.Load && session.Loads;
        if (isTooLong) return false;
        var refused = Refused(batch, row, column, why, form);
        if (!Plan.SetsAside) throw refused;
        Reject(batch, row, refused);
        return false;
    }

    /// <summary>Bytes that a row may have in a statement of its own.</summary>
    private long MostRow => Math.Max(1024, session.Server.MaxAllowedPacket - Encoding.UTF8.GetByteCount(insert) - wire.Length - 1024);

    private static bool IsLoadRefused(PawlException e) =>
        e.InnerException is MyServerException said && MyFaults.IsLoadRefused(said);

    /// <summary>Whether a row with the key of the batch's only row is there.</summary>
    public async ValueTask<bool> HoldsKeyAsync(RowBatch batch, CancellationToken ct)
    {
        Check(batch);
        var key = Plan.TargetSchema.Key.Columns.Select(place => columns.Written.FirstOrDefault(c => c.Place == place)).ToArray();
        buffer.Clear();
        var doing = $"select 1 from {columns.Target.Quoted} where ";
        buffer.Put(Encoding.UTF8.GetBytes(doing));
        for (var i = 0; i < key.Length; i++)
        {
            if (key[i] is not { } cell) return false;
            cell.Attach(batch.Columns[cell.Place]);
            buffer.Put(Encoding.UTF8.GetBytes($"{(i == 0 ? "" : " and ")}{MyQuote.Name(cell.Target.Name)} = "));
            // A value the column cannot hold is in no row, and a null is equal to nothing.
            var isNull = batch.Columns[cell.Place].IsNull(0);
            var unfit = isNull ? null : cell.Put(buffer, 0, MyRowForm.Insert);
            cell.Detach();
            if (isNull || unfit is not null) return false;
        }
        buffer.Put(" limit 1"u8);
        var found = await session.RowsAsync(buffer.Written, doing, ct, columns.Target.Name).ConfigureAwait(false);
        return found.Count > 0;
    }

    /// <summary>INSERT refuses what it cannot take; what it took with a warning is another value than the one that was sent.</summary>
    private async ValueTask<PawlException> WarnedAsync(CancellationToken ct)
    {
        var warnings = await session.RowsAsync("show warnings limit 1", ct).ConfigureAwait(false);
        if (warnings.Count == 0)
        {
            return new PawlException(Fault.Data, Codes.ValueBeyond, ("table", Plan.Target),
                ("cause", "the server warned, and did not say of what"));
        }
        var said = new MyServerException(int.Parse(warnings[0][1]!, System.Globalization.CultureInfo.InvariantCulture), "HY000",
            warnings[0][2]!);
        var fault = MyFaults.Classify(said, session.Options.Server, insert, Plan.Target);
        var known = fault.Details.Where(d => d.Key != "sql").Select(d => (d.Key, (object?)d.Value)).ToArray();
        return new PawlException(Fault.Data, fault.Fault == Fault.Data ? fault.Code : Codes.ValueBeyond, said, known);
    }

    private PawlException Refused(RowBatch batch, int row, string? column, MyUnfit why, MyRowForm form)
    {
        // As the server would say it of a row that gets as far.
        var code = why.Code == Codes.NullRefused ? Codes.RowRefused : why.Code;
        List<(string, object?)> details = [("table", Plan.Target), ("cause", why.Cause), ("found", why.Cause), ("row", row)];
        if (column is not null) details.Add(("column", column));
        if (why.Code == Codes.NullRefused) details.Add(("native", "1048"));
        if (why.Code == Codes.ValueTooLarge)
        {
            details.AddRange([("bytes", why.Bytes), ("limit", why.Limit)]);
            if (form != MyRowForm.Load) details.Add(("raise", MyFaults.Raise(why.Bytes)));
        }
        if (KeyText(batch, row) is { } key) details.Add(("where", key));
        return new PawlException(Fault.Data, code, [.. details]);
    }

    /// <summary>The server's own words, with the row they are about.</summary>
    private PawlException Placed(RowBatch batch, PawlException e, int row)
    {
        var details = e.Details.Where(d => d.Key is not ("table" or "row" or "where" or "sql")).Select(d => (d.Key, (object?)d.Value))
            .ToList();
        details.AddRange([("table", Plan.Target), ("row", row)]);
        if (e.Code == Codes.TypeMismatch && !e.Details.ContainsKey("found")) details.Add(("found", e.Details.GetValueOrDefault("cause")));
        if (e.Code == Codes.ValueTooLarge && !e.Details.ContainsKey("limit"))
        {
            details.AddRange([("bytes", buffer.Length), ("limit", session.Server.MaxAllowedPacket),
                ("raise", MyFaults.Raise(buffer.Length))]);
        }
        if (KeyText(batch, row) is { } key) details.Add(("where", key));
        return new PawlException(e.Fault, e.Code, e.InnerException, [.. details]);
    }

    private void Reject(RowBatch batch, int row, PawlException why)
    {
        rejected.Add(new RejectedRow
        {
            Lane = lane,
            Table = Plan.Source,
            Row = RowJson.Write(batch, row),
            Column = why.Details.GetValueOrDefault("column"),
            Code = MyFaults.RejectCode(why),
            Cause = why.Details.GetValueOrDefault("cause") ?? "",
            Where = KeyText(batch, row),
        });
        counts += new WriteCounts { Rejected = 1 };
    }

    private string? KeyText(RowBatch batch, int row) => batch.Place is { } place ? place(row)
        : Plan.TargetSchema.Key.Columns.Count == 0 ? null : RowJson.Write(batch, row, Plan.TargetSchema.Key.Columns);

    private string Grant() => upsert is null ? MyGrants.Of("insert", columns.Target.Name, session.Options)
        : MyGrants.OfDatabase("create temporary tables", columns.Target.Name.Schema!, session.Options);

    private void Check(RowBatch batch)
    {
        if (batch.Schema.Columns.Count == Plan.TargetSchema.Columns.Count && batch.Ops is null) return;
        throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", Plan.Target), ("what", "batch does not have the plan's shape"));
    }

    private static string Field(int place) => FormattableString.Invariant($"@pawl{place}");

    public void Dispose()
    {
        if (statement is not null) session.Forget(statement);
        statement = null;
        buffer.Dispose();
    }
}
