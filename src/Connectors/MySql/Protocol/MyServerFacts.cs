using System.Globalization;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>What a server said of itself at login. The numbers are those of this session before it was set up.</summary>
internal sealed record MyServerFacts
{
    /// <summary>
    /// As the server writes it: <c>10.11.19-MariaDB-0+deb12u1</c>, <c>9.7.0</c>. Without MariaDB's old <c>5.5.5-</c> in front.
    /// </summary>
    public required string VersionText { get; init; }
    /// <summary>version_comment, e.g. <c>Debian 12</c>.</summary>
    public string VersionComment { get; init; } = "";
    public required Version Version { get; init; }
    public required bool IsMariaDb { get; init; }
    /// <summary>The session's id, the one that KILL takes.</summary>
    public ulong ConnectionId { get; init; }
    /// <summary>CLIENT_* bits of the server; MariaDB's own lie from bit 32.</summary>
    public ulong Capabilities { get; init; }
    /// <summary>character_set_server.</summary>
    public string Charset { get; init; } = "";
    /// <summary>collation_server.</summary>
    public string Collation { get; init; } = "";
    /// <summary>Longest statement in bytes.</summary>
    public long MaxAllowedPacket { get; init; } = 1 << 20;
    /// <summary>Seconds.</summary>
    public long NetWriteTimeoutSeconds { get; init; }
    /// <summary>Seconds.</summary>
    public long NetReadTimeoutSeconds { get; init; }
    /// <summary>Seconds after which the server ends an idle session.</summary>
    public long WaitTimeoutSeconds { get; init; }
    /// <summary>The server's default, not the session's.</summary>
    public string SqlMode { get; init; } = "";
    /// <summary>The server's default, not the session's.</summary>
    public string TimeZone { get; init; } = "";
    /// <summary>The server takes LOAD DATA LOCAL.</summary>
    public bool LocalInfile { get; init; }
    /// <summary>0 = names of tables are told apart by case; 1 = stored in lower case; 2 = stored as given, compared without case.</summary>
    public int LowerCaseTableNames { get; init; }
    public bool ReadOnly { get; init; }
    public long ServerId { get; init; }
    /// <summary>Host name, port, data folder and id as the server knows them: two sessions with the same are on the same server.</summary>
    public string Place { get; init; } = "";
    /// <summary>
    /// When the server was started, seconds since 1970 by its own clock: its sessions are numbered anew with every start. Null = it does
    /// not tell.
    /// </summary>
    public long? Started { get; init; }
    /// <summary>The account that the login was found to be, <c>name@host</c>: the one that rights are given to.</summary>
    public string Account { get; init; } = "";
    /// <summary>TLS version of this connection (<c>Tls13</c>), or null.</summary>
    public string? Tls { get; init; }
    public bool IsCompressed { get; init; }

    /// <summary>What <see cref="With"/> reads.</summary>
    public const string Sql = "select connection_id(), @@version, @@version_comment, @@character_set_server, @@collation_server, "
        + "@@max_allowed_packet, @@net_write_timeout, @@net_read_timeout, @@wait_timeout, @@sql_mode, @@time_zone, @@local_infile, "
        + "@@lower_case_table_names, @@read_only, @@server_id, concat_ws(' ', @@hostname, @@port, @@datadir, @@server_id), "
        + "current_user()";

    private const int Columns = 17;

    /// <summary>What is known before anything is asked.</summary>
    public static MyServerFacts Of(MyLogin login) => new()
    {
        VersionText = login.Greeting.Version, Version = Parse(login.Greeting.Version), IsMariaDb = login.Greeting.IsMariaDb,
        ConnectionId = login.Greeting.ConnectionId, Capabilities = login.Greeting.Capabilities, Tls = login.TlsVersion,
        IsCompressed = login.Wire.IsCompressed,
    };

    /// <param name="rows">The answer to <see cref="Sql"/>.</param>
    public MyServerFacts With(IReadOnlyList<string?[]> rows)
    {
        if (rows is not [{ Length: Columns } row]) throw new MyProtocolException("the server does not tell its settings");
        return this with
        {
            // A proxy in between has numbers of its own: the session's is the one that KILL takes.
            ConnectionId = ulong.TryParse(row[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : ConnectionId,
            VersionText = row[1] ?? "", Version = Parse(row[1] ?? ""), VersionComment = row[2] ?? "", Charset = row[3] ?? "",
            IsMariaDb = IsMariaDb || row[1]?.Contains("MariaDB", StringComparison.OrdinalIgnoreCase) == true,
            Collation = row[4] ?? "", MaxAllowedPacket = Number(row[5]), NetWriteTimeoutSeconds = Number(row[6]),
            NetReadTimeoutSeconds = Number(row[7]), WaitTimeoutSeconds = Number(row[8]), SqlMode = row[9] ?? "", TimeZone = row[10] ?? "",
            LocalInfile = Number(row[11]) != 0, LowerCaseTableNames = (int)Number(row[12]), ReadOnly = row[13] is not ("0" or "OFF"),
            ServerId = Number(row[14]), Place = row[15] ?? "", Account = row[16] ?? "",
        };
    }

    /// <summary>
    /// Both numbers are taken at the statement's beginning, so that the difference is the server's own note of its start, whatever becomes
    /// of the clock meanwhile.
    /// </summary>
    public static string StartedSql(MyServerFacts server) => "select cast(unix_timestamp() - variable_value as signed) from "
        + $"{(server.IsMariaDb ? "information_schema" : "performance_schema")}.global_status where variable_name = 'Uptime'";

    /// <param name="rows">The answer to <see cref="StartedSql"/>.</param>
    public static long? StartOf(IReadOnlyList<string?[]> rows) => rows is [[{ } text]]
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : null;

    /// <summary>Both are of one life of a server, as far as it tells.</summary>
    public bool IsOfOneStart(MyServerFacts other)
    {
        // A server that looked at its clock twice would be a second apart from itself; to be stopped and started takes longer.
        const long Rounding = 1;
        return Started is not { } one || other.Started is not { } two || Math.Abs(one - two) <= Rounding;
    }

    private static long Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number : throw new MyProtocolException("a setting of the server that should be a number is none");

    /// <summary>The numbers in front of a version's text.</summary>
    private static Version Parse(string text)
    {
        const string OldPrefix = "5.5.5-";
        if (text.StartsWith(OldPrefix, StringComparison.Ordinal)) text = text[OldPrefix.Length..];
        var end = text.AsSpan().IndexOfAnyExcept("0123456789.");
        return Version.TryParse(end < 0 ? text : text[..end].TrimEnd('.'), out var version) ? version : new Version(0, 0);
    }
}
