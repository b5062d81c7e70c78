using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>The options of a MySQL or MariaDB URL, and how it is read. Pure.</summary>
internal static partial class MyAddresses
{
    public const int DefaultPort = 3306;

    private static readonly string[] TlsRules = ["verify", "required", "off"];
    private static readonly string[] TinyRules = ["int", "bool"];
    private static readonly string[] ZeroRules = ["reject", "null", "text"];
    private static readonly string[] Switch = ["on", "off"];

    private static readonly OptionSpec[] SourceSpecs =
    [
        new("tls", "How the connection is encrypted: verify checks certificate and host name, required encrypts without checking, off does "
            + "not encrypt. On loopback and unix sockets it is off unless stated.", "verify", TlsRules)
        {
            Chinese = "连接如何加密：verify 校验证书与主机名，required 只加密不校验，off 不加密；回环地址与 unix 套接字未写明时为 off。",
        },
        new("ca", "A file with the root certificates (PEM) that the server's certificate is checked against; without it those of the "
            + "machine.")
        {
            Chinese = "用于校验服务器证书的根证书文件（PEM）；不写则用本机的根证书。",
        },
        new("cert", "A file with the certificate (PEM) that this side shows to a server that asks for one.")
        {
            Chinese = "服务器要求客户端证书时出示的证书文件（PEM）。",
        },
        new("key", "A file with the private key (PEM) of cert; without it the key is looked for in the file of cert.")
        {
            Chinese = "cert 的私钥文件（PEM）；不写则在 cert 的文件中查找。",
        },
        new("server_key", "A file with the server's public key (PEM), under which caching_sha2_password sends the password where tls is "
            + "off; without it that is done on loopback only.")
        {
            Chinese = "服务器公钥文件（PEM）：tls 为 off 时，caching_sha2_password 用它加密发送密码；不写则只在回环地址上这样登录。",
        },
        new("socket", "The server's unix socket, used in place of host, port and tls.")
        {
            Chinese = "服务器的 unix 套接字文件，代替主机名、端口与 tls。",
        },
        new("compression", "Whether what is sent is compressed, where the server can: worth it on slow lines only.", "off", Switch)
        {
            Chinese = "服务器支持时是否压缩传输：只在慢速线路上值得。",
        },
        new("connect_timeout", "How long to wait for a connection: a duration from 1s to 10m.", "15s")
        {
            Chinese = "等待连接的时间：从 1s 到 10m。",
        },
        new("statement_timeout", "How long one statement may take: a duration such as 10m, from 1s to 60m, or 0s for no limit; MySQL holds "
            + "it for queries only.", "0s")
        {
            Chinese = "单条语句的最长时间：如 10m，从 1s 到 60m；0s 为不限；MySQL 只对查询生效。",
        },
        new("lock_timeout", "How long to wait for a lock that another session holds: a duration in whole seconds, from 1s to 10m.", "5s")
        {
            Chinese = "等待其他会话所持锁的时间：整秒，从 1s 到 10m。",
        },
        new("tinyint1", "Of a source: what tinyint(1) is read as, a number or a boolean; a cell that is neither 0 nor 1 is then "
            + "mistyped.", "int", TinyRules)
        {
            Chinese = "用于源端：tinyint(1) 读作整数还是布尔；读作布尔时，既非 0 也非 1 的单元格视为类型不符。",
        },
        new("zero_dates", "Of a source: what becomes of dates that no calendar has, such as 0000-00-00: reject hands the cell on as "
            + "mistyped, null makes it NULL, text reads all dates and times of day as text.", "reject", ZeroRules)
        {
            Chinese = "用于源端：日历上没有的日期（如 0000-00-00）如何处理：reject 视为类型不符，"
                + "null 改为 NULL，text 把所有日期与日期时间读作文本。",
        },
        new("view_key", "Columns that are unique and never null in a view, so that it can be read like a table: "
            + "database.view(column,column), several of them joined by semicolons.")
        {
            Chinese = "视图中唯一且从不为空的列，使视图可以像表一样读取：database.view(column,column)，多个视图用分号连接。",
        },
    ];

