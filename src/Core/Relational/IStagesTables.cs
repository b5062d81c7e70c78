using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// Role of <see cref="ITargetTables"/>: whole copies are staged beside their target and take its place at one moment. The sink calls it for
/// plans of <see cref="WriteMode.Replace"/>; fences as in <see cref="ITargetTables"/>.
/// </summary>
public interface IStagesTables
{
    /// <summary>How the copy would be published if the target stays as it is. Changes nothing.</summary>
    /// <exception cref="PawlException"><see cref="Codes.CannotPublish"/>.</exception>
    ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct);

    /// <summary>
    /// Makes <see cref="TablePlan.Stage"/>, like the target where there is one, unless it is there. Refuses what could not be published,
    /// before the first row.
    /// </summary>
    ValueTask StageAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct);

    /// <summary>
    /// Brings the staging table to its end (indexes), and in one transaction, behind the rules' fence: counts it, puts its rows in the
    /// place of the target's, and notes that. Nothing of it is done when the rules say that it was done before. A target whose rename
    /// commits by itself does it while that transaction is open, and finds out in the catalogue whether an attempt before did.
    /// </summary>
    /// <param name="fence">For the work before that transaction.</param>
    /// <returns>Null when it was done before.</returns>
    ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct);

    /// <summary>The staging tables there are, of whatever job, in any schema.</summary>
    ValueTask<IReadOnlyList<TableName>> StagesAsync(CancellationToken ct);

    /// <summary>Drops staging tables of that prefix (<see cref="StageName.IsOne"/>), in any schema, but for one. Fenced if there are any.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Codes.CannotPublish"/>: one of them holds what was the target, and nothing else does.
    /// </exception>
    ValueTask DropStagesAsync(TablePlan plan, string prefix, TableName? keep, Func<ITargetSession, CancellationToken, ValueTask> fence,
        CancellationToken ct);
}
