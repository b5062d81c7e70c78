using Pawl.Conformance;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;

namespace Pawl.Connectors.Tests.Sqlite;

public sealed class SqliteSpecTests : SpecSuite
{
    protected override Connector Connector { get; } = new SqliteConnector();
    protected override Endpoint WithSecrets(string secret) => Scratch.At("/shop.db") with { Password = secret };
    protected override Endpoint Unreachable => Scratch.At(Path.Combine(Path.GetTempPath(), "pawl-no-such-folder", "shop.db"));
}

public sealed class SqliteSourceTests : SourceSuite
{
    protected override ValueTask<ISourceFixture> OpenAsync() => ValueTask.FromResult<ISourceFixture>(new SqliteFixture());
}

public sealed class SqliteSinkTests : SinkSuite
{
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new SqliteFixture());
}

public sealed class SqliteTypesTests : TypesSuite
{
    protected override ValueTask<ITypesFixture> OpenAsync() => ValueTask.FromResult<ITypesFixture>(new SqliteFixture());
}

public sealed class SqliteFaultPointTests : FaultsSuite
{
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new SqliteFixture());
}
