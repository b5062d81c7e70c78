using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>What makes a server one that a ledger can be trusted to. Immutable.</summary>
internal sealed class MyTargetServer
{
    private readonly Dictionary<string, string> settings;

    private MyTargetServer(Dictionary<string, string> settings) => this.settings = settings;

    public static async ValueTask<MyTargetServer> LookAsync(MyConnection connection, CancellationToken ct)
    {
        var rows = await connection.RowsAsync("""
            show variables where variable_name in ('read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on', 'log_bin',
                'binlog_format', 'group_replication_single_primary_mode', 'group_replication_group_name')
            """, ct).ConfigureAwait(false);
        return new MyTargetServer(rows.ToDictionary(r => r[0]!, r => r[1] ?? "", StringComparer.OrdinalIgnoreCase));
    }

    /// <exception cref="PawlException">It takes no writes, or promises less than a ledger needs.</exception>
    public void Check(MyTargetOptions options, MyServerFacts server)
    {
        var display = options.Server.Display;
        if (server.ReadOnly || IsOn("read_only") || IsOn("super_read_only") || IsOn("innodb_read_only"))
        {
            throw new PawlException(Fault.Configuration, Codes.ServerReadOnly, ("endpoint", display),
                ("cause", "the server is set to read only, as replicas are"));
        }
        if (IsOn("wsrep_on"))
        {
            // A commit there may be refused after it was answered elsewhere, and a lock of one node is no lock of the others.
            throw Unfit(display, "wsrep_on", "ON", "OFF");
        }
        if (settings.GetValueOrDefault("group_replication_group_name") is { Length: > 0 }
            && settings.GetValueOrDefault("group_replication_single_primary_mode") is { } mode
                && !IsOn("group_replication_single_primary_mode"))
        {
            throw Unfit(display, "group_replication_single_primary_mode", mode, "ON");
        }
        if (IsOn("log_bin") && settings.GetValueOrDefault("binlog_format") is { } format
            && format.Equals("STATEMENT", StringComparison.OrdinalIgnoreCase))
        {
            // InnoDB refuses such a log under READ COMMITTED, which the fence needs.
            throw Unfit(display, "binlog_format", format, "ROW, MIXED");
        }
    }

    private bool IsOn(string name) => settings.GetValueOrDefault(name) is { } value
        && !value.Equals("OFF", StringComparison.OrdinalIgnoreCase) && value is not ("0" or "");

    private static PawlException Unfit(string display, string name, string value, string expected) => new(Fault.Configuration,
        Codes.OptionInvalid, ("endpoint", display), ("option", name), ("setting", name), ("value", value), ("expected", expected));
}
