using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Pawl.Contracts;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// How far a server has come: its timeline and the place in its log that a crash cannot take back. A number that only rises, until somebody
/// restores the server from a backup, or a standby takes over that had not received everything. <c>timeline lsn</c>, codec <c>pg.wal/1</c>.
/// </summary>
/// <param name="Timeline">Rises with every promotion and with every restore to a point in time.</param>
/// <param name="Lsn">Bytes since the log began.</param>
internal sealed partial record PgPast(uint Timeline, ulong Lsn)
{
    /// <summary>
    /// On a standby the timeline is the last one it wrote down, which may lag behind the one it follows; never the other way round.
    /// </summary>
    private const string Now = """
        select r, case when r then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end::text,
            case when r then (select greatest(c.timeline_id, m.min_recovery_end_timeline)::text
                from pg_control_checkpoint() c, pg_control_recovery() m)
            else ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::bigint::text end
        from pg_is_in_recovery() r
        """;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pg.wal/1 {Timeline} {Lsn >> 32:X}/{(uint)Lsn:X}");

    /// <summary>Null for what this version did not write.</summary>
    public static PgPast? Parse(string mark) => Form().Match(mark) is { Success: true } m
        ? new PgPast(uint.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture), Place(m.Groups[2].Value)) : null;

    public static async ValueTask<(PgPast Past, bool IsStandby)> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var look = new NpgsqlCommand(Now, connection);
        await using var row = await look.ExecuteReaderAsync(ct).ConfigureAwait(false);
        await row.ReadAsync(ct).ConfigureAwait(false);
        return (new PgPast(uint.Parse(row.GetString(2), CultureInfo.InvariantCulture), Place(row.GetString(1))), row.GetBoolean(0));
    }

    /// <summary>
    /// A standby that took over goes on in a new timeline: it has this past if it left the old one behind it. The server's own history of
    /// timelines says where it did, to those who may read it (<c>pg_read_file</c>); for others the place in the log alone decides.
    /// </summary>
    public async ValueTask<PastState> CompareAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (now, isStandby) = await ReadAsync(connection, ct).ConfigureAwait(false);
        var behind = isStandby ? PastState.NotYet : PastState.Lost;
        if (now.Timeline < Timeline || now.Lsn < Lsn) return behind;
        if (now.Timeline == Timeline) return PastState.Kept;
        if (await HistoryAsync(connection, now.Timeline, ct).ConfigureAwait(false) is not { } history) return PastState.Kept;
        return Left(history) is { } left && left >= Lsn ? PastState.Kept : PastState.Lost;
    }

    /// <summary>Where that history leaves our timeline; null when ours is no part of it.</summary>
    private ulong? Left(string history)
    {
        foreach (Match line in Switch().Matches(history))
        {
            if (uint.Parse(line.Groups[1].ValueSpan, CultureInfo.InvariantCulture) == Timeline) return Place(line.Groups[2].Value);
        }
        return null;
    }

    private static async ValueTask<string?> HistoryAsync(NpgsqlConnection connection, uint timeline, CancellationToken ct)
    {
        await using var right = new NpgsqlCommand(
            "select has_function_privilege('pg_catalog.pg_read_file(text, bigint, bigint, boolean)', 'execute')", connection);
        if (await right.ExecuteScalarAsync(ct).ConfigureAwait(false) is not true) return null;
        await using var read = new NpgsqlCommand("select pg_read_file($1, 0, 1048576, true)", connection);
        read.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"pg_wal/{timeline:X8}.history"));
        return await read.ExecuteScalarAsync(ct).ConfigureAwait(false) as string;
    }

    private static ulong Place(string lsn)
    {
        var slash = lsn.IndexOf('/', StringComparison.Ordinal);
        return (ulong.Parse(lsn.AsSpan(0, slash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) << 32)
            | ulong.Parse(lsn.AsSpan(slash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^pg\\.wal/1 ([0-9]{1,9}) ([0-9A-F]{1,8}/[0-9A-F]{1,8})$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex("^\\s*([0-9]{1,9})\\s+([0-9A-F]{1,8}/[0-9A-F]{1,8})", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Switch();
}
