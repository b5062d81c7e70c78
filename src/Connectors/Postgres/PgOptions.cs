using System.Globalization;
using System.Net;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What a PostgreSQL URL says: <c>postgres://user:password@host:5432/database?option=value</c>. Immutable; holds a secret, so it is never
/// printed: <see cref="Display"/> is what may be shown.
/// </summary>
internal sealed record PgOptions
{
    private static readonly string[] Modes = ["verify-full", "verify-ca", "require", "disable"];
    private static readonly string[] KeyTimes = ["after", "before"];
    private static readonly string[] WireRules = ["auto", "off"];
    private static readonly string[] TriggerRules = ["refuse", "fire", "skip"];

    public static readonly IReadOnlyList<OptionSpec> Specs =
    [
        new("sslmode", "How the connection is encrypted: verify-full checks certificate and host name, verify-ca the certificate alone, "
            + "require neither, disable does not encrypt. On loopback and unix sockets it is disable unless stated.", "verify-full", Modes)
        {
            Chinese = "连接如何加密：verify-full 校验证书与主机名，verify-ca 只校验证书，require 都不校验，disable 不加密；"
                + "回环地址与 unix 套接字未写明时为 disable。",
        },
        new("sslrootcert", "A file with the root certificates (PEM) that the server's certificate is checked against; without it those of "
            + "the machine.")
        {
            Chinese = "用于校验服务器证书的根证书文件（PEM）；不写则用本机的根证书。",
        },
        new("sslcert", "A file with the certificate (PEM) that this side shows to a server that asks for one.")
        {
            Chinese = "服务器要求客户端证书时出示的证书文件（PEM）。",
        },
        new("sslkey", "A file with the private key (PEM) of sslcert; without it the key is looked for in the file of sslcert.")
        {
            Chinese = "sslcert 的私钥文件（PEM）；不写则在 sslcert 的文件中查找。",
        },
        new("socket", "A folder with the server's unix socket, used in place of host and sslmode; the port still names the socket file.")
        {
            Chinese = "服务器 unix 套接字所在目录，代替主机名与 sslmode；端口仍决定套接字文件名。",
        },
        new("lock_timeout", "How long to wait for a lock that another session holds: a duration such as 500ms or 5s, from 1ms to 10m.",
            "5s")
        {
            Chinese = "等待其他会话所持锁的时间：如 500ms 或 5s，从 1ms 到 10m。",
        },
        new("statement_timeout", "How long one statement may take: a duration such as 10m, from 1s to 60m, or 0s for no limit.", "0s")
        {
            Chinese = "单条语句的最长时间：如 10m，从 1s 到 60m；0s 为不限。",
        },
        new("connect_timeout", "How long to wait for a connection: a duration from 1s to 10m.", "15s")
        {
            Chinese = "等待连接的时间：从 1s 到 10m。",
        },
        new("view_key", "Columns that are unique and never null in a view, so that it can be read like a table: "
            + "schema.view(column,column), several of them joined by semicolons.")
        {
            Chinese = "视图中唯一且从不为空的列，使视图可以像表一样读取：schema.view(column,column)，多个视图用分号连接。",
        },
        new("control_schema", "The schema of the target database that holds Pawl's own tables.", PgNames.DefaultSchema)
        {
            Chinese = "目标库中存放 Pawl 自身表的 schema。",
        },
        new("keys", "When a table that Pawl creates gets its keys: after the rows, which is faster, or before them, so that a row that "
            + "comes twice is refused at once. A table written by upsert, or with a reject limit, has them before.", "after", KeyTimes)
        {
            Chinese = "Pawl 所建的表何时加键：写完行之后（更快），或之前，使重复的行立即被拒；write: upsert 与设置了拒收上限的表总在之前。",
        },
        new("wire", "Of a source: hand rows to a PostgreSQL target as they come off the wire where all types match, or decode every row "
            + "(off). The result is the same.", "auto", WireRules)
        {
            Chinese = "用于源端：类型全部一致时把行按线上格式原样交给 PostgreSQL 目标，或逐行解码（off）；结果相同。",
        },
        new("triggers", "What to do with a target table that has triggers: refuse it, let them fire for every row, or skip them "
            + "together with its foreign keys (needs the right to set session_replication_role).", "refuse", TriggerRules)
        {
            Chinese = "目标表有触发器时：拒绝该表，让触发器逐行触发，或连同外键一起跳过（需要设置 session_replication_role 的权限）。",
        },
    ];

