using System.Net;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>How a connection is encrypted.</summary>
internal enum MyTls
{
    /// <summary>Not at all.</summary>
    Off,
    /// <summary>Encrypted, whoever the other side is: helps against listening only.</summary>
    Required,
    /// <summary>Encrypted, with a certificate that is trusted, valid now and made out to the host. The default but on loopback.</summary>
    Verify,
}

/// <summary>
/// Where a server is and how it is spoken to. Immutable; holds a secret, so <see cref="ToString"/> gives <see cref="Display"/> alone.
/// </summary>
internal sealed record MyOptions
{
    /// <summary>Name or address; also the name the certificate must be made out to. Default localhost.</summary>
    public string Host { get; init; } = "localhost";
    /// <summary>1 – 65535. Default 3306.</summary>
    public int Port { get; init; } = 3306;
    /// <summary>Path of a unix socket, used in place of host and port; null = TCP.</summary>
    public string? Socket { get; init; }
    public required string User { get; init; }
    /// <summary>A secret. Null or empty: the account has none.</summary>
    public string? Password { get; init; }
    /// <summary>The default database; null = none is chosen.</summary>
    public string? Database { get; init; }
    /// <summary>Null (default): <see cref="MyTls.Verify"/>, except on loopback and unix sockets, where it is off.</summary>
    public MyTls? Tls { get; init; }
    /// <summary>A PEM file with the roots that <see cref="MyTls.Verify"/> trusts; null = those of the machine.</summary>
    public string? CaFile { get; init; }
    /// <summary>A PEM file with the certificate that a server may ask for; null = none is shown.</summary>
    public string? CertificateFile { get; init; }
    /// <summary>Its private key (PEM, unencrypted); null = it is in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }
    /// <summary>
    /// A PEM file with the server's public key, for caching_sha2_password without TLS; null = none is known, and the password is sent under
    /// the key that the server names on loopback only.
    /// </summary>
    public string? ServerKeyFile { get; init; }
    /// <summary>Asks for zlib; a server that cannot is spoken to plainly. Default false.</summary>
    public bool Compress { get; init; }
    /// <summary>The server may ask for the rows of <see cref="MyConnection.LoadAsync"/>. Default false: it is not told we can.</summary>
    public bool AllowLoad { get; init; }
    /// <summary>Longest time for connecting, TLS, login and session set-up together. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);
    /// <summary>
    /// Longest statement, held by the server: MariaDB limits every statement, MySQL only select. Zero (default) = no limit, whatever the
    /// server's own default is.
    /// </summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.Zero;
    /// <summary>Longest wait for a row lock or a table's definition, whole seconds, at least 1. Default 5 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>
    /// How long the server waits for a side that reads or writes slowly (net_write_timeout, net_read_timeout), whole seconds. The
    /// server's own 60 s and 30 s end streams whose other end is merely slow. Default 10 min.
    /// </summary>
    public TimeSpan NetTimeout { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>
    /// The session's sql_mode: whatever does not fit is refused, an AUTO_INCREMENT of 0 is stored as it is, " is no quote, \ escapes.
    /// </summary>
    public string SqlMode { get; init; } = "STRICT_ALL_TABLES,STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,"
        + "NO_ENGINE_SUBSTITUTION";
    /// <summary>Longest packet that is accepted, bytes: a row holds no more. Default 1 GiB, the most a server can be set to.</summary>
    public int MostPacketBytes { get; init; } = 1 << 30;
    /// <summary>
    /// Most that <see cref="MyConnection.RowsAsync"/> gathers, in bytes of memory: it reads catalogues. Default 1 GiB, about a million
    /// columns.
    /// </summary>
    public int MostGatheredBytes { get; init; } = 1 << 30;
    /// <summary>The URL without secrets.</summary>
    public string Display { get; init; } = "";

    /// <summary>Nothing that is sent leaves this machine.</summary>
    public bool IsLocal => Socket is not null || IsLoopback(Host);

    /// <summary>What <see cref="Tls"/> comes to.</summary>
    public MyTls EffectiveTls => Socket is not null ? MyTls.Off : Tls ?? (IsLocal ? MyTls.Off : MyTls.Verify);

    public override string ToString() => Display;

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address);
}
