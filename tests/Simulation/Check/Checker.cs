using System.Globalization;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>
/// What a stored plan was really opened for: the checker's memory of a generation, kept beside the plan's row and gone with it.
/// </summary>
/// <param name="OpenedAt">Virtual time.</param>
internal sealed record PlanTruth(SourceContent Content, TableRule Rule, IReadOnlyList<Split> Splits, long Generation, long OpenedAt);

/// <summary>
/// Looks at every commit with code of its own, at the raw state of the simulated target: do the rows written together with a ledger entry
/// equal the source's rows of exactly that range; was it the owner who wrote; do epochs, sequences and totals only rise; do the books
/// balance with what the server really stored.
/// </summary>
internal sealed class Checker(World world, Func<SimProcess, string, TableRule> ruleOf, Tally tally)
{
    private readonly Dictionary<(int Process, string Table), (SourceContent Content, IReadOnlyList<Split> Splits)> planned = [];
    private readonly Dictionary<string, long> newest = [];
    private readonly Dictionary<(int Process, string Generation), int> rejected = [];
    private readonly HashSet<(int Process, string Table)> opened = [];
    private readonly HashSet<(string Lane, long Sequence)> durable = [];
    private readonly Completion completion = new(world);

    public Completion Completion => completion;
    public long LastRestore { get; private set; } = -1;

    /// <summary>That process opened a generation of the table.</summary>
    public bool HasOpened(SimProcess process, string table) => opened.Contains((process.Id, table));

    public void OnSplit(SimProcess process, SourceContent content, ReadOptions options, IReadOnlyList<Split> splits)
    {
        _ = options;
        planned[(process.Id, content.Name)] = (content, splits);
    }

    public object? MarkInserted(Transaction tx, ControlTable table, object?[] row)
    {
        var process = tx.Connection.Client;
        if (table == ControlTables.Job || table == ControlTables.Lane) return process.Id;
        if (table != ControlTables.Plan) return null;
        var name = row.Text(table, "source_table");
        if (!planned.TryGetValue((process.Id, name), out var plan))
        {
            world.Fail("I5", $"{process.Name} stored a plan of {name} that it never made");
            return null;
        }
        return new PlanTruth(plan.Content, ruleOf(process, name), plan.Splits, row.Number(table, "generation"), world.Now);
    }

    public object? MarkUpdated(Transaction tx, ControlTable table, object?[] before, object?[] after, object? mark)
    {
        if (table != ControlTables.Job && table != ControlTables.Lane) return mark;
        return before.Number(table, "epoch") == after.Number(table, "epoch") ? mark : tx.Connection.Client.Id;
    }

    public void OnCommit(Database db, Transaction tx)
    {
        var entries = new List<object?[]>();
        foreach (var (table, cell, kind, before) in tx.Changes)
        {
            if (table == ControlTables.Ledger && kind == ChangeKind.Insert && cell.Pending is { } entry) entries.Add(entry);
            else if (table == ControlTables.Plan && !OnlyTicked(before, cell.Pending)) OnPlan(db, tx, cell, kind);
            else if (table == ControlTables.Lane && kind != ChangeKind.Delete) OnLane(db, tx, cell, before);
            else if (table == ControlTables.Ledger && kind == ChangeKind.Delete) Keeps(db, tx, before!);
            else if (table == ControlTables.Lane) OwnsJob(db, tx, before!.Text(table, "job"), "removed a lane");
            else if (table == ControlTables.Job && kind == ChangeKind.Update)
            {
                OnJob(tx, cell, before!);
                if (cell.Pending is { } job
                    && job.Number(table, "epoch") > before!.Number(table, "epoch")) OnTakeOver(before!, cell.CommittedMark);
            }
        }
        foreach (var entry in entries) OnEntry(db, tx, entry);
        foreach (var lane in tx.Rows.Select(r => r.Lane).Distinct())
        {
            if (lane.Length == 0)
            {
                if (!tx.Changes.Any(c => c.Table == ControlTables.Plan && c.Kind == ChangeKind.Insert))
                {
                    world.Fail("I2", $"{tx.Connection.Client.Name} emptied a target table outside a restart");
                }
            }
            else if (!entries.Any(e => e.Text(ControlTables.Ledger, "lane") == lane))
            {
                world.Fail("I4", $"rows of {lane} became durable without a ledger entry");
            }
        }
        tally.RowsWritten += tx.Rows.Count(r => r.New is not null);
    }

