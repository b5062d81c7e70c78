using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Writes the rows of one plan on one session, in the open transaction: by COPY into the table, or for an upsert by COPY into a temporary
/// table and one statement from there. Counts are the server's. One caller at a time.
/// </summary>
internal sealed partial class PgRowWriter : IDisposable
{
    private readonly PgSession session;
    private readonly PgColumns columns;
    private readonly PgCopyEncoder encoder;
    private readonly PgCopyIn copy;
    private readonly PgRowStream stream;
    private readonly PgUpsert? upsert;
    private readonly string command;
    private readonly List<RejectedRow> rejected = [];
    private WriteCounts counts;
    private LaneId lane;

    private PgRowWriter(PgSession session, TablePlan plan, PgColumns columns)
    {
        (this.session, this.columns, Plan) = (session, columns, plan);
        upsert = plan.Write == WriteMode.Upsert ? new PgUpsert(session, plan, columns) : null;
        IReadOnlyList<PgCopyColumn> written = upsert is null ? columns.Written
            : [.. columns.Written, new PgCopyColumn(-1, PgUpsert.NumberColumn, null)];
        encoder = new PgCopyEncoder(written, columns.IsText);
        copy = new PgCopyIn(session.Connection);
        // A table without columns has rows, too, and no list of its columns can be written.
        var list = written.Count == 0 ? "" : $"({string.Join(", ", written.Select(c => PgNames.Quote(c.Name)))}) ";
        var into = $"copy {upsert?.Stage ?? columns.Target.Quoted} {list}from stdin (format ";
        command = $"{into}{(columns.IsText ? "text" : "binary")})";
        // An upsert numbers its rows, and rows that the server alone can read cannot be set aside one by one.
        var format = upsert is null ? columns.WireFormat(session.Version) : null;
        if (format is not null && (!plan.SetsAside || !columns.HasNative)) WireFormat = format;
        stream = new PgRowStream(copy, encoder, command, $"{into}binary)", WireFormat);
    }

    public TablePlan Plan { get; }

    /// <summary>The format in which rows are taken undecoded; null = none.</summary>
    public string? WireFormat { get; }

    /// <summary>Rows go into one COPY over several batches: none of them can be set aside, and none needs a second statement.</summary>
    public bool Streams => upsert is null && !Plan.SetsAside;

