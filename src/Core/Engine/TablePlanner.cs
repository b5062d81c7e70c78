using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Transform;

namespace Pawl.Engine;

/// <summary>What is to be done with one table.</summary>
/// <param name="Plan">Stored or new; null when <paramref name="Error"/> says that there is none.</param>
/// <param name="State">Why.</param>
/// <param name="EmptyTarget">The new plan removes the target's rows.</param>
/// <param name="IsSnapshotLost">It starts over because the snapshot is gone that its rows were read in.</param>
internal sealed record TableDecision(TableRule Rule, TableSchema Schema, TableName Target, TablePlan? Plan, TableState State,
    bool EmptyTarget = false, PawlException? Error = null, bool IsSnapshotLost = false)
{
    /// <summary>What the source has become since the plan was made; null = it is what it was.</summary>
    public SchemaDifference? Difference { get; init; }
    /// <summary>What is made of <see cref="Difference"/>.</summary>
    public DriftAnswer Answer { get; init; }
    /// <summary>The plan that stands is to be written anew: its places stay.</summary>
    public bool IsAmended { get; init; }
    /// <summary>It starts over because of <see cref="Difference"/>.</summary>
    public bool IsDriftedAway { get; init; }
}

/// <summary>
/// Decides per table: new, go on, done, start over, or refuse. Refuses rather than guesses: every difference between what was planned and
/// what is there now is named.
/// </summary>
/// <param name="lookOnly">The decisions are shown and not carried out: nobody is waited for.</param>
/// <param name="matched">The tables of the run; empty = the one that is decided is the only one of its target.</param>
/// <param name="plans">What the target knows of all tables of the job.</param>
internal sealed partial class TablePlanner(ISource source, ISink sink, ConnectorSpec sinkSpec, JobSpec job, bool lookOnly = false,
    IReadOnlyList<MatchedTable>? matched = null, IReadOnlyList<TablePlan>? plans = null)
{
    private readonly SamePlace place = new(source, sink, sinkSpec.Limits);
    private readonly Merging merging = new(matched ?? [], plans ?? [], sink, sinkSpec.Limits);

    public async ValueTask<TableDecision> DecideAsync(TableRule rule, TableSchema schema, TablePlan? stored, Guid? jobId,
        JobProgress? progress, Func<long> nextGeneration, bool restart, CancellationToken ct)
    {
        var target = Expand(rule.Target, schema.Name);
        try
        {
            await place.CheckAsync(schema.Name, target, ct);
            var isGoingOn = stored is not null && !restart && stored.Phase != TablePhase.Restarting;
            return isGoingOn && HasDrifted(stored!, schema) && stored!.Target == target
                ? await FollowAsync(rule, schema, stored, jobId!.Value, progress!, nextGeneration, ct)
                : await PlannedAsync(rule, schema, stored, jobId, progress, nextGeneration, restart, ct);
        }
        catch (PawlException e) when (!RetryRules.MayRetry(e))
        {
            return Blocked(rule, schema, stored, e);
        }
    }

    private async ValueTask<TableDecision> PlannedAsync(TableRule rule, TableSchema schema, TablePlan? stored, Guid? jobId,
        JobProgress? progress, Func<long> nextGeneration, bool restart, CancellationToken ct)
    {
        var target = Expand(rule.Target, schema.Name);
        var wanted = Describe(rule, schema, target);
        CheckCursor(rule, wanted);
        if (stored is null) return await OpenAsync(rule, wanted, nextGeneration, ct);
        if (restart || stored.Phase == TablePhase.Restarting) return await RestartAsync(rule, wanted, stored, nextGeneration, ct);
        if (IsHistory(stored, rule.Write, jobId!.Value, progress!)) return await RenewAsync(rule, wanted, stored, nextGeneration, ct);
        Check(rule, stored, wanted);
        var stands = await CheckTargetAsync(stored, jobId.Value, progress!, ct);
        if (stored.Phase >= TablePhase.Done && stands)
        {
            return rule.Cursor is null ? new TableDecision(rule, schema, target, stored, TableState.Finished)
                : await NextAsync(rule, wanted, stored, jobId.Value, progress!, nextGeneration, ct);
        }
        if (await IsLostAsync(stored, jobId.Value, progress!, ct))
        {
            if (stored.Write == WriteMode.Append && Written(stored, jobId.Value, progress!) is > 0 and var rows)
            {
                throw Appended(stored, rows);
            }
            return await RestartAsync(rule, wanted, stored, nextGeneration, ct) with { IsSnapshotLost = true };
        }
        if (stored.Phase < TablePhase.Done) await CheckPastAsync(stored, ct);
        // What does not change any row is taken as the job file has it now: a table that met its limit goes on with a higher one.
        var plan = stored with
        {
            RejectLimit = wanted.RejectLimit, CauseLimits = wanted.CauseLimits, NullCauses = wanted.NullCauses, Create = wanted.Create,
            AllowEmpty = wanted.AllowEmpty,
        };
        return new TableDecision(rule, schema, target, plan, TableState.Resumes);
    }

    public TableDecision Blocked(TableRule rule, TableSchema schema, TablePlan? stored, PawlException error) =>
        new(rule, schema, Expand(rule.Target, schema.Name), stored, TableState.Blocked, Error: error);

    /// <summary>
    /// Nothing tells appended rows from those of others, so that none of them can be removed: begun anew unasked, all would be there twice.
    /// </summary>
    public static PawlException Appended(TablePlan plan, long rows, PawlException? lost = null) => new(Fault.PositionLost,
        Codes.SnapshotLost, lost, ("table", plan.Source), ("target", plan.Target), ("appended", rows > 0 ? rows : null),
        ("cause", lost?.Details.GetValueOrDefault("cause")));

    /// <summary>
    /// A copy that took its place is history: the next one may be of another definition, schema or source, and nothing of the two is mixed.
    /// So is a staged one of no rows at all, whose publication was refused or cut off: what the source holds now costs nothing to find out.
    /// </summary>
    private static bool IsHistory(TablePlan stored, WriteMode wanted, Guid jobId, JobProgress progress) =>
        (stored.Write, wanted) == (WriteMode.Replace, WriteMode.Replace) && (!stored.IsStaged
            || stored.Splits.All(s => progress.Last.GetValueOrDefault(stored.Lane(jobId, s.Index)) is { Final: true, Total.Inserted: 0 }));

    /// <summary>The next full copy of a table that is replaced as a whole.</summary>
    private async ValueTask<TableDecision> RenewAsync(TableRule rule, TablePlan wanted, TablePlan stored, Func<long> nextGeneration,
        CancellationToken ct)
    {
        if (stored.Target == wanted.Target) wanted = wanted with { Drift = DriftOf(stored, wanted) };
        await CheckOpenAsync(wanted, await sink.InspectAsync(wanted, ct), ct);
        var plan = await SplitAsync(wanted, nextGeneration, ct);
        return new TableDecision(rule, wanted.SourceSchema, wanted.Target, plan, TableState.Renews);
    }

    /// <summary>The rows that have come since the last window, or since a snapshot was opened.</summary>
    /// <param name="again">Every row is read once more, and those that are there are written over; null = nothing but new rows, of the
    /// columns that were planned.</param>
    private async ValueTask<TableDecision> NextAsync(TableRule rule, TablePlan wanted, TablePlan stored, Guid jobId, JobProgress progress,
        Func<long> nextGeneration, CancellationToken ct, bool? again = null)
    {
        if (again is null) CheckSchema(stored, wanted);
        await CheckPastAsync(stored, ct);
        var cursor = rule.Cursor!.Options;
        var windows = (IReadsWindows)source;
        var bound = await windows.BoundAsync(wanted.SourceSchema, cursor, !lookOnly, ct);
        var next = again == true ? CursorSteps.First(cursor, bound)
            : await CursorSteps.NextAsync(windows, wanted.SourceSchema, cursor, stored, bound, ct);
        if (next is null) return new TableDecision(rule, wanted.SourceSchema, wanted.Target, stored, TableState.Finished);
        // A value that the last window ended before is none of its rows'.
        var repeats = next is { AfterIncluded: true, After: not null } && stored.Read.Window is { ThroughIncluded: true };
        CheckReread(rule, wanted, repeats || cursor.Overlap > TimeSpan.Zero || !stored.IsIncremental);
        var plan = await SplitAsync(wanted with
        {
            Read = wanted.Read with { Window = next, Splits = Math.Max(1, wanted.Read.Splits) },
            RowsBefore = Written(stored, jobId, progress),
        }, nextGeneration, ct);
        return new TableDecision(rule, wanted.SourceSchema, wanted.Target, plan, TableState.Continues);
    }

    /// <summary>Rows that are read twice can only be told from new ones by their key.</summary>
    private static void CheckReread(TableRule rule, TablePlan wanted, bool rereads)
    {
        if (!rereads || wanted.Write == WriteMode.Upsert) return;
        throw new PawlException(Fault.Configuration, Codes.RereadNeedsUpsert, ("table", wanted.Source), ("column", rule.Cursor!.Columns[0]),
            ("write", wanted.Write.ToString().ToLowerInvariant()));
    }

    private void CheckCursor(TableRule rule, TablePlan wanted)
    {
        if (rule.Cursor is not { } cursor) return;
        var name = cursor.Columns[0];
        PawlException Unfit(string cause) =>
            new(Fault.Configuration, Codes.CursorUnfit, ("table", wanted.Source), ("column", name), ("cause", cause));
        if (wanted.Write == WriteMode.Replace) throw Unfit("a table that is replaced as a whole has no windows");
        if (source is not IReadsWindows) throw Unfit("the source cannot be read by a cursor");
        if (job.Consistency == Consistency.OneSnapshot) throw Unfit("one snapshot of all tables would be older than its bound");
        var place = wanted.SourceSchema.IndexOf(name);
        if (place < 0) throw new PawlException(Fault.Configuration, Codes.ColumnMissing, ("table", wanted.Source), ("column", name));
        if (wanted.SourceSchema.Columns[place].Nullable) throw Unfit("it may be NULL, and such a row would never be seen");
        var key = wanted.SourceSchema.Key.Columns.Select(i => wanted.SourceSchema.Columns[i].Name).ToHashSet();
        if (cursor.Columns.Count > 1 && !key.SetEquals(cursor.Columns.Skip(1)))
        {
            throw Unfit($"behind it belongs the key: {(key.Count == 0 ? "none" : string.Join(", ", key))}");
        }
        if (key.Count == 0) throw Unfit("the table has no key");
        CheckReread(rule, wanted, cursor.Overlap > TimeSpan.Zero);
    }

    /// <summary>The plan as the job file and the source want it now; generation and splits still open.</summary>
    private TablePlan Describe(TableRule rule, TableSchema schema, TableName target)
    {
        if (target.Name.StartsWith("pawl_", StringComparison.OrdinalIgnoreCase))
        {
            throw new PawlException(Fault.Configuration, Codes.ReservedName, ("table", target));
        }
        if (sinkSpec.Limits.IdentifierBytes is > 0 and var limit && Encoding.UTF8.GetByteCount(target.Name) > limit)
        {
            throw new PawlException(Fault.Configuration, Codes.NameTooLong, ("table", target), ("limit", limit));
        }
        var read = new ReadOptions
        {
            Columns = Projection.Apply(schema, rule.Select, rule.Drop),
            Where = rule.Where,
            Splits = rule.Splits ?? 0,
        };
        var changes = new ColumnChanges { Rename = rule.Rename, Set = rule.Set, SourceColumn = rule.SourceColumn };
        var projected = Projection.Schema(schema, read.Columns);
        CheckSourceColumn(rule, projected);
        var result = TransformChain.Output(projected, changes);
        CheckColumns(rule, result);
        return new TablePlan
        {
            Source = schema.Name,
            Target = target,
            Generation = 0,
            SourceSchema = schema,
            TargetSchema = result with { Name = target },
            Read = read,
            Splits = [],
            Write = rule.Write,
            AllowEmpty = rule.AllowEmpty,
            Columns = changes,
            Strays = rule.Strays,
            Create = job.CreateTables,
            RejectLimit = rule.RejectLimit,
            CauseLimits = rule.CauseLimits,
            NullCauses = rule.NullCauses,
            ResultHash = ResultHash(rule, read, target),
            SourceIdentity = source.Identity,
        };
    }

    /// <summary>A column that the table has already says something else.</summary>
    private void CheckSourceColumn(TableRule rule, TableSchema read)
    {
        if (rule.SourceColumn is not { } column) return;
        if (!sinkSpec.Limits.Merges)
        {
            throw new PawlException(Fault.Configuration, Codes.JobValueInvalid, ("field", "source_column"), ("value", column),
                ("target", sinkSpec.Name));
        }
        // Publishing exchanges all rows of a target, and those of the others with them.
        if (rule.Write == WriteMode.Replace)
        {
            throw new PawlException(Fault.Configuration, Codes.JobValueInvalid, ("field", "write"), ("value", "replace"),
                ("table", read.Name), ("column", column));
        }
        var names = read.Columns.Select(c => rule.Rename.GetValueOrDefault(c.Name, c.Name));
        if (!names.Contains(column, StringComparer.OrdinalIgnoreCase)) return;
        throw new PawlException(Fault.Configuration, Codes.ColumnClash, ("table", read.Name), ("column", column));
    }

    private void CheckColumns(TableRule rule, TableSchema result)
    {
        if (sinkSpec.Limits.IdentifierBytes is > 0 and var limit
            && result.Columns.FirstOrDefault(c => Encoding.UTF8.GetByteCount(c.Name) > limit) is { } column)
        {
            throw new PawlException(Fault.Configuration, Codes.NameTooLong, ("table", result.Name), ("column", column.Name),
                ("limit", limit));
        }
        if (rule.Write == WriteMode.Upsert && !sinkSpec.Limits.Upsert || rule.Write == WriteMode.Replace && !sinkSpec.Limits.Replace)
        {
            throw new PawlException(Fault.Configuration, Codes.JobValueInvalid, ("field", "write"),
                ("value", rule.Write.ToString().ToLowerInvariant()), ("target", sinkSpec.Name));
        }
    }

    private async ValueTask<TableDecision> OpenAsync(TableRule rule, TablePlan wanted, Func<long> nextGeneration, CancellationToken ct)
    {
        wanted = merging.Check(wanted);
        await CheckOpenAsync(wanted, await sink.InspectAsync(wanted, ct), ct);
        var plan = await SplitAsync(await FirstAsync(rule, wanted, ct), nextGeneration, ct);
        return new TableDecision(rule, wanted.SourceSchema, wanted.Target, plan, TableState.New);
    }

    /// <summary>
    /// Rows are removed only from a table that our own insert-only plan filled, which was empty when that plan was opened. Another target
    /// in the job file, or one that was written by upsert or append, may hold rows that are not ours.
    /// </summary>
    private async ValueTask<TableDecision> RestartAsync(TableRule rule, TablePlan wanted, TablePlan stored, Func<long> nextGeneration,
        CancellationToken ct)
    {
        wanted = merging.Check(wanted);
        var there = await sink.InspectAsync(wanted, ct);
        var ours = stored.Target == wanted.Target && stored.Slice == wanted.Slice && stored.Write == WriteMode.Insert;
        var empty = ours && there.Exists && wanted.Write == WriteMode.Insert;
        if (!empty) await CheckOpenAsync(wanted, there, ct);
        if (stored.Target == wanted.Target) wanted = wanted with { Drift = DriftOf(stored, wanted) };
        var plan = await SplitAsync(await FirstAsync(rule, wanted, ct), nextGeneration, ct);
        return new TableDecision(rule, wanted.SourceSchema, wanted.Target, plan, TableState.Restarts, EmptyTarget: empty);
    }

    /// <summary>The first window of an incremental table is every row up to a bound.</summary>
    private async ValueTask<TablePlan> FirstAsync(TableRule rule, TablePlan wanted, CancellationToken ct)
    {
        if (rule.Cursor is not { } cursor) return wanted;
        var bound = await ((IReadsWindows)source).BoundAsync(wanted.SourceSchema, cursor.Options, !lookOnly, ct);
        CheckReread(rule, wanted, bound.ReadAgain);
        return wanted with { Read = wanted.Read with { Window = CursorSteps.First(cursor.Options, bound) } };
    }

    private async ValueTask CheckOpenAsync(TablePlan wanted, TargetState there, CancellationToken ct)
    {
        var strangers = there.Exists && wanted is { Slice: not null, Write: WriteMode.Insert }
            && await merging.HoldsStrangersAsync(wanted, ct);
        if (strangers || (there.HasRows && wanted.Write == WriteMode.Insert))
        {
            throw new PawlException(Fault.Configuration, Codes.TargetNotEmpty, ("table", wanted.Target), ("source_table", wanted.Source));
        }
        if (!there.Exists && !wanted.Create)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("table", wanted.Target));
        }
    }

    /// <summary>Rows of the table are still to be read, and the snapshot they would have to be read in is gone.</summary>
    private async ValueTask<bool> IsLostAsync(TablePlan stored, Guid jobId, JobProgress progress, CancellationToken ct)
    {
        if (!stored.IsBound || stored.Splits.All(s => progress.Last.GetValueOrDefault(stored.Lane(jobId, s.Index)) is { Final: true }))
        {
            return false;
        }
        return source is not IHoldsMoments holds || !await holds.StandsAsync(stored, ct);
    }

    /// <summary>Rows copied from a source that was put back since may not be there any more, and their keys may be given again.</summary>
    private async ValueTask CheckPastAsync(TablePlan stored, CancellationToken ct)
    {
        if (stored.SourceMark is not { } mark || source is not IKnowsItsPast past) return;
        var state = await past.CompareAsync(mark, ct);
        if (state == PastState.Kept) return;
        throw new PawlException(state == PastState.Lost ? Fault.PositionLost : Fault.Transient,
            state == PastState.Lost ? Codes.SourceWentBack : Codes.ReplicaBehind, ("table", stored.Source),
            ("source", source.Identity.Display), ("known", mark), ("now", await past.MarkAsync(ct)));
    }

    private async ValueTask<TablePlan> SplitAsync(TablePlan wanted, Func<long> nextGeneration, CancellationToken ct)
    {
        var splits = wanted.Read.Splits > 0 ? wanted.Read.Splits : UsualSplits(wanted.SourceSchema);
        var read = wanted.Read with { Splits = splits };
        if (job.Consistency == Consistency.OneSnapshot)
        {
            read = read with
            {
                Snapshot = source is IHoldsMoments holds ? await holds.HoldAsync(ct) : throw new PawlException(Fault.Configuration,
                    Codes.JobValueInvalid, ("field", "consistency"), ("value", "one-snapshot"), ("expected", "mixed"),
                    ("source", source.Identity.Display)),
            };
        }
        // Before anything is read: what is read later is not older than the mark, the bound or the clock.
        var mark = source is IKnowsItsPast past ? await past.MarkAsync(ct) : null;
        // A snapshot that was held before shows less than the clock says.
        var clock = read is { Window: null, Snapshot: null } && source is ITellsTheTime time ? await time.ClockAsync(ct) : null;
        return wanted with
        {
            SourceMark = mark,
            SourceClock = clock,
            Read = read,
            Splits = await source.PlanAsync(wanted.SourceSchema, read, ct),
            Generation = nextGeneration(),
        };
    }

    /// <summary>Several times the writers for large tables, one for small ones.</summary>
    private int UsualSplits(TableSchema schema)
    {
        var writers = Math.Min(job.Parallel, sinkSpec.Limits.MaxWriters);
        if (writers <= 1 || schema.EstimatedRows is >= 0 and < 200_000) return 1;
        return Math.Min(256, writers * 4);
    }

    private void Check(TableRule rule, TablePlan stored, TablePlan wanted)
    {
        // A snapshot that goes on by increments has to begin to write over its rows; nothing else may change with it.
        var turns = stored is { IsIncremental: false, Phase: >= TablePhase.Done, Write: WriteMode.Insert }
            && wanted.Write == WriteMode.Upsert && rule.Cursor is not null;
        var hash = turns ? ResultHash(rule with { Write = stored.Write }, wanted.Read, wanted.Target) : wanted.ResultHash;
        var reshaped = stored.IsIncremental && rule.Cursor?.Columns[0] != stored.Read.Window!.Column
            || !stored.IsIncremental && rule.Cursor is not null && stored.Phase < TablePhase.Done;
        if (reshaped)
        {
            throw new PawlException(Fault.PositionLost, Codes.DefinitionChanged, ("table", stored.Source), ("changed", "mode, cursor"));
        }
        if (stored.ResultHash != hash)
        {
            throw new PawlException(Fault.PositionLost, Codes.DefinitionChanged, ("table", stored.Source),
                ("changed", Changed(stored, wanted)));
        }
        // Also when it is done: a restart of the whole job that died half-way has bound the job to the new source, not this table.
        if (stored.SourceIdentity.Text != wanted.SourceIdentity.Text)
        {
            throw new PawlException(Fault.PositionLost, Codes.SourceReplaced, ("table", stored.Source),
                ("known", stored.SourceIdentity.Display), ("source", wanted.SourceIdentity.Display));
        }
        if (stored.Phase >= TablePhase.Done) return;
        // The other way round the rest is read in the snapshot that was held: more than was asked for.
        if (job.Consistency == Consistency.OneSnapshot && !stored.IsBound)
        {
            throw new PawlException(Fault.PositionLost, Codes.DefinitionChanged, ("table", stored.Source), ("changed", "consistency"));
        }
        CheckSchema(stored, wanted);
    }

    private void CheckSchema(TablePlan stored, TablePlan wanted)
    {
        if (stored.SourceSchema.Hash() != wanted.SourceSchema.Hash())
        {
            throw new PawlException(Fault.PositionLost, Codes.SchemaChanged, ("table", stored.Source),
                ("changed", Difference(stored, wanted.SourceSchema, wanted.Read.Columns).Words));
        }
        if (stored.SourceSchema.Identity != wanted.SourceSchema.Identity)
        {
            throw new PawlException(Fault.PositionLost, Codes.TableRecreated, ("table", stored.Source));
        }
    }

    private static string Changed(TablePlan stored, TablePlan wanted)
    {
        var changed = new List<string>();
        if (stored.Target != wanted.Target) changed.Add("target");
        if (stored.Read.Where != wanted.Read.Where) changed.Add("where");
        if (stored.Write != wanted.Write) changed.Add("write");
        if (stored.Slice != wanted.Slice) changed.Add("source_column, source_value");
        if (stored.Strays != wanted.Strays) changed.Add("mistyped");
        if (changed.Count == 0) changed.Add("columns");
        return string.Join(", ", changed);
    }

    /// <summary>
    /// The ledger says rows are there; a target that is empty or gone was truncated behind our back. False when a table into which no row
    /// went is gone: a restore of the target may have taken just that, and it is made again.
    /// </summary>
    private async ValueTask<bool> CheckTargetAsync(TablePlan plan, Guid jobId, JobProgress progress, CancellationToken ct)
    {
        var written = Written(plan, jobId, progress);
        if (written == 0 && plan.Phase < TablePhase.Done) return true;
        var there = await sink.InspectAsync(plan.AsWritten(), ct);
        if (written == 0) return there.Exists;
        if (there is { Exists: true, HasRows: true }) return true;
        if (plan.IsStaged)
        {
            throw new PawlException(Fault.PositionLost, Codes.StageLost, ("table", plan.Source), ("stage", plan.Stage),
                ("expected", written));
        }
        throw new PawlException(Fault.PositionLost, Codes.TargetTruncated, ("table", plan.Target), ("rows", written));
    }

    /// <summary>Rows that the ledger says went into the target.</summary>
    private static long Written(TablePlan plan, Guid jobId, JobProgress progress) => plan.RowsBefore + InWindow(plan, jobId, progress);

    private static long InWindow(TablePlan plan, Guid jobId, JobProgress progress) =>
        plan.Splits.Sum(s => progress.Last.TryGetValue(plan.Lane(jobId, s.Index), out var e)
            ? e.Total.Inserted + e.Total.Updated + e.Total.Unchanged : 0);

    /// <summary><c>{schema}</c> and <c>{table}</c> filled in; a schema is split off where the target has schemas.</summary>
    private TableName Expand(string template, TableName name) => TableRules.TargetName(template, name, sinkSpec.Limits);

    /// <summary>
    /// Every field is written with its length, so that no two rules can come to the same text. Stored: the form must not change.
    /// </summary>
    private static string ResultHash(TableRule rule, ReadOptions read, TableName target)
    {
        var text = new StringBuilder("2");
        void Field(object? value)
        {
            var field = Convert.ToString(value, CultureInfo.InvariantCulture);
            if (field is null || value is null) text.Append("-;");
            else text.Append(CultureInfo.InvariantCulture, $"{field.Length}:{field};");
        }
        Field(target.Schema);
        Field(target.Name);
        Field(rule.Write);
        Field(rule.Strays);
        Field(rule.Where);
        Field(read.Columns?.Count);
        foreach (var column in read.Columns ?? []) Field(column);
        Field(rule.Rename.Count);
        foreach (var (from, to) in rule.Rename.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            Field(from);
            Field(to);
        }
        Field(rule.Set.Count);
        foreach (var (column, value) in rule.Set.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Field(column);
            Field(value?.GetType().Name);
            Field(value);
        }
        if (rule.SourceColumn is { } source) Field(source);
        if (rule.NullCauses.Contains(RejectCause.Of(Codes.TypeMismatch))) Field(RejectCause.SetNull);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}
