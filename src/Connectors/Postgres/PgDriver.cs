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

    private static readonly PropertyInfo? Connector = typeof(NpgsqlConnection).GetProperty("Connector", Hidden);
    private static readonly PropertyInfo? ReadBuffer = Connector?.PropertyType.GetProperty("ReadBuffer", Hidden);
    private static readonly PropertyInfo? Unread = ReadBuffer?.PropertyType.GetProperty("ReadBytesLeft", Hidden);
    private static readonly PropertyInfo? Underlying = ReadBuffer?.PropertyType.GetProperty("Underlying", Hidden);

    /// <summary>The stream of a connection that has read everything the server sent.</summary>
    public static Stream Idle(NpgsqlConnection connection)
    {
        if (Reading(connection) is { } reading && Unread?.GetValue(reading) is 0 && Underlying?.GetValue(reading) is Stream found) return found;
        throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "the driver's connection"),
            ("driver", typeof(NpgsqlConnection).Assembly.GetName().Version));
    }

    /// <summary>The stream of a connection, for who only writes to it; null when there is none any more.</summary>
    public static Stream? Under(NpgsqlConnection connection) =>
        Reading(connection) is { } reading ? Underlying?.GetValue(reading) as Stream : null;

    /// <summary>Closes the socket under a connection that does not come to an end by itself. Calls that wait on it fail.</summary>
    public static void Cut(NpgsqlConnection connection) => Under(connection)?.Dispose();

    private static object? Reading(NpgsqlConnection connection) => ReadBuffer?.GetValue(Connector?.GetValue(connection));
}
