using System.Globalization;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>Whether a server follows another one: what it holds then comes later than it happened.</summary>
/// <param name="Follows">It does.</param>
/// <param name="Primary">Host and port of the server it follows; null = not told.</param>
/// <param name="Right">The right that would tell, where it is not there and something speaks for another server; else null.</param>
internal sealed record MyReplica(bool Follows, string? Primary, string? Right)
{
    public static async ValueTask<MyReplica> LookAsync(MyConnection connection, CancellationToken ct)
    {
        var server = connection.Server;
        // Behind these columns stand host, user and port of the other server; a stopped replica is one still.
        var (sql, host) = server.IsMariaDb ? ("show all slaves status", 3)
            : server.Version >= new Version(8, 0, 22) ? ("show replica status", 1) : ("show slave status", 1);
        try
        {
            var rows = await connection.RowsAsync(sql, ct).ConfigureAwait(false);
            return rows.Count == 0 ? new MyReplica(false, null, null) : new MyReplica(true, $"{rows[0][host]}:{rows[0][host + 2]}", null);
        }
        catch (MyServerException e) when (e.Number is 1227 or 1045)
        {
            if (await AppliesAsync(connection, ct).ConfigureAwait(false)) return new MyReplica(true, null, null);
            return new MyReplica(false, null, !await HasReceivedAsync(connection, ct).ConfigureAwait(false) ? null
                : server.IsMariaDb ? "REPLICA MONITOR" : "REPLICATION CLIENT");
        }
    }

    /// <summary>Sessions that apply what comes; seen only with the right to see those of others.</summary>
    private static async ValueTask<bool> AppliesAsync(MyConnection connection, CancellationToken ct)
    {
        var appliers = await connection.RowsAsync("select count(*) from information_schema.processlist where user = 'system user' and "
            + "(command like 'Slave%' or command in ('Connect', 'Query'))", ct).ConfigureAwait(false);
        return long.Parse(appliers[0][0]!, CultureInfo.InvariantCulture) > 0;
    }

    /// <summary>It holds transactions of another server: it follows that one, followed it once, or was made from its backup.</summary>
    private static async ValueTask<bool> HasReceivedAsync(MyConnection connection, CancellationToken ct)
    {
        var received = await connection.RowsAsync(connection.Server.IsMariaDb ? "select @@global.gtid_slave_pos"
            : "select gtid_subtract(@@global.gtid_executed, concat(@@global.server_uuid, ':1-9223372036854775806'))", ct)
            .ConfigureAwait(false);
        return !string.IsNullOrEmpty(received[0][0]);
    }
}
