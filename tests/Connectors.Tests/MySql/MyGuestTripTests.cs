using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// Tables of the other systems go into MariaDB and come back: equal by digest both ways, and by what the other system says of both.
/// </summary>
public sealed class MyGuestTripTests(BerlinMariaDb zone) : MyGuestTrips(zone.Server), IClassFixture<BerlinMariaDb>;

/// <summary>The same by way of MySQL.</summary>
[Trait("needs", "mysql")]
public sealed class MySqlGuestTripTests(BerlinMySql zone) : MyGuestTrips(zone.Server), IClassFixture<BerlinMySql>;
