using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Relational;

/// <summary>
/// A sink whose target has transactions: rows, rejects and ledger entries commit together behind a fence. Thread-safe: each group and each
/// call has a session of its own.
/// </summary>
public sealed class TransactionalSink(ITargetDatabase database, OpenContext context) : ISink, IForeseesColumns, IKnowsPlace,
    IConnectsAhead, IKeepsRejects, IPublishesCopies, IMergesTables, IKnowsReferences
{
    private readonly ConcurrentDictionary<TableName, PublicationResult> published = new();
    private volatile IReadOnlyList<TableName>? left;

    /// <inheritdoc/>
    public ValueTask<bool> HoldsOthersAsync(TablePlan plan, IReadOnlyCollection<string> known, CancellationToken ct) =>
        ((IMergesTables)database.Tables).HoldsOthersAsync(plan, known, ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TableReference>> ReferencesAsync(CancellationToken ct) => database.Tables is IKnowsReferences knows
        ? knows.ReferencesAsync(ct) : ValueTask.FromResult<IReadOnlyList<TableReference>>([]);

    /// <inheritdoc/>
    public void ConnectAhead(int sessions) => (database as IConnectsAhead)?.ConnectAhead(sessions);

    public ValueTask<string?> PlaceAsync(CancellationToken ct) =>
        database is IKnowsPlace known ? known.PlaceAsync(ct) : ValueTask.FromResult<string?>(null);

    public string? Schema => (database as IKnowsPlace)?.Schema;

    public bool IgnoresCase => database is IKnowsPlace { IgnoresCase: true };

    public Guarantee GuaranteeFor(TablePlan plan) =>
        plan.Write == WriteMode.Upsert ? Guarantee.ConvergesByKey : database.Traits.Guarantee;

    public ValueTask<ILedgerStore> OpenLedgerAsync(CancellationToken ct) =>
        ValueTask.FromResult<ILedgerStore>(new LedgerStore(database, context));

    public ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct) => database.Tables.InspectAsync(plan, ct);

    /// <inheritdoc/>
    public IReadOnlyList<ColumnSchema> Foresee(TablePlan plan) =>
        database.Tables is IForeseesColumns tables ? tables.Foresee(plan) : plan.TargetSchema.Columns;

    public async ValueTask PrepareAsync(TablePlan plan, JobLease lease, CancellationToken ct)
    {
        if (plan.Drift.Count > 0)
        {
            if (database.Tables is not IEvolvesTables evolves) throw plan.NotEvolved(plan.Drift[0].Column, null);
            await evolves.EvolveAsync(plan, (session, token) => Protocol.FenceTableAsync(session, lease, plan, token), ct);
        }
        ValueTask FenceAsync(ITargetSession session, CancellationToken token) => Protocol.FenceJobAsync(session, lease, token);

        var isStaged = plan.Write == WriteMode.Replace;
        // Whatever the plan is now: an older one may have been a replace that came to no end.
        if (isStaged || await IsLeftAsync(plan, lease, ct)) await DropStagesAsync(plan, lease, plan.Stage, FenceAsync, ct);
        if (isStaged) await Stages(plan).StageAsync(plan, FenceAsync, ct);
        else await database.Tables.PrepareAsync(plan, FenceAsync, ct);
        context.Points.Reached(CrashPoint.TargetPrepared);
    }

    public async ValueTask FinishAsync(TablePlan plan, JobLease lease, CancellationToken ct)
    {
        if (plan.Write == WriteMode.Replace) await PublishAsync(plan, lease, ct);
        else await database.Tables.FinishAsync(plan, (session, token) => Protocol.FenceTableAsync(session, lease, plan, token), ct);
        context.Points.Reached(CrashPoint.TableFinished);
    }

    private async ValueTask PublishAsync(TablePlan plan, JobLease lease, CancellationToken ct)
    {
        ValueTask FenceAsync(ITargetSession session, CancellationToken token) => Protocol.FenceTableAsync(session, lease, plan, token);

        // Asked before anything is done to the staging table: an attempt before this one may have published it, and lost the answer.
        bool isDone;
        await using (var session = await database.ConnectAsync(ct))
        {
            isDone = await Protocol.IsPublishedAsync(session, lease.Job, plan, ct);
            // Or whoever took the job over did.
            if (isDone) await Protocol.CheckJobAsync(session, lease, ct);
        }
        if (!isDone && await Stages(plan).PublishAsync(plan, new PublicationRules(lease, plan, context.Points), FenceAsync, ct) is { } done)
        {
            published[plan.Source] = done;
            context.Points.Reached(CrashPoint.Published);
        }
        await DropStagesAsync(plan, lease, null, FenceAsync, ct);
    }

    /// <summary>Asked once for all tables: only this job makes its staging tables, and a plan that is no replace makes none.</summary>
    private async ValueTask<bool> IsLeftAsync(TablePlan plan, JobLease lease, CancellationToken ct)
    {
        if (database.Tables is not IStagesTables stages) return false;
        left ??= await stages.StagesAsync(ct);
        var prefix = StageName.Prefix(lease.Job, plan.Source);
        return left.Any(one => StageName.IsOne(prefix, one.Name));
    }

    private ValueTask DropStagesAsync(TablePlan plan, JobLease lease, TableName? keep,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        ((IStagesTables)database.Tables).DropStagesAsync(plan, StageName.Prefix(lease.Job, plan.Source), keep, fence, ct);

    private IStagesTables Stages(TablePlan plan) => plan.Stage is not null && database.Tables is IStagesTables stages ? stages
        : throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", plan.Source), ("what", "a replace without a staging table"));

    public ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) => database.Tables is IStagesTables stages
        ? stages.ForeseeAsync(plan, ct)
        : throw new PawlException(Fault.Configuration, Codes.JobValueInvalid, ("field", "write"), ("value", "replace"));

    public PublicationResult? TakeResult(TableName source) => published.TryRemove(source, out var result) ? result : null;

    public async ValueTask<ISinkWriter> OpenGroupAsync(LaneGroup lanes, CancellationToken ct)
    {
        // Rows of a replace go where they lie until they are published.
        lanes = lanes with { Tables = lanes.Tables.ToDictionary(t => t.Key, t => t.Value.AsWritten()) };
        var sorted = lanes.Lanes.Order().ToArray();
        var holder = context.Ids.Next();
        var session = await database.ConnectAsync(ct);
        try
        {
            var terms = await RaiseAsync(session, lanes, sorted, holder, ct);
            context.Points.Reached(CrashPoint.LaneRaised);
            // A transaction of its own: what the raise waited for is decided and visible now.
            var last = new Dictionary<LaneId, LedgerEntry>();
            foreach (var lane in sorted)
            {
                if (await Protocol.LastAsync(session, lane, ct) is { } entry) last[lane] = entry;
            }
            return new TransactionalWriter(session, database.Traits, lanes, terms, holder, last, context.Points);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public async IAsyncEnumerable<StoredReject> ReadRejectsAsync(Guid job, TablePlan plan, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var session = await database.ConnectAsync(ct);
        var pages = new RejectPages(session, await ControlFormat.HasRetriesAsync(session, ct));
        foreach (var lane in await RejectPages.LanesAsync(session, job, plan.Source, ct))
        {
            StoredReject? last = null;
            while (await pages.NextAsync(lane, plan.Source, last, ct) is { Count: > 0 } page)
            {
                foreach (var reject in page) yield return reject;
                last = page[^1];
            }
        }
    }

    public async IAsyncEnumerable<RetryCounts> RetryRejectsAsync(JobLease lease, TablePlan plan,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var open = new HashSet<LaneId>();
        await foreach (var reject in ReadRejectsAsync(lease.Job, plan, ct))
        {
            if (reject.State == RejectState.Open) open.Add(reject.Row.Lane);
        }
        if (open.Count == 0) yield break;
        await using var session = await database.ConnectAsync(ct);
        if (!await ControlFormat.HasRetriesAsync(session, ct))
        {
            await database.Tables.CreateControlTablesAsync(ct);
            await ControlFormat.RaiseAsync(session, ct);
        }
        var tables = new Dictionary<TableName, TablePlan> { [plan.Source] = plan };
        foreach (var lane in open.Order())
        {
            var holder = context.Ids.Next();
            var group = new LaneGroup { Lease = lease, Lanes = [lane], Tables = tables };
            var term = (await RaiseAsync(session, group, [lane], holder, ct))[lane];
            context.Points.Reached(CrashPoint.LaneRaised);
            // A copy that is not published yet takes them, too, and its books balance when it is.
            var retry = new RejectRetry(session, plan.AsWritten(), lane, holder, context.Points);
            while (await retry.NextAsync(term, ct) is { } counts)
            {
                term = term with { Tick = term.Tick + 1 };
                yield return counts;
            }
        }
    }

    private async ValueTask<Dictionary<LaneId, LaneTerm>> RaiseAsync(ITargetSession session, LaneGroup group, LaneId[] sorted,
        Guid holder, CancellationToken ct)
    {
        try
        {
            return await RaiseOnceAsync(session, group, sorted, holder, ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Transient && e is not CommitUnknownException)
        {
            // A stopped runner may hold the lanes' locks: end its backends by the names they left, then ask once more.
            if (!await TakeOver.EndHoldersAsync(database, [.. sorted], group.Lease.Job, ct)) throw;
            return await RaiseOnceAsync(session, group, sorted, holder, ct);
        }
    }

    private static async ValueTask<Dictionary<LaneId, LaneTerm>> RaiseOnceAsync(ITargetSession session, LaneGroup group,
        LaneId[] sorted, Guid holder, CancellationToken ct)
    {
        var committed = false;
        await session.BeginAsync(ct);
        try
        {
            await Protocol.FenceJobAsync(session, group.Lease, ct);
            foreach (var plan in group.Tables.Values.OrderBy(p => p.Source.ToString(), StringComparer.Ordinal))
            {
                await Protocol.FencePlanAsync(session, group.Lease, plan, ct);
            }
            var terms = new Dictionary<LaneId, LaneTerm>();
            foreach (var lane in sorted) terms[lane] = await Protocol.RaiseLaneAsync(session, lane, group.TableOf(lane), holder, ct);
            committed = true;
            await session.EndAsync(commit: true);
            return terms;
        }
        finally
        {
            if (!committed) await session.EndAsync(commit: false);
        }
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
