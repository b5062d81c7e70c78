using System.Diagnostics;
using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// How far a column that only grows is complete. A time is complete up to the beginning of the oldest open transaction or statement of the
/// server: who begins later writes a later time. A number is complete up to the largest one once every transaction has ended that was open
/// when it was seen: who begins later draws a larger one. One caller at a time; runs on the session it is given.
/// </summary>
/// <param name="clock">Of the session.</param>
internal sealed class MyWindows(MyAddress at, TableSchema table, CursorOptions cursor, MyNow clock)
{
    /// <summary>
    /// A statement takes its time, and a row its number, a moment before others can see that it is at work. A number is taken when the row
    /// is written, after all locks of server and table that the statement had to wait for: between that and its transaction lies no wait.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2), Drawing = TimeSpan.FromMilliseconds(200),
        Patience = TimeSpan.FromSeconds(10);

    private const string Unknown = "others ask for the list of transactions so often that it is not made anew";

    private readonly MyShape shape = MyShape.Required(table);

    private MyTableColumn Column => shape.Column(cursor.Column);

    private bool IsTime => Column.Base is "timestamp" or "datetime" or "date";

    /// <summary>One number stands for one row.</summary>
    private bool IsUnique => shape.Key is [var only] && only.Column == cursor.Column;

    public async ValueTask<CursorBound> BoundAsync(MyConnection connection, bool wait, CancellationToken ct)
    {
        Check();
        var blind = await BlindAsync(connection, ct).ConfigureAwait(false);
        if (blind is not null && cursor.Lag is null)
        {
            throw new PawlException(Fault.Configuration, Codes.LagNeeded, ("table", table.Name), ("cause", blind.Value.Cause),
                ("grant", blind.Value.Grant));
        }
        return IsTime ? await TimeAsync(connection, blind is null, wait, ct).ConfigureAwait(false)
            : await NumberAsync(connection, blind is null, wait, ct).ConfigureAwait(false);
    }

    /// <summary>A moment before which no open transaction began, in UTC; null where that cannot be seen.</summary>
    public static async ValueTask<string?> ClockAsync(MyConnection connection, MyAddress at, MyNow clock, CancellationToken ct)
    {
        if (await clock.BlindAsync(connection, at, ct).ConfigureAwait(false) is not null
            || await clock.LookAsync(connection, wait: true, ct).ConfigureAwait(false) is not { } now) return null;
        return await TextAsync(connection, $"select cast({MyNow.Back(now.Text, Larger(now.Age, Settling))} as char)", ct)
            .ConfigureAwait(false);
    }

    /// <summary>The clock's moment as a value of the column; null where the column is no time.</summary>
    public async ValueTask<string?> SinceAsync(MyConnection connection, string clock, CancellationToken ct)
    {
        Check();
        return IsTime ? await TextAsync(connection, $"select {Local($"cast({Literal(clock)} as datetime(6))")}", ct).ConfigureAwait(false)
            : null;
    }

    public async ValueTask<string> BeforeAsync(MyConnection connection, string value, CancellationToken ct)
    {
        Check();
        var literal = Column.Base == "date" ? $"cast({Literal(value)} as date)" : $"cast({Literal(value)} as datetime(6))";
        var before = Column.Base == "date"
            ? string.Create(CultureInfo.InvariantCulture, $"{literal} - interval {(int)Math.Ceiling(cursor.Overlap.TotalDays)} day")
            : Back(literal, cursor.Overlap);
        return (await TextAsync(connection, $"select cast({before} as char)", ct).ConfigureAwait(false))!;
    }

    public async ValueTask<int> CompareAsync(MyConnection connection, string a, string b, CancellationToken ct)
    {
        var part = Part(shape, cursor.Column);
        var (left, right) = (MyKeyCodec.Alone(part, Checked(part, a)), MyKeyCodec.Alone(part, Checked(part, b)));
        var order = await TextAsync(connection, $"select case when {left} < {right} then -1 when {left} > {right} then 1 else 0 end", ct)
            .ConfigureAwait(false);
        return int.Parse(order!, CultureInfo.InvariantCulture);
    }

    /// <summary>What a window asks of a row.</summary>
    /// <param name="name">The table's name as the query has it.</param>
    public static IEnumerable<string> Conditions(string name, MyShape shape, CursorWindow window)
    {
        var part = Part(shape, window.Column);
        var column = $"{name}.{MyNames.Quote(window.Column)}";
        if (window.After is { } after)
        {
            yield return $"{column} {(window.AfterIncluded ? ">=" : ">")} {MyKeyCodec.Literal(part, Checked(part, after))}";
        }
        yield return window.Through is not { } through ? "1 = 0"
            : $"{column} {(window.ThroughIncluded ? "<=" : "<")} {MyKeyCodec.Literal(part, Checked(part, through))}";
    }

