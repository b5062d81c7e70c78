using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>What makes a server one that a ledger can be trusted to. Immutable.</summary>
internal sealed class MyTargetServer
{
    /// <summary>The fence and the books are rows that are locked and read: that holds within one node.</summary>
    private const string Clustered = "several nodes take writes, and the locks and reads of one do not see what another is about to commit";

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
        if (IsOn("wsrep_on")) throw Unfit(display, "wsrep_on", "ON", Clustered);
        if (settings.GetValueOrDefault("group_replication_group_name") is { Length: > 0 }
            && settings.GetValueOrDefault("group_replication_single_primary_mode") is { } mode
                && !IsOn("group_replication_single_primary_mode"))
        {
            throw Unfit(display, "group_replication_single_primary_mode", mode, Clustered);
        }
        if (IsOn("log_bin") && settings.GetValueOrDefault("binlog_format") is { } format
            && format.Equals("STATEMENT", StringComparison.OrdinalIgnoreCase))
        {
            throw Unfit(display, "binlog_format", format, "InnoDB takes no rows under READ COMMITTED with it, as it does with ROW");
        }
    }

    private bool IsOn(string name) => IsOn(settings, name);

    public static bool IsOn(IReadOnlyDictionary<string, string> settings, string name) => settings.GetValueOrDefault(name) is { } value
        && !value.Equals("OFF", StringComparison.OrdinalIgnoreCase) && value is not ("0" or "");

    private static PawlException Unfit(string display, string setting, string value, string why) => new(Fault.Configuration,
        Codes.ServerUnfit, ("endpoint", display), ("setting", setting), ("value", value), ("cause", why));
}
