namespace Pawl.Connectors.MySql.Protocol;

/// <summary>Numbers of errors that the protocol itself must know. https://mariadb.com/kb/en/mariadb-error-code-reference/</summary>
internal static class MyNumbers
{
    public const int NoSuchThread = 1094, Deadlock = 1213, Interrupted = 1317;

    /// <summary>After these the server closes the connection: shut down, packet too large or out of order, killed, idle.</summary>
    public static bool EndsSession(int number) => number is 1053 or 1077 or 1080 or 1152 or 1153 or (>= 1155 and <= 1161) or 1184 or 1835
        or 1927 or 3169 or 4031;
}
