using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// The stream below the driver, TLS included, which the driver keeps to itself. Its version is pinned, and a driver that keeps the stream
/// elsewhere, or is not idle, is refused, never guessed around. Thread-safe.
/// </summary>
internal static class PgDriver
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private static readonly PropertyInfo? Connector, ReadBuffer, Unread, Underlying;

    [DynamicDependency("Connector", typeof(NpgsqlConnection))]
    [DynamicDependency("ReadBuffer", "Npgsql.Internal.NpgsqlConnector", "Npgsql")]
    [DynamicDependency("ReadBytesLeft", "Npgsql.Internal.NpgsqlReadBuffer", "Npgsql")]
    [DynamicDependency("Underlying", "Npgsql.Internal.NpgsqlReadBuffer", "Npgsql")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "named above")]
    static PgDriver()
    {
        Connector = typeof(NpgsqlConnection).GetProperty("Connector", Hidden);
        ReadBuffer = Connector?.PropertyType.GetProperty("ReadBuffer", Hidden);
        Unread = ReadBuffer?.PropertyType.GetProperty("ReadBytesLeft", Hidden);
        Underlying = ReadBuffer?.PropertyType.GetProperty("Underlying", Hidden);
    }

    /// <summary>The stream of a connection that has read everything the server sent.</summary>
    public static Stream Idle(NpgsqlConnection connection)
    {
        if (TryIdle(connection) is { } found) return found;
        throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "the driver's connection"),
            ("driver", typeof(NpgsqlConnection).Assembly.GetName().Version));
    }

    /// <summary>The same; null when there is none, or the driver has something of the server's that it has not looked at.</summary>
    public static Stream? TryIdle(NpgsqlConnection connection) =>
        Reading(connection) is { } reading && Unread?.GetValue(reading) is 0 ? Under(connection) : null;

    /// <summary>Closes the socket under a connection that does not come to an end by itself. Calls that wait on it fail.</summary>
    public static void Cut(NpgsqlConnection connection) => Under(connection)?.Dispose();

    private static Stream? Under(NpgsqlConnection connection) =>
        Reading(connection) is { } reading ? Underlying?.GetValue(reading) as Stream : null;

    private static object? Reading(NpgsqlConnection connection) =>
        Connector?.GetValue(connection) is { } connector ? ReadBuffer?.GetValue(connector) : null;
}