    public void AfterCommit(Database db, Transaction tx)
    {
        if (tx.Changes.Any(c => c.Table == ControlTables.Plan || c.Table == ControlTables.Ledger)) completion.Look(db);
    }

    public void OnRestore(Database db)
    {
        LastRestore = world.Now;
        newest.Clear();
        rejected.Clear();
        foreach (var plan in Live(db, ControlTables.Plan, null))
        {
            var name = plan.Row.Text(ControlTables.Plan, "source_table");
            newest[name] = Math.Max(newest.GetValueOrDefault(name), plan.Row.Number(ControlTables.Plan, "generation"));
        }
        completion.Look(db);
    }

    /// <summary>Compaction leaves a lane its newest entry.</summary>
    private void Keeps(Database db, Transaction tx, object?[] removed)
    {
        var t = ControlTables.Ledger;
        var (lane, sequence) = (removed.Text(t, "lane"), removed.Number(t, "seq"));
        if (Live(db, ControlTables.Lane, tx).All(l => l.Row.Text(ControlTables.Lane, "lane") != lane)) return;
        if (Live(db, t, tx).Any(l => l.Row.Text(t, "lane") == lane && l.Row.Number(t, "seq") > sequence)) return;
        world.Fail("I5", $"{lane}: the newest entry, {sequence}, was removed");
    }

    private static IEnumerable<(object?[] Row, ControlCell Cell)> Live(Database db, ControlTable table, Transaction? seenBy)
    {
        foreach (var cell in db.Of(table))
        {
            if (cell.SeenBy(seenBy) is { } row) yield return (row, cell);
        }
    }

    /// <summary>
    /// Work on a table locks its plan by the tick. Whoever lost the job meanwhile may still end such work: the next owner waits for the
    /// lock.
    /// </summary>
    private static bool OnlyTicked(object?[]? before, object?[]? after)
    {
        if (before is null || after is null) return false;
        var tick = ControlTables.Plan.At("tick");
        return !before.Where((value, at) => at != tick && !Equals(value, after[at])).Any();
    }

    private void OnPlan(Database db, Transaction tx, ControlCell cell, ChangeKind kind)
    {
        if (cell.Pending is not { } row) return;
        OwnsJob(db, tx, row.Text(ControlTables.Plan, "job"), "stored a plan");
        if (kind != ChangeKind.Insert) return;
        var table = row.Text(ControlTables.Plan, "source_table");
        var generation = row.Number(ControlTables.Plan, "generation");
        if (generation <= newest.GetValueOrDefault(table)) world.Fail("I5", $"generation {generation} of {table} was used before");
        newest[table] = generation;
        opened.Add((tx.Connection.Client.Id, table));
    }

    /// <summary>A runner said that a step is durable.</summary>
    public void OnReported(SimProcess process, string lane, long sequence)
    {
        if (!durable.Contains((lane, sequence))) world.Fail("I11",
            $"{process.Name} reported step {sequence} of {lane}, which was never durable");
    }

    /// <summary>Tables are made or changed only by the one that owns the job; asked inside the transaction that makes them.</summary>
    public void OnDdl(Database db, Transaction? tx, SimProcess process)
    {
        foreach (var (_, cell) in Live(db, ControlTables.Job, tx))
        {
            if (cell.MarkSeenBy(tx) is int raiser && raiser == process.Id) return;
        }
        world.Fail("I7", $"{process.Name} changed a table of a job that is not its own");
    }