    public static readonly IReadOnlyList<OptionSpec> Specs = All();

    /// <exception cref="PawlException"><see cref="Codes.OptionUnknown"/>, <see cref="Codes.OptionInvalid"/>.</exception>
    public static MyAddress Parse(Endpoint at)
    {
        var database = at.Path.TrimStart('/');
        var address = new MyAddress
        {
            Server = new MyOptions
            {
                Host = string.IsNullOrEmpty(at.Host) ? "localhost" : at.Host, Port = at.Port ?? DefaultPort,
                User = at.User ?? Environment.UserName, Password = at.Password, Database = database.Length == 0 ? null : database,
                Display = at.Display,
            },
        };
        foreach (var (name, value) in at.Options)
        {
            var found = Source(name, value, address);
            if (found is null) Target(name, value, address, ref found);
            address = found ?? throw new PawlException(Fault.Configuration, Codes.OptionUnknown, ("option", name),
                ("known", string.Join(", ", Specs.Select(s => s.Name))), ("endpoint", at.Display));
        }
        return address;
    }

    /// <summary>Adds the options of a target.</summary>
    static partial void AddTargetSpecs(List<OptionSpec> specs);

    /// <summary>Reads an option of a target; <paramref name="found"/> stays null for one that is unknown.</summary>
    static partial void Target(string name, string value, MyAddress at, ref MyAddress? found);

    /// <exception cref="PawlException"><see cref="Codes.OptionInvalid"/>.</exception>
    public static string OneOf(string option, string value, string[] allowed) =>
        allowed.Contains(value, StringComparer.Ordinal) ? value : throw Invalid(option, value, string.Join(" | ", allowed));

    /// <param name="least">In milliseconds.</param>
    /// <param name="most">In milliseconds.</param>
    /// <exception cref="PawlException"><see cref="Codes.OptionInvalid"/>.</exception>
    public static TimeSpan Duration(string option, string text, long least, long most)
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

    private static MyAddress? Source(string name, string value, MyAddress at)
    {
        var server = at.Server;
        return name switch
        {
            "tls" => at with { Server = server with { Tls = OneOf(name, value, TlsRules) switch
            {
                "verify" => MyTls.Verify,
                "required" => MyTls.Required,
                _ => MyTls.Off,
            } } },
            "ca" => at with { Server = server with { CaFile = Path.GetFullPath(value) } },
            "cert" => at with { Server = server with { CertificateFile = Path.GetFullPath(value) } },
            "key" => at with { Server = server with { KeyFile = Path.GetFullPath(value) } },
            "server_key" => at with { Server = server with { ServerKeyFile = Path.GetFullPath(value) } },
            "socket" => at with { Server = server with { Socket = Path.GetFullPath(value) } },
            "compression" => at with { Server = server with { Compress = OneOf(name, value, Switch) == "on" } },
            "connect_timeout" => at with { Server = server with { ConnectTimeout = Duration(name, value, 1_000, 600_000) } },
            "statement_timeout" => at with { Server = server with { StatementTimeout = Duration(name, value, 0, 3_600_000) } },
            "lock_timeout" => at with { Server = server with { LockTimeout = Duration(name, value, 1_000, 600_000) } },
            "tinyint1" => at with { TinyIsBool = OneOf(name, value, TinyRules) == "bool" },
            "zero_dates" => at with { ZeroDates = OneOf(name, value, ZeroRules) switch
            {
                "null" => MyZeroDates.Null,
                "text" => MyZeroDates.Text,
                _ => MyZeroDates.Reject,
            } },
            "view_key" => at with { ViewKeys = MyNames.ViewKeys(value) },
            _ => null,
        };
    }

    private static OptionSpec[] All()
    {
        var specs = new List<OptionSpec>(SourceSpecs);
        AddTargetSpecs(specs);
        return [.. specs];
    }

    private static PawlException Invalid(string option, string value, string expected) =>
        new(Fault.Configuration, Codes.OptionInvalid, ("option", option), ("value", value), ("expected", expected));
}
