using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Transform;

/// <summary>
/// Everything that happens to a table's rows between source and sink, in order: judging mistyped cells, then renames and constants.
/// One chain serves one lane, one call at a time; it holds no rows between calls. The same batch gives the same result in every attempt.
/// </summary>
public sealed class TransformChain : IAsyncDisposable
{
    private readonly TablePlan plan;
    private readonly IReadOnlyList<ITransform> steps;
    private TableSchema? checkedInput;

    private TransformChain(TablePlan plan, IReadOnlyList<ITransform> steps)
    {
        this.plan = plan;
        this.steps = steps;
    }

    /// <summary>True when every step gives the same result for the same batch; needed for resuming without keys.</summary>
    public bool Deterministic => steps.All(step => step.Deterministic);

    /// <summary>
    /// What reaches the sink for what is read: names, types and key after the changes. The table's name stays the source's.
    /// </summary>
    /// <param name="input">What the batches hold, see <see cref="Projection.Schema"/>.</param>
    /// <exception cref="PawlException"><see cref="Codes.ColumnMissing"/> for a renamed column that is not read;
    /// <see cref="Codes.ColumnClash"/> when two columns end with one name.</exception>
    public static TableSchema Output(TableSchema input, ColumnChanges changes) =>
        changes.Rename.Count == 0 && changes.Set.Count == 0 ? input : new ColumnStep(changes).Output(input);

    /// <summary>Rows may go through as they came off the wire: nothing here looks into them.</summary>
    public static bool PassesWire(TablePlan plan) => plan.Columns.Set.Count == 0;

    /// <param name="sinkAcceptsStrays"><see cref="ConnectorLimits.AcceptsStrays"/> of the target: where it is false, a mistyped cell that
    /// the plan wants kept stops the table.</param>
    public static TransformChain For(TablePlan plan, bool sinkAcceptsStrays)
    {
        var steps = new List<ITransform>();
        var policy = plan.Strays == StrayPolicy.Keep && !sinkAcceptsStrays ? StrayPolicy.Stop : plan.Strays;
        var nulls = plan.NullCauses.Contains(RejectCause.Of(Codes.TypeMismatch));
        if (policy != StrayPolicy.Keep) steps.Add(new StrayStep(policy, plan.Source, Replaced(plan), nulls));
        if (plan.Columns.Rename.Count > 0 || plan.Columns.Set.Count > 0) steps.Add(new ColumnStep(plan.Columns));
        return new TransformChain(plan, steps);
    }

    /// <summary>What becomes of a batch. Takes it over, also when it throws.</summary>
    /// <param name="lane">Whose rows these are; the rejects carry it.</param>
    /// <param name="where">The position of the batch, for rejects of a table without a key; null = not known.</param>
    /// <exception cref="PawlException"><see cref="Codes.TypeMismatch"/> when a mistyped cell stops the table.</exception>
    public async ValueTask<TransformResult> ApplyAsync(LaneId lane, RowBatch batch, Position? where, CancellationToken ct)
    {
        IReadOnlyList<RowBatch> batches = [batch];
        try
        {
            long rows = batch.Rows, filtered = 0, expanded = 0, collapsed = 0;
            List<RejectedRow>? rejected = null, nulled = null;
            CheckInput(batch.Schema);
            foreach (var step in steps)
            {
                var next = new List<RowBatch>(batches.Count);
                foreach (var one in batches)
                {
                    var result = await step.ApplyAsync(one, ct);
                    next.AddRange(result.Batches);
                    filtered += result.Filtered;
                    expanded += result.Expanded;
                    collapsed += result.Collapsed;
                    if (result.Rejected.Count > 0) (rejected ??= []).AddRange(result.Rejected);
                    if (result.Nulled.Count > 0) (nulled ??= []).AddRange(result.Nulled);
                }
                batches = next;
            }
            var done = new TransformResult(batches, filtered, expanded, collapsed)
            {
                Rejected = Placed(rejected),
                Nulled = Placed(nulled),
            };
            CheckBooks(rows, done);
            return done;

            IReadOnlyList<RejectedRow> Placed(List<RejectedRow>? found) =>
                found is null ? [] : [.. found.Select(row => row with { Lane = lane, Where = row.Where ?? where?.Text })];
        }
        catch
        {
            batch.Dispose();
            foreach (var one in batches) one.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var step in steps) await step.DisposeAsync();
    }

    private static HashSet<string> Replaced(TablePlan plan)
    {
        var names = Projection.Schema(plan.SourceSchema, plan.Read.Columns).Columns.Select(c => c.Name);
        return [.. names.Where(name => plan.Columns.Set.ContainsKey(plan.Columns.Rename.GetValueOrDefault(name, name)))];
    }

    /// <summary>Sinks find columns by place: what arrives must be what the plan was made for, column by column.</summary>
    private void CheckInput(TableSchema input)
    {
        if (ReferenceEquals(input, checkedInput)) return;
        var names = Output(input, plan.Columns).Columns.Select(c => c.Name);
        if (!names.SequenceEqual(plan.TargetSchema.Columns.Select(c => c.Name), StringComparer.Ordinal))
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", plan.Source), ("columns", string.Join(", ", names)),
                ("planned", string.Join(", ", plan.TargetSchema.Columns.Select(c => c.Name))));
        }
        checkedInput = input;
    }

    private void CheckBooks(long rows, TransformResult done)
    {
        var left = done.Batches.Sum(b => (long)b.Rows) + done.Filtered + done.Collapsed + done.Rejected.Count;
        if (rows + done.Expanded != left)
        {
            throw new PawlException(Fault.Bug, Codes.BooksDoNotBalance, ("table", plan.Source), ("read", rows + done.Expanded),
                ("accounted", left));
        }
    }
}