    /// <exception cref="PawlException">The table is gone or does not fit the plan.</exception>
    public static async ValueTask<PgRowWriter> OpenAsync(PgSession session, TablePlan plan, CancellationToken ct)
    {
        var target = await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false)
            ?? throw plan.TargetGone();
        PgSurroundings.CheckTarget(session.Options, plan.Target, target);
        return new PgRowWriter(session, plan, PgColumns.Match(target, plan));
    }

    private async ValueTask SkipTriggersAsync(CancellationToken ct)
    {
        if (session.Options.Triggers != PgTriggers.Skip) return;
        await session.ExecuteAsync("set local session_replication_role = replica", ct, columns.Target.Name,
            $"grant set on parameter session_replication_role to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
    }

    /// <summary>Sends a batch into the open COPY, or begins one. Takes the batch over.</summary>
    public async ValueTask SendAsync(LaneId of, RowBatch batch, CancellationToken ct)
    {
        lane = of;
        stream.Hold(batch);
        Check(batch);
        if (!stream.IsOpen) await SkipTriggersAsync(ct).ConfigureAwait(false);
        await StreamAsync(async () => await stream.SendAsync(batch, (row, refusal) => throw Refused(batch, row, refusal), ct)
            .ConfigureAwait(false), ct).ConfigureAwait(false);
    }

    /// <summary>Ends the COPY that is open; nothing to do when there is none.</summary>
    public async ValueTask<RowsWritten> EndAsync(CancellationToken ct)
    {
        if (!stream.IsOpen) return new RowsWritten(default, []);
        var (counted, sent) = await StreamAsync(() => stream.EndAsync(ct), ct).ConfigureAwait(false);
        CheckCounted(counted, sent);
        return new RowsWritten(new WriteCounts { Inserted = counted }, []);
    }

    /// <summary>Before the transaction is rolled back. Never throws.</summary>
    public ValueTask AbandonAsync() => stream.AbandonAsync();

    private async ValueTask<T> StreamAsync<T>(Func<ValueTask<T>> step, CancellationToken ct)
    {
        try
        {
            return await session.GuardAsync(async () => await step().ConfigureAwait(false), command, ct, columns.Target.Name, Grant())
                .ConfigureAwait(false);
        }
        catch (PawlException e) when (IsRowAtFault(e) && e.InnerException is PostgresException said)
        {
            var (batch, row) = stream.Find(LineOf(said));
            throw batch is null ? e : Placed(batch, e, row);
        }
    }

    public async ValueTask<RowsWritten> WriteAsync(LaneId of, IReadOnlyList<RowBatch> batches, CancellationToken ct)
    {
        (counts, lane) = (default, of);
        rejected.Clear();
        await SkipTriggersAsync(ct).ConfigureAwait(false);
        foreach (var batch in batches)
        {
            Check(batch);
            if (batch.Wire is not null && await WriteWireAsync(batch, ct).ConfigureAwait(false)) continue;
            encoder.Attach(batch);
            try
            {
                if (Plan.SetsAside) await WriteSoundAsync(batch, 0, batch.Rows, ct).ConfigureAwait(false);
                else await WriteAllAsync(batch, 0, batch.Rows, ct).ConfigureAwait(false);
            }
            finally
            {
                encoder.Detach();
            }
        }
        return new RowsWritten(counts, [.. rejected]);
    }

    /// <summary>Rows as they came, when the server takes all of them; false when one has to be found and set aside.</summary>
    private async ValueTask<bool> WriteWireAsync(RowBatch batch, CancellationToken ct)
    {
        if (batch.Wire!.Format != WireFormat) return false;
        await session.ExecuteAsync("savepoint pawl_rows", ct).ConfigureAwait(false);
        var before = counts;
        try
        {
            await StreamAsync(() => stream.SendAsync(batch, static (_, _) => { }, ct), ct).ConfigureAwait(false);
            var (counted, sent) = await StreamAsync(() => stream.EndAsync(ct), ct).ConfigureAwait(false);
            CheckCounted(counted, sent);
            counts += new WriteCounts { Inserted = counted };
            await session.ExecuteAsync("release savepoint pawl_rows", ct).ConfigureAwait(false);
            return true;
        }
        catch (PawlException e) when (IsRowAtFault(e))
        {
            counts = before;
            await stream.AbandonAsync().ConfigureAwait(false);
            await session.ExecuteAsync("rollback to savepoint pawl_rows", ct).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>
    /// Writes what can be written and sets the rest aside. The server names the row that it stumbled over, so the rows before it are
    /// written again without it; where it does not, the piece is halved.
    /// </summary>
    private async ValueTask WriteSoundAsync(RowBatch batch, int from, int to, CancellationToken ct)
    {
        var pieces = new Stack<(int From, int To)>([(from, to)]);
        while (pieces.TryPop(out var piece))
        {
            if (piece.From >= piece.To) continue;
            await session.ExecuteAsync("savepoint pawl_rows", ct).ConfigureAwait(false);
            var (before, refused) = (counts, rejected.Count);
            try
            {
                await WriteAllAsync(batch, piece.From, piece.To, ct).ConfigureAwait(false);
                await session.ExecuteAsync("release savepoint pawl_rows", ct).ConfigureAwait(false);
                continue;
            }
            catch (PawlException e) when (IsRowAtFault(e))
            {
                await session.ExecuteAsync("rollback to savepoint pawl_rows", ct).ConfigureAwait(false);
                counts = before;
                rejected.RemoveRange(refused, rejected.Count - refused);
                if (piece.To - piece.From == 1)
                {
                    Reject(batch, piece.From, e);
                    continue;
                }
                var row = RowIn(e) ?? -1;
                if (row > piece.From && row < piece.To)
                {
                    pieces.Push((row, piece.To));
                    pieces.Push((piece.From, row));
                }
                else if (row == piece.From)
                {
                    pieces.Push((row + 1, piece.To));
                    pieces.Push((row, row + 1));
                }
                else
                {
                    var middle = piece.From + (piece.To - piece.From) / 2;
                    pieces.Push((middle, piece.To));
                    pieces.Push((piece.From, middle));
                }
            }
        }
    }

    private async ValueTask WriteAllAsync(RowBatch batch, int from, int to, CancellationToken ct)
    {
        if (from >= to) return;
        List<int>? skipped = null;
        long counted, sent;
        if (upsert is not null) await upsert.ClearAsync(ct).ConfigureAwait(false);
        try
        {
            (counted, sent) = await session.GuardAsync(async () => await copy.SendAsync(command, encoder, from, to, (row, refusal) =>
            {
                var error = Refused(batch, row, refusal);
                if (!Plan.SetsAside) throw error;
                (skipped ??= []).Add(row);
                Reject(batch, row, error);
            }, ct).ConfigureAwait(false), command, ct, columns.Target.Name, Grant()).ConfigureAwait(false);
        }
        catch (PawlException e) when (IsRowAtFault(e) && e.InnerException is PostgresException said)
        {
            throw Placed(batch, e, RowOf(said, from, to, skipped));
        }
        CheckCounted(counted, sent);
        if (upsert is null) counts += new WriteCounts { Inserted = counted };
        else counts += await MergeAsync(batch, from, to, counted, ct).ConfigureAwait(false);
    }

    /// <summary>Whether a row with the key of the batch's only row is there.</summary>
    public ValueTask<bool> HoldsKeyAsync(RowBatch batch, CancellationToken ct)
    {
        Check(batch);
        return PgKeyLook.HoldsAsync(session, columns.Target, batch, Plan.TargetSchema.Key.Columns, ct);
    }

    private async ValueTask<WriteCounts> MergeAsync(RowBatch batch, int from, int to, long staged, CancellationToken ct)
    {
        try
        {
            return await upsert!.MergeAsync(staged, ct).ConfigureAwait(false);
        }
        catch (PawlException e) when (IsRowAtFault(e))
        {
            throw Placed(batch, e, to - from == 1 ? from : null);
        }
    }

    private void CheckCounted(long counted, long sent)
    {
        if (counted == sent) return;
        throw new PawlException(Fault.Data, Codes.RowRefused, ("table", Plan.Target),
            ("cause", $"of {sent} rows the server took {counted}: a trigger or a rule left some out"));
    }

    private static bool IsRowAtFault(PawlException e) => e.Fault == Fault.Data && PgFaults.IsConstraint(e);

    /// <summary>The server's own words, with the row and the column they are about.</summary>
    private PawlException Placed(RowBatch batch, PawlException e, int? row)
    {
        var details = e.Details.Where(d => d.Key is not ("table" or "row" or "where" or "sql"))
            .Select(d => (d.Key, (object?)d.Value)).ToList();
        details.Add(("table", Plan.Target));
        if (!e.Details.ContainsKey("column") && e.InnerException is PostgresException { Where: { } context }
            && ColumnPlace().Match(context) is { Success: true } match)
        {
            details.Add(("column", match.Groups[1].Value));
        }
        if (e.Code == Codes.TypeMismatch) details.Add(("found", e.Details["cause"]));
        if (row is { } place)
        {
            details.Add(("row", place));
            if (KeyText(batch, place) is { } key) details.Add(("where", key));
        }
        return new PawlException(e.Fault, e.Code, e.InnerException, [.. details]);
    }

    private static int? RowIn(PawlException e) => e.Details.TryGetValue("row", out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var row) ? row : null;

    /// <summary>COPY counts the rows it was sent from 1; rows that were held back are not among them.</summary>
    private static int? RowOf(PostgresException e, int from, int to, List<int>? skipped)
    {
        if (LineOf(e) is not { } line) return to - from == 1 ? from : null;
        var row = from + line - 1;
        foreach (var held in skipped ?? [])
        {
            if (held <= row) row++;
        }
        return row >= from && row < to ? row : null;
    }

    /// <summary>1-based; null when the server does not say.</summary>
    private static int? LineOf(PostgresException e) => e.Where is { } context && LinePlace().Match(context) is { Success: true } match
        && int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var line) ? line : null;

    private PawlException Refused(RowBatch batch, int row, PgRowRefusal refusal)
    {
        var why = refusal.Why;
        List<(string, object?)> details =
            [("table", Plan.Target), ("column", refusal.Column), ("cause", why.Cause), ("found", why.Cause), ("row", row)];
        if (why.Code == Codes.ValueTooLarge) details.AddRange([("bytes", why.Bytes), ("limit", why.Limit)]);
        if (KeyText(batch, row) is { } key) details.Add(("where", key));
        return new PawlException(Fault.Data, why.Code, [.. details]);
    }

    private void Reject(RowBatch batch, int row, PawlException why)
    {
        rejected.Add(new RejectedRow
        {
            Lane = lane,
            Table = Plan.Source,
            Row = RowJson.Write(batch, row),
            Column = why.Details.GetValueOrDefault("column"),
            Code = PgFaults.RejectCode(why),
            Cause = why.Details.GetValueOrDefault("cause") ?? "",
            Where = KeyText(batch, row),
        });
        counts += new WriteCounts { Rejected = 1 };
    }

    private string? KeyText(RowBatch batch, int row) =>
        batch.Place is { } place ? place(row)
            : Plan.TargetSchema.Key.Columns.Count == 0 || batch.Wire is PgWireRows { CanDecode: false } ? null
            : RowJson.Write(batch, row, Plan.TargetSchema.Key.Columns);

    private string Grant() => $"grant {(upsert is null ? "insert" : "select, insert, update")} on table {columns.Target.Quoted} "
        + $"to {PgNames.Quote(session.Options.User)}";

    private void Check(RowBatch batch)
    {
        if (batch.Schema.Columns.Count == Plan.TargetSchema.Columns.Count && batch.Ops is null) return;
        throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", Plan.Target), ("what", "batch does not have the plan's shape"));
    }

    public void Dispose()
    {
        stream.Dispose();
        encoder.Dispose();
        copy.Dispose();
    }

    [GeneratedRegex(@"^COPY .*, line ([0-9]+)", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex LinePlace();

    [GeneratedRegex(@"^COPY .*, line [0-9]+, column ([^:\n]+)", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex ColumnPlace();
}
