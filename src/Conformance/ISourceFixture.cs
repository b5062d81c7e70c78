using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>One database for one test, filled by other means than the connector under test. Disposed after the test.</summary>
public interface ISourceFixture : IAsyncDisposable
{
    /// <summary>A new session of the connector on the database. The caller disposes it.</summary>
    ValueTask<ISource> OpenAsync();

    /// <summary>Creates the table with its rows and says what the system calls it.</summary>
    ValueTask<TableName> CreateAsync(SampleTable table);

    ValueTask DropAsync(TableName name);

    /// <summary>Another, empty database of the same system.</summary>
    ValueTask<ISourceFixture> AnotherAsync();

    /// <summary>The condition "column is less than value" in the system's own language.</summary>
    string LessThan(string column, long value);
}
