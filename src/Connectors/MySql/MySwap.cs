using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Publishes by one RENAME. The staged rows first get a name that is in no plan and that nobody knows, so that they are as counted when
/// they become the target; and whoever was stopped on his way to the rename has a name in hand that is no more.
/// </summary>
internal sealed class MySwap(MyTargetSession session, TablePlan plan, PublicationRules rules, Func<Guid> ids)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly TableName target = plan.Target with { Schema = plan.Target.Schema ?? session.Options.Database };

    /// <summary>
    /// How far the copy is. A rename that came half-way, which servers promise not to happen, is taken back first; so is one whose new
    /// table somebody dropped before it was noted.
    /// </summary>
    public async ValueTask<MyStaging> FindAsync(CancellationToken ct)
    {
        var staging = await MyStaging.FindAsync(session, plan.Stage!, ct).ConfigureAwait(false);
        if (staging.Old is not { } old) return staging;
        var isThere = await MyTargetTable.FindAsync(session, target, ct).ConfigureAwait(false) is not null;
        if (isThere && staging.Rows is null) return staging;
        if (staging.WasNone) await ExecuteAsync($"drop table {old.Quoted}", old.Name, ct).ConfigureAwait(false);
        else if (!isThere) await RenameAsync([(old.Name, target)], ct).ConfigureAwait(false);
        else throw Cannot("table", old.Name.Name, "it was the target once, and somebody made another one since", null);
        return staging with { Old = null };
    }

    public async ValueTask<PublicationResult> RunAsync(MyStaging staging, MyTargetTable? known, Publication how, long expected,
        CancellationToken ct)
    {
        if (known is null && !plan.Create) throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target));
        if (staging.Rows is null) rules.CheckStaged(expected, null, targetHasRows: false);
        var hidden = staging.Secret(ids());
        await RenameAsync([(staging.Rows!.Name, hidden)], ct).ConfigureAwait(false);
        var isRenamed = false;
        try
        {
            var counted = await CountAsync(MyQuote.Name(hidden), ct).ConfigureAwait(false);
            rules.CheckStaged(expected, counted, known is not null && await MySurroundings.HasRowsAsync(session, known, ct)
                .ConfigureAwait(false));
            rules.Reached(Telemetry.CrashPoint.PublicationCounted);
            if (known is not null)
            {
                var (_, next) = await MyDependents.DefinitionAsync(session, known, ct).ConfigureAwait(false);
                await NumberAsync(hidden, next, ct).ConfigureAwait(false);
            }
            var (definition, _) = await MyDependents.DefinitionAsync(session, staging.Rows with { Name = hidden }, ct)
                .ConfigureAwait(false);
            var gone = known is null ? (await staging.NoneAsync(session, ct).ConfigureAwait(false), staging.OldName)
                : (known.Name, staging.OldName);
            await RenameAsync([gone, (hidden, target)], ct).ConfigureAwait(false);
            isRenamed = true;
            rules.Reached(Telemetry.CrashPoint.PublicationRenamed);
            var now = await MyStaging.FindAsync(session, plan.Stage!, ct).ConfigureAwait(false);
            return await ConfirmAsync(now, expected, ct, how, definition).ConfigureAwait(false);
        }
        finally
        {
            // Rejects that are tried again look for it under its name; a publication finds it under any.
            if (!isRenamed) await NameBackAsync(hidden, staging.Stage).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The rename took place. What was the target is in nobody's way any more, and so is looked at once more: what came to depend on it in
    /// the last moment, or is hidden from this account, would be lost with it, and the tables change back.
    /// </summary>
    /// <param name="definition">What the target is now and was then; null = another attempt renamed, and it may have changed since.</param>
    public async ValueTask<PublicationResult> ConfirmAsync(MyStaging staging, long expected, CancellationToken ct, Publication? how = null,
        string? definition = null)
    {
        if (staging.Old is not { } old) throw plan.TargetGone();
        if (staging.WasNone) return new PublicationResult(new Publication(PublicationWay.Create), expected, 0);
        var (found, next) = await MyDependents.DefinitionAsync(session, old, ct).ConfigureAwait(false);
        if (old.Triggers.Count > 0 || old.ForeignKeys.Count > 0 || definition is not null && found != definition)
        {
            await ChangeBackAsync(staging, ct).ConfigureAwait(false);
            throw new PawlException(Fault.Transient, Codes.TargetAltered, ("table", plan.Target));
        }
        await NumberAsync(target, next, ct).ConfigureAwait(false);
        var removed = await CountAsync(old.Quoted, ct).ConfigureAwait(false);
        try
        {
            await ExecuteAsync("set foreign_key_checks = 1", target, ct).ConfigureAwait(false);
            await ExecuteAsync($"truncate table {old.Quoted}", old.Name, ct).ConfigureAwait(false);
        }
        catch (PawlException e) when (e.Details.GetValueOrDefault("native") == "1701")
        {
            await ChangeBackAsync(staging, ct).ConfigureAwait(false);
            throw Cannot("foreign key", null, "a table that this account is not shown refers to it", e);
        }
        return new PublicationResult(how ?? new Publication(PublicationWay.Rename), expected, removed);
    }

    /// <summary>What refers to a table follows it, there and back.</summary>
    private async ValueTask ChangeBackAsync(MyStaging staging, CancellationToken ct)
    {
        var hidden = staging.Secret(ids());
        await RenameAsync([(target, hidden), (staging.OldName, target)], ct).ConfigureAwait(false);
        await NameBackAsync(hidden, staging.Stage).ConfigureAwait(false);
    }

    private async ValueTask NameBackAsync(TableName from, TableName to)
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            await RenameAsync([(from, to)], limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is PawlException or OperationCanceledException)
        {
            // The next publication finds it under either name. What went wrong before is what is told.
        }
    }

    /// <summary>A number that the old table gave is not given again, although its row may be gone.</summary>
    private async ValueTask NumberAsync(TableName table, ulong? next, CancellationToken ct)
    {
        if (next is not { } number) return;
        var at = await MyTargetTable.FindAsync(session, table, ct).ConfigureAwait(false);
        if (at is null || (await MyDependents.DefinitionAsync(session, at, ct).ConfigureAwait(false)).Next >= number) return;
        await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"alter table {at.Quoted} auto_increment={number}"), table, ct)
            .ConfigureAwait(false);
    }

    private ValueTask RenameAsync(IReadOnlyList<(TableName From, TableName To)> pairs, CancellationToken ct) => ExecuteAsync(
        $"rename table {string.Join(", ", pairs.Select(p => $"{MyQuote.Name(p.From)} to {MyQuote.Name(p.To)}"))}", target, ct);

    private async ValueTask ExecuteAsync(string sql, TableName about, CancellationToken ct) => await session.ExecuteAsync(sql, ct, about,
        MyGrants.OfDatabase("create, alter, drop, insert", target.Schema!, session.Options)).ConfigureAwait(false);

    private async ValueTask<long> CountAsync(string quoted, CancellationToken ct) =>
        MySessions.Number(await session.RowsAsync($"select count(*) from {quoted}", ct, target).ConfigureAwait(false));

    private PawlException Cannot(string what, string? name, string cause, Exception? inner) => new(Fault.Configuration, Codes.CannotPublish,
        inner, ("table", plan.Source), ("target", plan.Target), ("what", what), ("name", name), ("cause", cause));
}
