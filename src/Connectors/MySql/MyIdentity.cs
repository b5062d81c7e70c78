using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Which database this is. MySQL servers have a uuid. MariaDB 10.11 has none: its server id, the GTID domain it writes into, its host, port
/// and data folder stand for it, so that a replica and a server that was moved are others. The database's name belongs to it.
/// </summary>
internal static class MyIdentity
{
    public static async ValueTask<SourceIdentity> ReadAsync(MyConnection connection, MyAddress at, CancellationToken ct)
    {
        // Whether @@server_uuid is there is asked, not concluded from a version: later MariaDB has one.
        var uuid = (await connection.RowsAsync("show global variables like 'server_uuid'", ct).ConfigureAwait(false)).FirstOrDefault()?[1];
        var server = uuid is not null ? $"uuid {uuid}" : string.Join(' ', (await connection.RowsAsync(
            "select 'domain', @@global.gtid_domain_id, 'server', @@global.server_id, "
            + "@@global.hostname, @@global.port, @@global.datadir", ct)
            .ConfigureAwait(false))[0]);
        return new SourceIdentity($"mysql {server}{(at.Database is null ? "" : $" database {at.Database}")}", at.Display);
    }

    /// <summary>Which running server this is; equal for every session there, under whatever address. Null = it does not say.</summary>
    public static string? Place(MyConnection connection) => connection.Server.Place is { Length: > 0 } place ? place : null;
}