    public required string Host { get; init; }
    /// <summary>The host is the folder of a unix socket.</summary>
    public bool OverSocket => Host.StartsWith('/');
    public int Port { get; init; } = 5432;
    public required string Database { get; init; }
    public required string User { get; init; }
    /// <summary>A secret. Null: none is sent, the server may ask for none, or a pgpass file has it.</summary>
    public string? Password { get; init; }
    public SslMode Ssl { get; init; } = SslMode.VerifyFull;
    public string? SslRootCertificate { get; init; }
    /// <summary>File of the client's own certificate; null = none is shown.</summary>
    public string? SslCertificate { get; init; }
    /// <summary>File of its key; null = it is in the certificate's file.</summary>
    public string? SslKey { get; init; }
    /// <summary>Longest wait for a lock, 1 ms – 10 min. Default 5 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Longest statement; zero = no limit, the default.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.Zero;
    /// <summary>Longest wait for a connection, 1 s – 10 min. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);
    /// <summary>View (<c>schema.view</c>) → its stated key columns.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ViewKeys { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
    /// <summary>Where the control tables lie. Default public.</summary>
    public string ControlSchema { get; init; } = PgNames.DefaultSchema;
    /// <summary>A table that Pawl creates has its keys before its rows. Default false.</summary>
    public bool KeysFirst { get; init; }
    /// <summary>Rows may be handed on undecoded. Default true.</summary>
    public bool PassesWire { get; init; } = true;
    /// <summary>What to do with a target's triggers. Default <see cref="PgTriggers.Refuse"/>.</summary>
    public PgTriggers Triggers { get; init; }
    /// <summary>The URL without secrets.</summary>
    public string Display { get; init; } = "";

    /// <summary>Nothing that is sent leaves this machine.</summary>
    public bool IsLocal => OverSocket || IsLoopback(Host);

    public override string ToString() => Display;

    /// <exception cref="PawlException"><see cref="Codes.OptionUnknown"/>, <see cref="Codes.OptionInvalid"/>.</exception>
    public static PgOptions Parse(Endpoint at)
    {
        var host = string.IsNullOrEmpty(at.Host) ? "localhost" : at.Host;
        var user = at.User ?? Environment.UserName;
        var database = at.Path.TrimStart('/');
        var options = new PgOptions
        {
            Host = host, Port = at.Port ?? 5432, User = user, Password = at.Password, Database = database.Length == 0 ? user : database,
            Display = at.Display, Ssl = IsLoopback(host) ? SslMode.Disable : SslMode.VerifyFull,
        };
        foreach (var (name, value) in at.Options)
        {
            options = name switch
            {
                "sslmode" => options with { Ssl = Mode(value) },
                "sslrootcert" => options with { SslRootCertificate = Path.GetFullPath(value) },
                "sslcert" => options with { SslCertificate = Path.GetFullPath(value) },
                "sslkey" => options with { SslKey = Path.GetFullPath(value) },
                "socket" => options with { Host = Path.GetFullPath(value) },
                "lock_timeout" => options with { LockTimeout = Duration(name, value, 1, 600_000) },
                "statement_timeout" => options with { StatementTimeout = Duration(name, value, 0, 3_600_000) },
                "connect_timeout" => options with { ConnectTimeout = Duration(name, value, 1_000, 600_000) },
                "control_schema" => options with { ControlSchema = value },
                "keys" => options with { KeysFirst = OneOf(name, value, KeyTimes) == "before" },
                "wire" => options with { PassesWire = OneOf(name, value, WireRules) == "auto" },
                "triggers" => options with { Triggers = OneOf(name, value, TriggerRules) switch
                {
                    "fire" => PgTriggers.Fire,
                    "skip" => PgTriggers.Skip,
                    _ => PgTriggers.Refuse,
                } },
                "view_key" => options with { ViewKeys = PgNames.ViewKeys(value) },
                _ => throw new PawlException(Fault.Configuration, Codes.OptionUnknown, ("option", name),
                    ("known", string.Join(", ", Specs.Select(s => s.Name))), ("endpoint", at.Display)),
            };
        }
        // TLS does not run over unix sockets.
        return options.OverSocket ? options with { Ssl = SslMode.Disable } : options;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));

    private static SslMode Mode(string value) => value switch
    {
        "verify-full" => SslMode.VerifyFull,
        "verify-ca" => SslMode.VerifyCA,
        "require" => SslMode.Require,
        "disable" => SslMode.Disable,
        _ => throw Invalid("sslmode", value, string.Join(" | ", Modes)),
    };

    private static string OneOf(string option, string value, string[] allowed) =>
        allowed.Contains(value, StringComparer.Ordinal) ? value : throw Invalid(option, value, string.Join(" | ", allowed));

    private static TimeSpan Duration(string option, string text, long least, long most)
    {
        var (digits, factor) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1),
            _ when text.EndsWith('s') => (text[..^1], 1_000),
            _ when text.EndsWith('m') => (text[..^1], 60_000),
            _ => (text, 0),
        };
        if (factor == 0 || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > most / factor || number * factor < least)
        {
            throw Invalid(option, text,
                FormattableString.Invariant($"a duration from {least} ms to {most / 60_000} min, as in 500ms, 5s, 2m"));
        }
        return TimeSpan.FromMilliseconds(number * factor);
    }

    private static PawlException Invalid(string option, string value, string expected) =>
        new(Fault.Configuration, Codes.OptionInvalid, ("option", option), ("value", value), ("expected", expected));
}

/// <summary>What to do with a target table that has triggers.</summary>
internal enum PgTriggers
{
    /// <summary>Stop before the first row.</summary>
    Refuse,
    /// <summary>Let them fire for every row.</summary>
    Fire,
    /// <summary>Neither they nor foreign keys are looked at while Pawl writes.</summary>
    Skip,
}
