using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// Every type of MySQL goes into each of the other systems and comes back, with the values at its edges: equal by digest both ways, and
/// equal by SQL, column by column. The server's own zone is one with a summer.
/// </summary>
public sealed class MyRoundTripTests(BerlinMariaDb zone) : MyRoundTrips(zone.Server, isMaria: true), IClassFixture<BerlinMariaDb>;

/// <summary>The same of MySQL.</summary>
[Trait("needs", "mysql")]
public sealed class MySqlRoundTripTests(BerlinMySql zone) : MyRoundTrips(zone.Server, isMaria: false), IClassFixture<BerlinMySql>
{
    [Fact]
    public async Task Every_type_of_MariaDB_goes_there_and_comes_back() =>
        await new MyRoundTripTests(await BerlinMariaDb.AnyAsync()).ByWayOfAsync(zone.Server);
}

/// <summary>A server on a machine in Berlin.</summary>
public sealed class BerlinMariaDb : IAsyncLifetime
{
    internal MyServer Server { get; private set; } = null!;

    internal static async Task<BerlinMariaDb> AnyAsync() => new() { Server = await MariaDbServer.SharedAsync() };

    public async ValueTask InitializeAsync() => Server = await MariaDbServer.StartInAsync("Europe/Berlin");

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

/// <inheritdoc cref="BerlinMariaDb"/>
public sealed class BerlinMySql : IAsyncLifetime
{
    internal MyServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await MySqlServer.StartInAsync("Europe/Berlin");

    public async ValueTask DisposeAsync()
    {
        if (Server is { } server) await server.DisposeAsync();
    }
}
