using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>The shared suites on version 15, one line each.</summary>
public sealed class PgSource_Conformance : SourceSuite
{
    protected override async ValueTask<ISourceFixture> OpenAsync() => await PgFixture.NewAsync();
    protected override Deviation? OddNames => PgDeviations.OddNames;
}

/// <summary>The shared suites on version 18.</summary>
public sealed class Pg18Source_Conformance : SourceSuite
{
    protected override async ValueTask<ISourceFixture> OpenAsync() => await PgFixture.NewAsync(18);
    protected override Deviation? OddNames => PgDeviations.OddNames;
}

/// <summary>Options, limits, secrets.</summary>
public sealed class PgSpec_Conformance : SpecSuite
{
    protected override Connector Connector { get; } = new PgConnector();

    protected override Endpoint WithSecrets(string secret) => new()
    {
        Scheme = "postgres", Host = "db", Path = "shop", User = "etl", Password = secret, Display = "postgres://etl@db/shop",
    };

    protected override Endpoint Unreachable => WithSecrets("none") with { Host = "127.0.0.1", Port = 1 };
}

/// <summary>Rules of the suites that PostgreSQL cannot keep.</summary>
internal static class PgDeviations
{
    public static Deviation OddNames => new("identifiers end at 63 bytes, the suite has one of 70; the others are in PgSourceTests");
}