    private void OnLane(Database db, Transaction tx, ControlCell cell, object?[]? before)
    {
        var row = cell.Pending;
        if (row is null) return;
        var epoch = row.Number(ControlTables.Lane, "epoch");
        if (before is not null && epoch < before.Number(ControlTables.Lane, "epoch"))
        {
            world.Fail("I5", $"epoch of {row.Text(ControlTables.Lane, "lane")} fell to {epoch}");
        }
        if (before is null || epoch != before.Number(ControlTables.Lane, "epoch"))
        {
            OwnsJob(db, tx, row.Text(ControlTables.Lane, "job"), "took lane " + row.Text(ControlTables.Lane, "lane"));
        }
    }

    private void OnJob(Transaction tx, ControlCell cell, object?[] before)
    {
        if (cell.Pending is not { } row) return;
        var table = ControlTables.Job;
        var (from, to) = (before.Number(table, "epoch"), row.Number(table, "epoch"));
        if (to < from) world.Fail("I5", $"job epoch fell from {from} to {to}");
        var wanted = table.At("wanted");
        var changed = Enumerable.Range(0, row.Length).Any(i => i != wanted && !Equals(before[i], row[i]));
        if (to == from && changed && cell.PendingMark is int raiser && raiser != tx.Connection.Client.Id)
        {
            world.Fail("I7", $"{tx.Connection.Client.Name} changed the job under epoch {to}, which belongs to p{raiser}");
        }
        if (row.Number(table, "generation") < before.Number(table, "generation")) world.Fail("I5", "the job's generation fell");
    }

    /// <summary>In a world where nothing could have made it look dead, a living holder keeps its job.</summary>
    private void OnTakeOver(object?[] before, object? mark)
    {
        var t = ControlTables.Job;
        if (tally.Stalls + tally.Restores + tally.Restarts + tally.Cuts + tally.ClockJumps + tally.LostAnswers
            + tally.UnknownCommits > 0) return;
        if (mark is not int id || before.Get(t, "holder") is null || before.Get(t, "heartbeat") is not long beat) return;
        var holder = world.Processes[id - 1];
        var age = SimClock.Epoch.ToUnixTimeMilliseconds() + world.Now / TimeSpan.TicksPerMillisecond - beat;
        if (holder.Alive && age < 25_000) world.Fail("I11", $"the job was taken from {holder.Name}, which is alive and beat {age} ms ago");
    }

    /// <summary>Whoever changes plans or takes lanes must be the one that raised the job's epoch last.</summary>
    private void OwnsJob(Database db, Transaction tx, string job, string what)
    {
        foreach (var (row, cell) in Live(db, ControlTables.Job, tx))
        {
            if (row.Text(ControlTables.Job, "job") != job) continue;
            if (cell.MarkSeenBy(tx) is int raiser && raiser == tx.Connection.Client.Id) return;
            world.Fail("I7", $"{tx.Connection.Client.Name} {what}, but the job belongs to p{cell.MarkSeenBy(tx)}");
            return;
        }
        world.Fail("I7", $"{tx.Connection.Client.Name} {what} of a job that is not there");
    }

