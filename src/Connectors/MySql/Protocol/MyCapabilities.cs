namespace Pawl.Connectors.MySql.Protocol;

/// <summary>What client and server can do, as both say at login. https://mariadb.com/kb/en/connection/#capabilities</summary>
[Flags]
internal enum MyCapabilities : ulong
{
    None = 0,
    /// <summary>Clear: the other side is MariaDB.</summary>
    MySql = 1,
    LongFlag = 1 << 2,
    ConnectWithDatabase = 1 << 3,
    Compress = 1 << 5,
    LocalFiles = 1 << 7,
    Protocol41 = 1 << 9,
    Tls = 1 << 11,
    Transactions = 1 << 13,
    SecureConnection = 1 << 15,
    PluginAuth = 1 << 19,
    ConnectAttributes = 1 << 20,
    CountedAuthData = 1 << 21,
    DeprecatesEof = 1 << 24,
    /// <summary>MariaDB alone, as all from bit 32 on: one prepared statement takes many rows.</summary>
    Bulk = 1UL << 34,
}
