using System.Globalization;
using System.Text.RegularExpressions;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>
/// A statement that runs, of somebody else. Its NOW() is fixed from its first moment on, and InnoDB does not know of it before it reaches a
/// row: one that waits for a lock of the whole server, as backups take them, or for a table that is being altered, is no transaction yet,
/// and will write a time that has long passed.
/// </summary>
/// <param name="Thread">Of its session.</param>
/// <param name="Age">How long it runs; exact, or a little more.</param>
/// <param name="MayWrite">Its words do not say that it only reads.</param>
internal sealed partial record MyRunning(string Thread, TimeSpan Age, bool MayWrite)
{
    /// <summary>
    /// Sessions that wait for something to do, threads of the server's own, and those that hand out or apply its log. Whatever else
    /// there is counts, also what other versions call by other names.
    /// </summary>
    private static readonly string[] Idle =
        ["Sleep", "Daemon", "Binlog Dump", "Binlog Dump GTID", "Delayed insert", "Slave_IO", "Slave_SQL", "Slave_worker"];

    /// <summary>
    /// Statements that never add a row. SELECT and DO may, by a function they call; such a one waits for its locks as an INSERT does, so
    /// that these two count while they wait for one.
    /// </summary>
    private static readonly string[] Readers =
        ["show", "flush", "lock", "unlock", "kill", "use", "help", "desc", "describe", "check", "checksum", "backup", "purge"];

    private static readonly string[] Askers = ["select", "do"];

    public static async ValueTask<IReadOnlyList<MyRunning>> LookAsync(MyConnection connection, CancellationToken ct)
    {
        var own = connection.Server.ConnectionId.ToString(CultureInfo.InvariantCulture);
        // MySQL knows whole seconds only, and will not have the table in information_schema for ever.
        var rows = connection.Server.IsMariaDb
            ? await connection.RowsAsync("select id, user, command, time_ms, coalesce(state, ''), coalesce(left(info, 200), '') "
                + "from information_schema.processlist", ct).ConfigureAwait(false)
            : [.. (await connection.RowsAsync("show processlist", ct).ConfigureAwait(false))
                .Select(r => new[] { r[0], r[1], r[4], r[5], r[6] ?? "", r[7] ?? "" })];
        return [.. rows.Where(r => r[0] != own && r[1] is not ("system user" or "unauthenticated user") && !Idle.Contains(r[2])
            // An event that runs is called so, too, and has words.
            && (r[2] != "Connect" || r[5] != "")).Select(r => Of(connection.Server.IsMariaDb, r))];
    }

    private static MyRunning Of(bool isMariaDb, string?[] row)
    {
        var time = double.TryParse(row[3], NumberStyles.Float, CultureInfo.InvariantCulture, out var found) ? Math.Max(0, found) : 0;
        // Of a time in seconds both ends are cut to whole ones; that in milliseconds goes by another clock than NOW() does.
        var age = (isMariaDb ? TimeSpan.FromMilliseconds(time) : TimeSpan.FromSeconds(time)) + TimeSpan.FromSeconds(1);
        return new MyRunning(row[0]!, age, MayAdd(row[5]!, row[4]!));
    }

    /// <param name="words">Its beginning.</param>
    /// <param name="state">What it does, in the server's words.</param>
    internal static bool MayAdd(string words, string state)
    {
        var verb = Verb().Match(words).Groups[1].Value.ToLowerInvariant();
        return !Readers.Contains(verb) && (!Askers.Contains(verb) || state.StartsWith("Waiting for", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Behind comments, but for those that the server may run.</summary>
    [GeneratedRegex(@"\A(?:\s|/\*(?![!M])[^*]*\*+(?:[^/*][^*]*\*+)*/)*([A-Za-z]+)\b")]
    private static partial Regex Verb();
}