    private void OnEntry(Database db, Transaction tx, object?[] entry)
    {
        var t = ControlTables.Ledger;
        var job = entry.Text(t, "job");
        var lane = entry.Text(t, "lane");
        var (name, generation, index) = ParseLane(lane);
        durable.Add((lane, entry.Number(t, "seq")));
        OwnsLane(db, tx, job, lane, entry.Number(t, "epoch"));
        var previous = Live(db, t, null).Select(l => l.Row).Where(r => r.Text(t, "job") == job && r.Text(t, "lane") == lane)
            .MaxBy(r => r.Number(t, "seq"));
        Follows(lane, previous, entry);
        if (PlanOf(db, tx, job, name) is not { } truth || truth.Generation != generation)
        {
            world.Fail("I7", $"{tx.Connection.Client.Name} wrote generation {generation} of {name}, which is not the one in force");
            return;
        }
        var (expected, refused, read) = Expect(truth, truth.Splits[index], (string?)previous?.Get(t, "position"),
            (string?)entry.Get(t, "position"));
        Same(lane, expected, [.. tx.Rows.Where(r => r.Lane == lane).Select(r => r.New!)]);
        Books(tx, lane, entry, previous, truth, read, refused);
        if (entry.Number(t, "final") == 1)
        {
            var (rest, restRefused, _) = Expect(truth, truth.Splits[index], (string?)entry.Get(t, "position"), null);
            if (rest.Count + restRefused > 0) world.Fail("I2",
                $"{lane} is final although {rest.Count + restRefused} source rows lie behind its position");
        }
    }

    private void OwnsLane(Database db, Transaction tx, string job, string lane, long epoch)
    {
        var t = ControlTables.Lane;
        foreach (var (row, cell) in Live(db, t, tx))
        {
            if (row.Text(t, "job") != job || row.Text(t, "lane") != lane) continue;
            if (row.Number(t, "epoch") != epoch) world.Fail("I7",
                $"{lane} was written under epoch {epoch} while {row.Number(t, "epoch")} is in force");
            else if (cell.MarkSeenBy(tx) is not int raiser || raiser != tx.Connection.Client.Id)
            {
                world.Fail("I7", $"{tx.Connection.Client.Name} wrote {lane}, whose epoch {epoch} belongs to p{cell.MarkSeenBy(tx)}");
            }
            return;
        }
        world.Fail("I7", $"{tx.Connection.Client.Name} wrote {lane}, which has no lease any more");
    }

    private void Follows(string lane, object?[]? previous, object?[] entry)
    {
        var t = ControlTables.Ledger;
        var sequence = entry.Number(t, "seq");
        var expected = (previous?.Number(t, "seq") ?? 0) + 1;
        if (sequence != expected) world.Fail("I6", $"{lane}: entry {sequence} where {expected} was due");
        if (previous is null) return;
        if (previous.Number(t, "final") == 1) world.Fail("I6", $"{lane}: an entry after the final one");
        if (entry.Number(t, "epoch") < previous.Number(t, "epoch")) world.Fail("I5", $"{lane}: the ledger's epoch fell");
        if ((string?)entry.Get(t, "after_position") != (string?)previous.Get(t, "position"))
        {
            world.Fail("I5",
                $"{lane}: entry {sequence} begins at {entry.Get(t, "after_position")}, the ledger ends at {previous.Get(t, "position")}");
        }
    }

    /// <summary>Rows of the source strictly after one position, up to and including the other, inside the split.</summary>
    private static (List<string> Rows, int Refused, int Read) Expect(PlanTruth truth, Split split, string? after, string? position)
    {
        var content = truth.Content;
        SimKey? low = (after ?? split.After?.Text) is { } l ? SimKey.Read(content.Shape, l) : null;
        SimKey? high = (position ?? split.Through?.Text) is { } h ? SimKey.Read(content.Shape, h) : null;
        SimKey? end = split.Through is { } e ? SimKey.Read(content.Shape, e.Text) : null;
        var rows = new List<string>();
        int refused = 0, read = 0;
        foreach (var row in content.Rows)
        {
            if ((low is { } x && row.Key.CompareTo(x) <= 0) || (high is { } y && row.Key.CompareTo(y) > 0)) continue;
            if ((end is { } z && row.Key.CompareTo(z) > 0) || !SourceContent.Meets(row, truth.Rule.Where)) continue;
            read++;
            if (row.Refused && !truth.Rule.Drop.Contains("t")) refused++;
            else rows.Add(content.Expected(row, truth.Rule));
        }
        return (rows, refused, read);
    }