    private static MyKeyPart Part(MyShape shape, string column) =>
        MyTypes.Key(shape.Column(column), false) ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("column", column));

    /// <summary>A bound comes back from the target, where others could have written: it goes into SQL as nothing but a constant.</summary>
    private static string Checked(MyKeyPart part, string value) => MyKeyCodec.Read(MyKeyCodec.Write([value]), [part])[0];

    private string Literal(string value) => MyKeyCodec.Literal(Part(shape, cursor.Column), Checked(Part(shape, cursor.Column), value));

    private PawlException Unfit(string cause) => new(Fault.Configuration, Codes.CursorUnfit, ("table", table.Name),
        ("column", cursor.Column), ("type", Column.Type), ("cause", cause));

    private void Check()
    {
        if (!IsTime && Column.Base is not ("tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "decimal"))
        {
            throw Unfit("a cursor is a whole number, a decimal or a time");
        }
        if (Column.Base is "datetime" or "date" && cursor.Zone is null) throw Unfit("it has no zone: state one with  zone: UTC");
        if (!IsTime && cursor.Overlap > TimeSpan.Zero) throw Unfit("an overlap is a time, and this is a number");
    }

    private async ValueTask<CursorBound> TimeAsync(MyConnection connection, bool seesAll, bool wait, CancellationToken ct)
    {
        var lag = cursor.Lag ?? TimeSpan.Zero;
        var now = !seesAll
            ? new MyClock(MyNow.Quoted(await TextAsync(connection, "select utc_timestamp(6)", ct).ConfigureAwait(false)), TimeSpan.Zero)
            : await clock.LookAsync(connection, wait, ct).ConfigureAwait(false) ?? throw Open(null, null, Unknown);
        var usual = Larger(lag, Settling);
        var bound = await TextAsync(connection, $"select {Local(Back(now.Text, Larger(now.Age, usual)))}", ct).ConfigureAwait(false);
        return !seesAll ? new CursorBound(bound, false, false, CursorBasis.StatedLag)
            : now.Age > usual ? new CursorBound(bound, false, false, CursorBasis.OldestTransaction,
                await TextAsync(connection, $"select cast({Back(now.Text, now.Age)} as char)", ct).ConfigureAwait(false))
            : new CursorBound(bound, false, false, cursor.Lag is null ? CursorBasis.Clock : CursorBasis.StatedLag);
    }

    private async ValueTask<CursorBound> NumberAsync(MyConnection connection, bool seesAll, bool wait, CancellationToken ct)
    {
        var largest = await TextAsync(connection, $"select max({MyNames.Quote(cursor.Column)}) from {MyNames.Quote(table.Name)}", ct)
            .ConfigureAwait(false);
        if (wait && !seesAll) await Task.Delay(cursor.Lag!.Value, ct).ConfigureAwait(false);
        else if (wait) await QuietAsync(connection, ct).ConfigureAwait(false);
        return new CursorBound(largest, IsUnique, !IsUnique, seesAll ? CursorBasis.Largest : CursorBasis.StatedLag)
        {
            Next = await new MyCounter(table.Name, shape, at).NextAsync(connection, cursor.Column, ct).ConfigureAwait(false),
        };
    }

    /// <summary>Until all transactions have ended that are open now.</summary>
    private async ValueTask QuietAsync(MyConnection connection, CancellationToken ct)
    {
        IReadOnlyList<MyOpen>? open = null;
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            await Task.Delay(Drawing, ct).ConfigureAwait(false);
            if (await clock.Transactions.LookAsync(connection, ct).ConfigureAwait(false) is { } now)
            {
                open = [.. open is null ? now.Where(o => !o.IsReading) : open.Where(o => now.Any(o.IsStill))];
                if (open.Count == 0) return;
            }
            if (Stopwatch.GetElapsedTime(began) < Patience) continue;
            var oldest = open?.MaxBy(o => o.Age);
            throw Open(oldest?.Since, oldest?.Thread, oldest is null ? Unknown : null);
        }
    }

    private PawlException Open(string? since, string? thread, string? cause) => new(Fault.Transient, Codes.TransactionsOpen,
        ("table", table.Name), ("since", since), ("pid", thread), ("cause", cause), ("endpoint", at.Display));

    private async ValueTask<(string Cause, string? Grant)?> BlindAsync(MyConnection connection, CancellationToken ct) =>
        shape.IsView ? ("a view does not tell of which engines the tables behind it are", null)
            : !shape.Engine.Equals("InnoDB", StringComparison.OrdinalIgnoreCase) ? ("its engine does not say when a write began", null)
            : await clock.BlindAsync(connection, at, ct).ConfigureAwait(false);

    /// <summary>The moment on the clock that the column's values are read off, as text.</summary>
    private string Local(string utc)
    {
        var local = Column.Base == "timestamp" ? utc : Back(utc, -cursor.Zone!.Value);
        return Column.Base == "date" ? $"cast(cast({local} as date) as char)" : $"cast({local} as char)";
    }

    private static TimeSpan Larger(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static string Back(string moment, TimeSpan by) => MyNow.Back(moment, by);

    private static async ValueTask<string?> TextAsync(MyConnection connection, string sql, CancellationToken ct) =>
        (await connection.RowsAsync(sql, ct).ConfigureAwait(false))[0][0];
}
