using Pawl.Contracts;

namespace Pawl.Connectors.MySql;

/// <summary>MySQL and MariaDB databases: <c>mysql://user@host:3306/database?tls=verify</c>. Stateless and thread-safe.</summary>
public sealed partial class MySqlConnector : Connector, IReadsTables, IListsTables
{
    public override ConnectorSpec Spec { get; } = new()
    {
        Name = "MySQL and MariaDB",
        Schemes = ["mysql", "mariadb"],
        Description = "MySQL and MariaDB databases, spoken to by a protocol client of Pawl's own.",
        Options = MyAddresses.Specs,
        Limits = new ConnectorLimits
        {
            // 64 characters, which need no fewer bytes: a name of that many bytes always fits, a longer one is the server's to judge.
            IdentifierBytes = 0,
            MaxWriters = 16,
            Upsert = true,
            Replace = true,
            Merges = true,
            CopiesWithin = true,
            ValueBytes = 1_000_000_000,
        },
    };

    public override ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) => MyProbe.LookAsync(request, ct);

    /// <inheritdoc/>
    public ValueTask<Discovery> DiscoverAsync(Endpoint at, TablePattern pattern, CancellationToken ct) =>
        MyDiscovery.LookAsync(MyAddresses.Parse(at), pattern, ct);

    /// <inheritdoc/>
    public async ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        await MySource.OpenAsync(MyAddresses.Parse(at), ct).ConfigureAwait(false);
}
