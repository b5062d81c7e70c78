using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// How far a column that only grows is complete. A time is complete up to the beginning of the oldest open transaction of the database: who
/// begins later writes a later time. A number is complete up to the largest one once every transaction has ended that was open when it was
/// seen: who begins later draws a larger one. One caller at a time; runs on the session it is given.
/// </summary>
internal sealed class PgWindows(PgOptions at, TableSchema table, CursorOptions cursor)
{
    /// <summary>A transaction takes its time a moment before others can see that it is open.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(10);

    /// <summary>Transactions that may still write. Pawl's own reading sessions cannot; workers of the server write no rows.</summary>
    private const string Writers = """
        pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
            and backend_type in ('client backend', 'background worker', 'parallel worker', 'logical replication worker')
            and application_name !~ '^pawl/.*/(look|read|snapshot)$'
        """;

    private readonly PgShape shape = PgShape.Required(table);

    private PgColumn Column => shape.Columns.First(c => c.Name == cursor.Column);

    private bool IsTime => Column.BaseName is "timestamptz" or "timestamp" or "date";

    /// <summary>One number stands for one row.</summary>
    private bool IsUnique => shape.Key is [var only] && only.Column == cursor.Column;

    public async ValueTask<CursorBound> BoundAsync(NpgsqlConnection connection, bool wait, CancellationToken ct)
    {
        Check();
        var server = await ServerAsync(connection, ct).ConfigureAwait(false);
        if (server.Blind is { } blind && cursor.Lag is null)
        {
            throw new PawlException(Fault.Configuration, Codes.LagNeeded, ("table", table.Name), ("cause", blind), ("grant", server.Grant));
        }
        return IsTime ? await TimeAsync(connection, server, ct).ConfigureAwait(false)
            : await NumberAsync(connection, server, wait, ct).ConfigureAwait(false);
    }

