using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>Whether the open transactions that a server lists are all that may still add rows to it.</summary>
internal static class MySight
{
    private const string Modes = "show global variables where variable_name in "
        + "('wsrep_on', 'group_replication_group_name', 'read_only', 'super_read_only', 'innodb_read_only')";

    /// <summary>Why they are not, and the right that would mend it; null = they are.</summary>
    public static async ValueTask<(string Cause, string? Grant)?> BlindAsync(MyConnection connection, MyAddress at, CancellationToken ct)
    {
        try
        {
            await connection.RowsAsync("select count(*) from information_schema.innodb_trx", ct).ConfigureAwait(false);
        }
        catch (MyServerException e) when (e.Number == 1227)
        {
            return ("the user may not see when transactions of others began", $"GRANT PROCESS ON *.* TO {MyTableCheck.Account(at)}");
        }
        if (await ModeAsync(connection, ct).ConfigureAwait(false) is { } cause) return (cause, null);
        var replica = await MyReplica.LookAsync(connection, ct).ConfigureAwait(false);
        return replica.Follows ? ("a replica does not know the transactions of the server it follows", null)
            : replica.Right is { } right ? ("the user may not see whether the server follows another one",
                $"GRANT {right} ON *.* TO {MyTableCheck.Account(at)}") : null;
    }

    /// <summary>
    /// What is written on another node arrives here as it commits there; and a server that takes no writes gets its rows from elsewhere,
    /// whether its replication can be seen or not.
    /// </summary>
    private static async ValueTask<string?> ModeAsync(MyConnection connection, CancellationToken ct)
    {
        var modes = (await connection.RowsAsync(Modes, ct).ConfigureAwait(false))
            .ToDictionary(r => r[0]!, r => r[1] ?? "", StringComparer.OrdinalIgnoreCase);
        if (MyTargetServer.IsOn(modes, "wsrep_on") || modes.GetValueOrDefault("group_replication_group_name") is { Length: > 0 })
        {
            return "a node of a cluster does not know the transactions of the others";
        }
        return MyTargetServer.IsOn(modes, "read_only") || MyTargetServer.IsOn(modes, "super_read_only")
            || MyTargetServer.IsOn(modes, "innodb_read_only")
            ? "a server that is set to read only gets its rows from another one, whose transactions it does not know" : null;
    }
}
