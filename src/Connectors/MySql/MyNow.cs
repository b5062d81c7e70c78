using System.Diagnostics;
using System.Globalization;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>
/// A moment of the server's clock in UTC, and how long before it the oldest began of all that may still add rows with a time of their own:
/// transactions that are open, and statements that run.
/// </summary>
/// <param name="Text">The moment as an expression of SQL.</param>
/// <param name="Age">Zero where there are none.</param>
internal sealed record MyClock(string Text, TimeSpan Age);

/// <summary>
/// Tells <see cref="MyClock"/>. A moment is kept for a little: what is true of it stays true, and hundreds of tables that are planned one
/// after another need not wait for a list each. One caller at a time.
/// </summary>
internal sealed class MyNow
{
    private static readonly TimeSpan Kept = TimeSpan.FromMilliseconds(500);
    private (MyConnection Session, long At, MyClock Moment)? last;
    private (MyConnection Session, long At, (string, string?)? Why)? sight;

    /// <summary>Of all sessions of the source.</summary>
    public MyTransactions Transactions { get; } = new();

    /// <inheritdoc cref="MySight.BlindAsync"/>
    public async ValueTask<(string Cause, string? Grant)?> BlindAsync(MyConnection connection, MyAddress at, CancellationToken ct)
    {
        if (sight is { } known && known.Session == connection && Stopwatch.GetElapsedTime(known.At) < Kept) return known.Why;
        var asked = Stopwatch.GetTimestamp();
        var why = await MySight.BlindAsync(connection, at, ct).ConfigureAwait(false);
        sight = (connection, asked, why);
        return why;
    }

    /// <summary>Null = what is open cannot be known now.</summary>
    /// <param name="wait">False = what it says is good for showing alone.</param>
    public async ValueTask<MyClock?> LookAsync(MyConnection connection, bool wait, CancellationToken ct)
    {
        if (last is { } known && known.Session == connection && Stopwatch.GetElapsedTime(known.At) < Kept) return known.Moment;
        var at = Stopwatch.GetTimestamp();
        // In this order nobody slips through: who fixes his time after the first question has a later one, who runs at the second is
        // seen there, and who has ended by then, and not committed, is open at the third.
        var now = Quoted(await TextAsync(connection, "select utc_timestamp(6)", ct).ConfigureAwait(false));
        var running = await MyRunning.LookAsync(connection, ct).ConfigureAwait(false);
        var open = wait ? await Transactions.LookAsync(connection, ct).ConfigureAwait(false)
            : await MyTransactions.GlanceAsync(connection, ct).ConfigureAwait(false);
        if (open is null) return null;
        // Who reads at the third question, and can do nothing else, has committed by then what he had written before.
        var (readers, writers) = (open.Where(o => o.IsReading).Select(o => o.Thread).ToHashSet(),
            open.Where(o => !o.IsReading).Select(o => o.Thread).ToHashSet());
        var began = open.Where(o => !o.IsReading).Select(o => o.Age).DefaultIfEmpty().Max();
        if (writers.Count > 0) began += await ShiftAsync(connection, now, began, ct).ConfigureAwait(false);
        var sent = running.Where(r => !readers.Contains(r.Thread) && (r.MayWrite || writers.Contains(r.Thread))).Select(r => r.Age)
            .DefaultIfEmpty().Max();
        var moment = new MyClock(now, began > sent ? began : sent);
        if (wait) last = (connection, at, moment);
        return moment;
    }

    /// <summary>
    /// Where the server's clock was set back for winter since a transaction began, the difference of two of its times lacks that hour.
    /// </summary>
    private static async ValueTask<TimeSpan> ShiftAsync(MyConnection connection, string now, TimeSpan age, CancellationToken ct)
    {
        var then = Back(now, age + TimeSpan.FromHours(3));
        var shift = await TextAsync(connection, $"select greatest(0, {Offset(then)} - {Offset(now)})", ct).ConfigureAwait(false);
        return TimeSpan.FromMicroseconds(long.Parse(shift!, CultureInfo.InvariantCulture));
    }

    /// <summary>How far the server's zone is from UTC at a moment of UTC, microseconds.</summary>
    private static string Offset(string utc) => $"timestampdiff(microsecond, {utc}, convert_tz({utc}, '+00:00', 'SYSTEM'))";

    /// <summary>A moment before another, in SQL.</summary>
    public static string Back(string moment, TimeSpan by) =>
        string.Create(CultureInfo.InvariantCulture, $"({moment} - interval {by.Ticks / TimeSpan.TicksPerMicrosecond} microsecond)");

    public static string Quoted(string? moment) => $"cast('{moment}' as datetime(6))";

    private static async ValueTask<string?> TextAsync(MyConnection connection, string sql, CancellationToken ct) =>
        (await connection.RowsAsync(sql, ct).ConfigureAwait(false))[0][0];
}