    /// <summary>A moment before which no open transaction began; null where that cannot be seen.</summary>
    public static async ValueTask<string?> ClockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var server = await ServerAsync(connection, ct).ConfigureAwait(false);
        return server.Blind is not null ? null : (await TextsAsync(connection,
            $"select least((select min(xact_start) from {Writers}), clock_timestamp() - {Interval(Settling)})::text", ct)
            .ConfigureAwait(false))[0];
    }

    /// <summary>The clock's moment as a value of the column; null where the column is no time.</summary>
    public async ValueTask<string?> SinceAsync(NpgsqlConnection connection, string clock, CancellationToken ct)
    {
        Check();
        if (!IsTime) return null;
        var moment = Local($"{PgNames.Literal(clock)}::timestamptz");
        return (await TextsAsync(connection, $"select {moment}::text", ct).ConfigureAwait(false))[0];
    }

    public async ValueTask<string> BeforeAsync(NpgsqlConnection connection, string value, CancellationToken ct)
    {
        Check();
        var literal = $"{PgNames.Literal(value)}::{Type(Column)}";
        var days = (int)Math.Ceiling(cursor.Overlap.TotalDays);
        var before = Column.BaseName == "date" ? $"{literal} - {days.ToString(CultureInfo.InvariantCulture)}"
            : $"{literal} - {Interval(cursor.Overlap)}";
        return (await TextsAsync(connection, $"select ({before})::text", ct).ConfigureAwait(false))[0]!;
    }

    public async ValueTask<int> CompareAsync(NpgsqlConnection connection, string a, string b, CancellationToken ct)
    {
        var (left, right) = ($"{PgNames.Literal(a)}::{Type(Column)}", $"{PgNames.Literal(b)}::{Type(Column)}");
        var order = await TextsAsync(connection,
            $"select case when {left} < {right} then '-1' when {left} > {right} then '1' else '0' end", ct).ConfigureAwait(false);
        return int.Parse(order[0]!, CultureInfo.InvariantCulture);
    }

    /// <summary>What a window asks of a row. The type goes without its modifier, which would round the bound.</summary>
    /// <param name="name">The table's name as the query has it.</param>
    public static IEnumerable<string> Conditions(string name, PgShape shape, CursorWindow window)
    {
        var type = Type(shape.Columns.First(c => c.Name == window.Column));
        var column = $"{name}.{PgNames.Quote(window.Column)}";
        if (window.After is { } after)
        {
            yield return $"{column} OPERATOR(pg_catalog.{(window.AfterIncluded ? ">=" : ">")}) {PgNames.Literal(after)}::{type}";
        }
        yield return window.Through is not { } through ? "false"
            : $"{column} OPERATOR(pg_catalog.{(window.ThroughIncluded ? "<=" : "<")}) {PgNames.Literal(through)}::{type}";
    }

    private static string Type(PgColumn column) => $"pg_catalog.{column.BaseName}";

    private PawlException Unfit(string cause) => new(Fault.Configuration, Codes.CursorUnfit, ("table", table.Name),
        ("column", cursor.Column), ("type", Column.Type), ("cause", cause));

    private void Check()
    {
        if (!IsTime && Column.BaseName is not ("int2" or "int4" or "int8" or "numeric"))
        {
            throw Unfit("a cursor is a whole number, a numeric or a time");
        }
        if (Column.BaseName is "timestamp" or "date" && cursor.Zone is null) throw Unfit("it has no zone: state one with  zone: UTC");
        if (!IsTime && cursor.Overlap > TimeSpan.Zero) throw Unfit("an overlap is a time, and this is a number");
        if (shape.Sequences.FirstOrDefault(s => s.Column == cursor.Column && s.Cache > 1) is { } sequence)
        {
            throw Unfit($"its sequence {sequence.Name} hands out numbers in blocks: a smaller one may come later");
        }
    }

    private async ValueTask<CursorBound> TimeAsync(NpgsqlConnection connection, Server server, CancellationToken ct)
    {
        var lag = cursor.Lag is { } stated ? Interval(stated) : Interval(TimeSpan.Zero);
        // On a standby the clock is the last transaction that arrived.
        var clock = server.IsStandby ? "pg_last_xact_replay_timestamp()" : "clock_timestamp()";
        var oldest = server.SeesAll ? $"(select min(xact_start) from {Writers})" : "null::timestamptz";
        var prepared = "(select min(prepared) from pg_prepared_xacts where database = current_database())";
        var found = await TextsAsync(connection, $"""
            select {Local("b.bound")}::text, (b.bound = b.oldest)::text, b.oldest::text
            from (select o.oldest, case when o.clock is not null
                    then least(o.clock - greatest({lag}, {Interval(Settling)}), o.oldest, {prepared} - {lag}) end as bound
                from (select {oldest} as oldest, {clock} as clock) o) b
            """, ct).ConfigureAwait(false);
        if (found[0] is not { } bound)
        {
            throw new PawlException(Fault.Transient, Codes.TransactionsOpen, ("table", table.Name),
                ("cause", "the standby has replayed nothing"));
        }
        return !server.SeesAll ? new CursorBound(bound, false, false, CursorBasis.StatedLag)
            : found[1] == "true" ? new CursorBound(bound, false, false, CursorBasis.OldestTransaction, found[2])
            : new CursorBound(bound, false, false, cursor.Lag is null ? CursorBasis.Clock : CursorBasis.StatedLag);
    }

    private async ValueTask<CursorBound> NumberAsync(NpgsqlConnection connection, Server server, bool wait, CancellationToken ct)
    {
        if (server.IsStandby) throw Unfit("on a standby a number is not known to be complete: take a time");
        var from = (shape.Kind == "r" ? "only " : "") + PgNames.Quote(table.Name);
        var largest = (await TextsAsync(connection, $"select max({PgNames.Quote(cursor.Column)})::text from {from}", ct)
            .ConfigureAwait(false))[0];
        if (wait && server.Blind is not null) await Task.Delay(cursor.Lag!.Value, ct).ConfigureAwait(false);
        else if (wait) await QuietAsync(connection, ct).ConfigureAwait(false);
        return new CursorBound(largest, IsUnique, !IsUnique, server.Blind is null ? CursorBasis.Largest : CursorBasis.StatedLag);
    }

    /// <summary>Until all transactions have ended that are open now.</summary>
    private async ValueTask QuietAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var now = (await TextsAsync(connection, "select clock_timestamp()::text", ct).ConfigureAwait(false))[0]!;
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), ct).ConfigureAwait(false);
            var open = await TextsAsync(connection, $"""
                select min(xact_start)::text, (array_agg(pid order by xact_start))[1]::text, count(*)::text
                from {Writers} and xact_start <= {PgNames.Literal(now)}::timestamptz
                """, ct).ConfigureAwait(false);
            if (open[2] == "0") return;
            if (Stopwatch.GetElapsedTime(began) < Patience) continue;
            throw new PawlException(Fault.Transient, Codes.TransactionsOpen, ("table", table.Name), ("since", open[0]), ("pid", open[1]),
                ("endpoint", at.Display));
        }
    }

    /// <summary>The moment on the clock that the column's values are read off.</summary>
    private string Local(string moment)
    {
        if (Column.BaseName == "timestamptz") return moment;
        var local = $"({moment} at time zone 'UTC' + {Interval(cursor.Zone!.Value)})";
        return Column.BaseName == "date" ? $"{local}::date" : local;
    }

    private static string Interval(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"interval '{time.Ticks / TimeSpan.TicksPerMicrosecond} microseconds'");

    private static async ValueTask<Server> ServerAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var found = await TextsAsync(connection, """
            select pg_is_in_recovery()::text, pg_has_role(current_user, 'pg_read_all_stats', 'usage')::text, quote_ident(current_user),
                (select count(*) from pg_prepared_xacts where database = current_database())::text
            """, ct).ConfigureAwait(false);
        return new Server(found[0] == "true", found[1] == "true", found[3] != "0", found[2]!);
    }

    private static async ValueTask<string?[]> TextsAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var look = new NpgsqlCommand(sql, connection);
        await using var row = await look.ExecuteReaderAsync(ct).ConfigureAwait(false);
        await row.ReadAsync(ct).ConfigureAwait(false);
        return [.. Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? null : row.GetString(i))];
    }

    /// <param name="SeesTransactions">May see when other users' transactions began.</param>
    /// <param name="HasPrepared">A prepared transaction does not say when it began.</param>
    private sealed record Server(bool IsStandby, bool SeesTransactions, bool HasPrepared, string User)
    {
        public bool SeesAll => !IsStandby && SeesTransactions;

        /// <summary>Why open transactions cannot be measured; null = they can.</summary>
        public string? Blind => IsStandby ? "a standby does not know the transactions of the server it follows"
            : !SeesTransactions ? "the user may not see when transactions of others began"
            : HasPrepared ? "a prepared transaction does not say when it began" : null;

        public string? Grant => IsStandby || SeesTransactions ? null : $"GRANT pg_read_all_stats TO {User}";
    }
}
