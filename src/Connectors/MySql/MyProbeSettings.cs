using System.Globalization;
using Pawl.Contracts;

namespace Pawl.Connectors.MySql;

/// <summary>A server's settings as far as they matter to a job. Immutable.</summary>
internal sealed class MyProbeSettings
{
    /// <summary>MariaDB's own default; less is a choice that somebody made.</summary>
    private const long UsualPacket = 16 << 20;

    /// <summary>Seconds. Less than these would end sessions that only wait for the other end.</summary>
    private const long UsualWait = 600, UsualNet = 30;

    private const string Names = """
        'innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'innodb_doublewrite', 'innodb_flush_method', 'max_statement_time',
        'max_execution_time', 'idle_transaction_timeout', 'idle_write_transaction_timeout', 'idle_readonly_transaction_timeout'
        """;

    private readonly MyLook look;
    private readonly Dictionary<string, string> values;
    private readonly MyReplica replica;
    private readonly bool hasRedo;

    private MyProbeSettings(MyLook look, Dictionary<string, string> values, MyReplica replica, bool hasRedo) =>
        (this.look, this.values, this.replica, this.hasRedo) = (look, values, replica, hasRedo);

    public static async ValueTask<MyProbeSettings> ReadAsync(MyLook look, CancellationToken ct)
    {
        var rows = await look.Connection.RowsAsync($"show global variables where variable_name in ({Names})", ct).ConfigureAwait(false);
        var redo = await look.Connection.RowsAsync("show global status like 'Innodb_redo_log_enabled'", ct).ConfigureAwait(false);
        return new MyProbeSettings(look, rows.ToDictionary(r => r[0]!, r => r[1] ?? "", StringComparer.OrdinalIgnoreCase),
            await MyReplica.LookAsync(look.Connection, ct).ConfigureAwait(false), redo is not [[_, "OFF"]]);
    }

    public async ValueTask<IReadOnlyList<ProbeFinding>> FindingsAsync(CancellationToken ct)
    {
        var server = look.Connection.Server;
        var isTarget = look.Request.Role == ProbeRole.Target;
        var findings = new List<ProbeFinding>();
        if (replica.Follows)
        {
            findings.Add(isTarget ? ProbeFinding.Warning(FindingCodes.ReplicaWritten, ("primary", replica.Primary))
                : ProbeFinding.Note(FindingCodes.Replica, ("primary", replica.Primary)));
        }
        findings.Add(await EncodingAsync(ct).ConfigureAwait(false));
        findings.Add(ProbeFinding.Good(FindingCodes.Zone, ("zone", server.TimeZone), ("session", "UTC")));
        if (look.Request.Role != ProbeRole.Source) findings.AddRange(Durable());
        if (Overridden() is { Length: > 0 } overridden)
        {
            findings.Add(ProbeFinding.Note(FindingCodes.Overridden, ("settings", string.Join(", ", overridden))));
        }
        if (isTarget) findings.AddRange(Writing());
        if (server.LowerCaseTableNames != 0)
        {
            findings.Add(ProbeFinding.Note(FindingCodes.NamesFolded, ("setting", "lower_case_table_names"),
                ("value", server.LowerCaseTableNames)));
        }
        return findings;
    }

    /// <summary>The database's own, and those that columns of the job's tables have beside it.</summary>
    private async ValueTask<ProbeFinding> EncodingAsync(CancellationToken ct)
    {
        var database = look.At.Database ?? "";
        var own = await look.Connection.RowsAsync("select default_character_set_name from information_schema.schemata where schema_name = "
            + MyQuote.Text(database), ct).ConfigureAwait(false);
        var encoding = own is [[{ } text]] ? text : look.Connection.Server.Charset;
        var tables = look.Request.Tables.Select(t => $"(table_schema = {MyQuote.Text(t.Name.Schema ?? database)} and table_name = "
            + $"{MyQuote.Text(t.Name.Name)})").ToArray();
        var where = tables.Length > 0 ? string.Join(" or ", tables) : $"table_schema = {MyQuote.Text(database)}";
        var others = await look.Connection.RowsAsync("select distinct character_set_name from information_schema.columns where "
            + $"character_set_name is not null and ({where}) order by 1", ct).ConfigureAwait(false);
        return ProbeFinding.Good(FindingCodes.Encoding, ("encoding", encoding),
            ("others", MyProbeSource.Names([.. others.Select(r => r[0]!).Where(o => o != encoding)])));
    }

