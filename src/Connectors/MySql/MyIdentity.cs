using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Which database this is. MySQL servers have a uuid. MariaDB 10.11 has none: its server id, the GTID domain it writes into, its host, port
/// and data folder stand for it, so that a replica and a server that was moved are others. The database's name belongs to it.
/// </summary>
internal static class MyIdentity
{
    private const string Questions =
        "show variables where variable_name in ('server_uuid', 'server_uid', 'system_versioning_asof')";

    /// <summary>
    /// A server that shows everybody the past cannot be told to stop: by its own name the present is again what the server is set to. Rows
    /// that are there now end with the last second of 2038 that a timestamp knows, those of the past before that; in every zone.
    /// </summary>
    private const string Present = "2038-01-17 00:00:00";

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

    /// <summary>
    /// Which server a session is on, closer than a source is known by from run to run: on MySQL its uuid, which goes with its data; on
    /// MariaDB where it runs, and, as far as it has such, what it makes of its machine's network card and its port (server_uid). Of its
    /// versioned tables the session sees the present from here on.
    /// </summary>
    public static async ValueTask<string> HomeAsync(MyConnection connection, CancellationToken ct)
    {
        var known = (await connection.RowsAsync(Questions, ct).ConfigureAwait(false))
            .ToDictionary(r => r[0]!.ToLowerInvariant(), r => r[1]);
        if (known.GetValueOrDefault("system_versioning_asof") is not (null or "DEFAULT"))
        {
            await connection.ExecuteAsync($"set system_versioning_asof = '{Present}'", ct).ConfigureAwait(false);
        }
        return known.GetValueOrDefault("server_uuid") is { } uuid ? $"uuid {uuid}"
            : $"{connection.Server.Place} {known.GetValueOrDefault("server_uid")}".TrimEnd();
    }

    /// <summary>Which running server this is; equal for every session there, under whatever address. Null = it does not say.</summary>
    public static string? Place(MyConnection connection) => connection.Server.Place is { Length: > 0 } place ? place : null;
}
