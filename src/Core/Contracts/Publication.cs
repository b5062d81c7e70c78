using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>
/// How a staged copy takes the place of the target's rows: in one transaction, or, where a rename commits by itself, by one statement that
/// is known again by what it left.
/// </summary>
public enum PublicationWay
{
    /// <summary>There is no such table yet: the staging table becomes it.</summary>
    Create,
    /// <summary>The staging table becomes the target, and the old one goes: nothing depends on it.</summary>
    Rename,
    /// <summary>The table stays, with all that depends on it; its rows are removed and the staged ones inserted.</summary>
    Rows,
    /// <summary>
    /// The table stays, and so does every row whose key comes again, with new values: rows of other tables refer to them.
    /// </summary>
    Keys,
}

/// <summary>Which way it is, and what decides it.</summary>
/// <param name="What">What depends on the table, in a word or two; null = nothing does.</param>
/// <param name="Name">The name of that.</param>
public sealed record Publication(PublicationWay Way, string? What = null, string? Name = null);

/// <summary>What a publication did, as the server counted.</summary>
/// <param name="Rows">Rows in the target now.</param>
/// <param name="Removed">Rows that were there and are not any more; by <see cref="PublicationWay.Keys"/> only those whose key is gone.
/// </param>
public sealed record PublicationResult(Publication How, long Rows, long Removed);

/// <summary>Role of a sink: says beforehand how a replace would be published, and afterwards what it did.</summary>
public interface IPublishesCopies
{
    /// <summary>Looks at the target as it is now, without changing it.</summary>
    /// <exception cref="PawlException"><see cref="Codes.CannotPublish"/> when neither way works.</exception>
    ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct);

    /// <summary>What <see cref="ISink.FinishAsync"/> published of a table (by source name) and nobody has asked for yet; null = nothing.
    /// </summary>
    PublicationResult? TakeResult(TableName source);
}
