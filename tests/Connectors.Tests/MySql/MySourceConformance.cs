using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>The shared suite on MariaDB.</summary>
public sealed class MySource_Conformance : SourceSuite
{
    protected override async ValueTask<ISourceFixture> OpenAsync() => await MyFixture.NewAsync();
    protected override Deviation? OddNames =>
        new("identifiers end at 64 characters, the suite has one of 70; the others are in MySourceTests");
}

/// <summary>The same on MySQL, where it can be had.</summary>
[Trait("needs", "mysql")]
public sealed class MySqlSource_Conformance : SourceSuite
{
    protected override async ValueTask<ISourceFixture> OpenAsync() => await MyFixture.NewAsync(await MySqlServer.SharedAsync());
    protected override Deviation? OddNames => new("identifiers end at 64 characters, the suite has one of 70");
}

/// <summary>Options, limits, secrets.</summary>
public sealed class MySpec_Conformance : SpecSuite
{
    protected override Connector Connector { get; } = new MySqlConnector();

    protected override Endpoint WithSecrets(string secret) => new()
    {
        Scheme = "mysql", Host = "db", Path = "shop", User = "etl", Password = secret, Display = "mysql://etl@db/shop",
    };

    protected override Endpoint Unreachable => WithSecrets("none") with { Host = "127.0.0.1", Port = 1 };
}
