using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>A database that is written and then read.</summary>
public interface ITypesFixture : ISinkFixture
{
    /// <summary>A reading session on the database that is written. The caller disposes it.</summary>
    ValueTask<ISource> OpenSourceAsync();

    /// <summary>The logical types the connector claims to keep as they are.</summary>
    IReadOnlyList<LogicalType> Types { get; }

    /// <summary>Values of a claimed type that the system cannot hold and the sink therefore has to refuse.</summary>
    IReadOnlyList<object> Refused(LogicalType type);

    /// <summary>
    /// Whether a cell of another type than its column's is stored exactly (see <see cref="ConnectorLimits.AcceptsStrays"/>).
    /// </summary>
    bool KeepsStrays { get; }
}
