using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// How many rows the server says a COPY brought. The driver's raw copy stream reads that answer and keeps it to itself, so it is taken from
/// where the driver leaves it. The driver's version is pinned, and a driver without that place is refused, never guessed around.
/// Thread-safe.
/// </summary>
internal static class PgCopyAnswer
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private static readonly FieldInfo? Connector, Message;
    private static readonly PropertyInfo? Rows;

    [DynamicDependency("_connector", typeof(NpgsqlRawCopyStream))]
    [DynamicDependency("_commandCompleteMessage", "Npgsql.Internal.NpgsqlConnector", "Npgsql")]
    [DynamicDependency("Rows", "Npgsql.BackendMessages.CommandCompleteMessage", "Npgsql")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "named above")]
    static PgCopyAnswer()
    {
        Connector = typeof(NpgsqlRawCopyStream).GetField("_connector", Hidden);
        Message = Connector?.FieldType.GetField("_commandCompleteMessage", Hidden);
        Rows = Message?.FieldType.GetProperty("Rows", Hidden);
    }

    /// <summary>What will hold the answer of this COPY. Asked for while the stream is open.</summary>
    public static object Of(NpgsqlRawCopyStream stream)
    {
        if (Rows?.PropertyType != typeof(ulong)) throw Unknown();
        return Message!.GetValue(Connector!.GetValue(stream) ?? throw Unknown()) ?? throw Unknown();
    }

    /// <summary>The rows the server counted, once the stream is closed.</summary>
    public static long RowsOf(object answer) => checked((long)(ulong)Rows!.GetValue(answer)!);

    private static PawlException Unknown() => new(Fault.Bug, Codes.ContractBroken, ("what", "the driver's answer to COPY"),
        ("driver", typeof(NpgsqlConnection).Assembly.GetName().Version));
}
