using System.Globalization;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>The statement that makes sessions alike, whatever a server's own defaults are.</summary>
internal static class MySetup
{
    /// <summary>Bytes of a value that the server sorts by, where nothing else is asked for: its own default.</summary>
    public const int SortLength = 1024;

    public static string Sql(MyOptions options, MyServerFacts server)
    {
        // Results stay in the charset of their columns: a conversion would lose what does not fit, and hide what is broken.
        string[] settings =
        [
            "names utf8mb4", "character_set_results = null", "time_zone = '+00:00'", $"sql_mode = '{options.SqlMode}'", "autocommit = 1",
            // The counts of an answer are read from its words.
            "lc_messages = 'en_US'",
            // Not default: that is what the server is set to for everybody. A chained transaction would keep the old one's moment.
            "sql_select_limit = 18446744073709551615", "completion_type = 0",
            // What is cut at the end of a number or a time is a note, and counted among the warnings.
            "sql_notes = 1", "sql_safe_updates = 0", "sql_auto_is_null = 0", "sql_big_selects = 1",
            $"max_sort_length = {SortLength}",
            $"net_write_timeout = {Seconds(options.NetTimeout)}", $"net_read_timeout = {Seconds(options.NetTimeout)}",
            // The server would end a session that waits for the other end of a job. 24 days, the most that every system takes.
            "wait_timeout = 2147483",
            $"lock_wait_timeout = {Seconds(options.LockTimeout)}", $"innodb_lock_wait_timeout = {Seconds(options.LockTimeout)}",
            server.IsMariaDb
                ? string.Create(CultureInfo.InvariantCulture, $"max_statement_time = {options.StatementTimeout.TotalSeconds:0.######}")
                : string.Create(CultureInfo.InvariantCulture, $"max_execution_time = {(long)options.StatementTimeout.TotalMilliseconds}"),
        ];
        // Counts and times of a table as they are, not as they were remembered a day ago.
        if (!server.IsMariaDb && server.Version >= new Version(8, 0, 3)) settings = [.. settings, "information_schema_stats_expiry = 0"];
        if (server.IsMariaDb && server.Version >= new Version(10, 3))
        {
            settings = [.. settings, "check_constraint_checks = 1", "idle_transaction_timeout = 0", "idle_write_transaction_timeout = 0",
                "idle_readonly_transaction_timeout = 0"];
        }
        return "set " + string.Join(", ", settings);
    }

    private static string Seconds(TimeSpan time) =>
        Math.Max(1, (long)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