    private void Same(string lane, List<string> expected, List<string> written)
    {
        if (expected.Count == written.Count)
        {
            expected.Sort(string.CompareOrdinal);
            written.Sort(string.CompareOrdinal);
            if (expected.SequenceEqual(written)) return;
        }
        var missing = expected.Except(written).Take(3).ToArray();
        var strange = written.Except(expected).Take(3).ToArray();
        world.Fail(missing.Length > 0
            ? "I2" : "I1", $"{lane}: the entry's range holds {expected.Count} rows, {written.Count} were written; "
            + $"missing: {string.Join(" ; ", missing)}; not expected: {string.Join(" ; ", strange)}");
    }

    private void Books(Transaction tx, string lane, object?[] entry, object?[]? previous, PlanTruth truth, int read, int refused)
    {
        var t = ControlTables.Ledger;
        var counts = Counts(entry.Text(t, "counts"));
        var rows = tx.Rows.Where(r => r.Lane == lane).ToArray();
        Figure(lane, "read", counts, read);
        Figure(lane, "inserted", counts, rows.Count(r => r.Old is null));
        Figure(lane, "unchanged", counts, rows.Count(r => r.Old is not null && r.Old == r.New));
        Figure(lane, "updated", counts, rows.Count(r => r.Old is not null && r.Old != r.New));
        Figure(lane, "rejected", counts, refused);
        var stored = tx.Changes.Count(c => c.Table == ControlTables.Reject && c.Kind == ChangeKind.Insert && c.Cell.Pending is { } r
            && r.Text(ControlTables.Reject, "lane") == lane);
        if (stored != refused) world.Fail("I1", $"{lane}: {refused} rows refused, {stored} kept as rejects");
        tally.Rejects += stored;
        var before = previous is null ? [] : Counts(previous.Text(t, "totals"));
        var totals = Counts(entry.Text(t, "totals"));
        foreach (var name in new[] { "read", "inserted", "updated", "unchanged", "rejected" })
        {
            if (totals.GetValueOrDefault(name) != before.GetValueOrDefault(name) + counts.GetValueOrDefault(name))
            {
                world.Fail("books", $"{lane}: running total of {name} does not follow");
            }
        }
        if (refused == 0) return;
        // What a predecessor's late commit adds behind a successor's back may go past the limit; one runner alone may not.
        var one = (tx.Connection.Client.Id, lane[..lane.LastIndexOf('/')]);
        var all = rejected[one] = rejected.GetValueOrDefault(one) + refused;
        if (all > truth.Rule.RejectLimit) world.Fail("books",
            $"{truth.Content.Name}: {all} rejects, the limit is {truth.Rule.RejectLimit}");
    }

    private void Figure(string lane, string name, Dictionary<string, long> counts, long real)
    {
        if (counts.GetValueOrDefault(name) != real) world.Fail("books",
            $"{lane}: the ledger says {name}={counts.GetValueOrDefault(name)}, it was {real}");
    }

    public static Dictionary<string, long> Counts(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(f => f.Split('=')).ToDictionary(f => f[0], f => long.Parse(f[1], CultureInfo.InvariantCulture));

    public static PlanTruth? PlanOf(Database db, Transaction? tx, string job, string table)
    {
        PlanTruth? found = null;
        foreach (var (row, cell) in Live(db, ControlTables.Plan, tx))
        {
            if (row.Text(ControlTables.Plan, "job") != job || row.Text(ControlTables.Plan, "source_table") != table) continue;
            if (cell.MarkSeenBy(tx) is PlanTruth truth && truth.Generation > (found?.Generation ?? 0)) found = truth;
        }
        return found;
    }

    public static (string Table, long Generation, int Split) ParseLane(string lane)
    {
        var parts = lane.Split('/');
        return (parts[0], long.Parse(parts[1].AsSpan(1), CultureInfo.InvariantCulture),
            int.Parse(parts[2].AsSpan(1), CultureInfo.InvariantCulture));
    }
}