    /// <summary>What a loss of power would take back although it was answered, and the ledger with it.</summary>
    private IEnumerable<ProbeFinding> Durable()
    {
        // MariaDB's 3 flushes as 1 does, and once more.
        const string Flush = "innodb_flush_log_at_trx_commit", Log = "sync_binlog", Pages = "innodb_doublewrite",
            Method = "innodb_flush_method";
        var late = new List<ProbeFinding>();
        if (Value(Flush) is not ("1" or "3")) late.Add(Late(Flush, Set(Flush)));
        // The log decides after a crash which transactions happened.
        if (IsOn("log_bin") && Value(Log) != "1") late.Add(Late(Log, Set(Log)));
        if (Value(Method).Equals("nosync", StringComparison.OrdinalIgnoreCase)
            || Value(Method).Equals("littlesync", StringComparison.OrdinalIgnoreCase)) late.Add(Late(Method, []));
        if (values.ContainsKey(Pages) && (!IsOn(Pages) || Value(Pages) == "DETECT_ONLY"))
        {
            late.Add(ProbeFinding.Warning(FindingCodes.DurableOff, ("setting", Pages)));
        }
        if (!hasRedo)
        {
            late.Add(ProbeFinding.Warning(FindingCodes.DurableOff, ("setting", "INNODB REDO_LOG")) with
            {
                Mend = ["ALTER INSTANCE ENABLE INNODB REDO_LOG;"],
            });
        }
        return late.Count > 0 ? late : [ProbeFinding.Good(FindingCodes.Durable, ("setting", Flush), ("value", Value(Flush)))];
    }

    private ProbeFinding Late(string setting, string[] mend) =>
        ProbeFinding.Warning(FindingCodes.DurableLate, ("setting", setting), ("value", Value(setting))) with { Mend = mend };

    /// <summary>What a server's own defaults are, and Pawl's sessions have otherwise.</summary>
    private string[] Overridden()
    {
        var server = look.Connection.Server;
        var own = new List<string>();
        if (!server.SqlMode.Contains("STRICT_", StringComparison.OrdinalIgnoreCase)) own.Add($"sql_mode = '{server.SqlMode}'");
        if (server.WaitTimeoutSeconds < UsualWait) own.Add(Seconds("wait_timeout", server.WaitTimeoutSeconds));
        if (server.NetReadTimeoutSeconds < UsualNet) own.Add(Seconds("net_read_timeout", server.NetReadTimeoutSeconds));
        if (server.NetWriteTimeoutSeconds < UsualNet) own.Add(Seconds("net_write_timeout", server.NetWriteTimeoutSeconds));
        foreach (var (name, unit) in new[]
        {
            ("max_statement_time", "s"), ("max_execution_time", "ms"), ("idle_transaction_timeout", "s"),
            ("idle_write_transaction_timeout", "s"), ("idle_readonly_transaction_timeout", "s"),
        })
        {
            if (double.TryParse(Value(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var limit) && limit > 0)
            {
                own.Add(string.Create(CultureInfo.InvariantCulture, $"{name} = {limit} {unit}"));
            }
        }
        return [.. own];
    }

    /// <summary>What makes a target slower, or smaller.</summary>
    private IEnumerable<ProbeFinding> Writing()
    {
        var server = look.Connection.Server;
        if (look.At.Loads && !server.LocalInfile)
        {
            yield return ProbeFinding.Warning(FindingCodes.LoadOff, ("setting", "local_infile")) with { Mend = Set("local_infile") };
        }
        if (server.MaxAllowedPacket < UsualPacket)
        {
            yield return ProbeFinding.Warning(FindingCodes.ValuesSmall, ("setting", "max_allowed_packet"),
                ("bytes", server.MaxAllowedPacket)) with { Mend = Set("max_allowed_packet", "1073741824") };
        }
    }

    /// <summary>MySQL remembers it; for MariaDB it has to stand in a file as well.</summary>
    private string[] Set(string setting, string value = "1") =>
        [$"SET {(look.Connection.Server.IsMariaDb ? "GLOBAL" : "PERSIST")} {setting} = {value};"];

    private static string Seconds(string name, long seconds) => string.Create(CultureInfo.InvariantCulture, $"{name} = {seconds} s");

    private string Value(string name) => values.GetValueOrDefault(name, "");

    private bool IsOn(string name) => Value(name) is not ("" or "0") && !Value(name).Equals("OFF", StringComparison.OrdinalIgnoreCase);
}
