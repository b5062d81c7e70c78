using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Conformance;

/// <summary>
/// One empty target database for one test, looked at by other means than the connector under test. Disposed after the test.
/// </summary>
public interface ISinkFixture : IAsyncDisposable
{
    /// <summary>A new handle on the same database, as another runner would have it. The caller disposes it.</summary>
    ITargetDatabase Open(OpenContext context);

    /// <summary>What the system calls a table of that name.</summary>
    TableName Name(string table);

    /// <summary>All rows of a table as texts of <see cref="Cells.Row"/>, in any order; empty when there is no such table.</summary>
    ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns);
}
